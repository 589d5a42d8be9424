package policystore

import (
	"fmt"
	"strings"
	"testing"
)

// TestPoliciesOfRealAccounts loads statements as accounts have them, as a managed
// policy and inside an account's authorization. The sources are pages of AWS.
func TestPoliciesOfRealAccounts(t *testing.T) {
	for _, test := range []struct{ source, elements string }{
		{"AWS KMS Developer Guide, kms:EncryptionContext:context-key", `"Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{"kms:EncryptionContext:AppName":"ExampleApp","kms:EncryptionContext:aws:s3:arn":"arn:aws:s3:::a"}}`},
		{"AWS KMS Developer Guide, Condition keys for AWS Nitro Enclaves", `"Action":"kms:Decrypt","Resource":"*","Condition":{"StringEqualsIgnoreCase":{"kms:RecipientAttestation:PCR0":"0f"}}`},
		{"Service Authorization Reference, Amazon SageMaker", `"Action":"sagemaker:UpdateModelPackage","Resource":"*","Condition":{"StringEquals":{"sagemaker:ModelLifeCycle:Stage":"Development"}}`},
		{"moto's collection of AWS's answers: a key without a prefix", `"Action":"s3:ListBucket","Resource":"*","Condition":{"StringEqualsIfExists":{"a":"asf"}}`},
		{"moto's collection of AWS's answers: a time without a zone", `"Action":"s3:ListBucket","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2017-07-01T00:00:00"}}`},
		{"IAM User Guide, Condition operators, Boolean condition operators", `"Action":"s3:ListBucket","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"${aws:PrincipalTag/tls}"}}`},
		{"PMapper's tests against the policy simulator", `"Action":"s3:ListBucket","Resource":"*","Condition":{"ForAllValues:Null":{"aws:TagKeys":"false"},"ForAnyValue:Null":{"aws:TagKeys":"false"}}`},
		{"IAM User Guide, Amazon S3: Allows IAM users access to their home directory", `"Action":"s3:*","Resource":["arn:aws:s3:::home/${aws:userid}","arn:aws:s3:::home/${aws:userid}/*"]`},
	} {
		statement := `{"Effect":"Allow",` + test.elements + `}`
		contents := small()
		contents["managed/other.json"] = `{"Version":"2012-10-17","Statement":[` + statement + `]}`
		if _, err := load(t, contents); err != nil {
			t.Errorf("managed policy: %v (%s)", err, test.source)
		}
		contents = exported(t)
		const first = `"Statement": [`
		if strings.Count(contents[authorizationPlace], first) < 5 {
			t.Fatal("the output has other statements")
		}
		contents[authorizationPlace] = strings.Replace(contents[authorizationPlace], first, first+statement+",", 1)
		if _, err := load(t, contents); err != nil {
			t.Errorf("inside an authorization: %v (%s)", err, test.source)
		}
	}
}

// TestExtensionKeysThatDoNotExist refuses them with the place and the nearest name.
func TestExtensionKeysThatDoNotExist(t *testing.T) {
	for key, nearest := range map[string]string{"oci:Tag": "oci:Reference", "oci:Refrence": "oci:Reference", "oci:referencetypes": "oci:ReferenceType"} {
		policy := strings.Replace(noPull, `"Resource":"*"`, fmt.Sprintf(`"Resource":"*","Condition":{"StringEquals":{%q:"latest"}}`, key), 1)
		want := fmt.Sprintf(`condition key %q does not exist, so that a Deny with it would never apply; did you mean %q?`, key, nearest)
		refuses(t, small(), map[string]string{"managed/guard.json": policy}, "managed/guard.json:1:127: "+want)
	}
}
