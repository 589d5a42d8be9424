package policystore

import (
	"fmt"
	"strings"
	"testing"
)

// TestExpensivePolicies checks that a policy with which one decision could take too long is
// a fault in every file, at the position of its statement, and that a policy within AWS's
// quota for its kind is not.
func TestExpensivePolicies(t *testing.T) {
	good := whole(t, newSigner(t))
	const pattern = `"*?a?b",`
	document := func(statement string, patterns int) string {
		return `{"Version": "2012-10-17", "Statement": [` + "\n" +
			`  {"Sid": "First", "Effect": "Deny", ` + statement + `},` + "\n" +
			`  {"Sid": "Second", "Effect": "Deny", ` + statement + `, "Condition": {"StringLike": {"aws:UserAgent": [` +
			strings.TrimSuffix(strings.Repeat(pattern, patterns), ",") + `]}}}]}`
	}
	for _, c := range []struct {
		path, statement string
		quota           int // characters
	}{
		{"managed/pull.json", `"Action": "ecr:*", "Resource": "*"`, 6144},
		{"accounts/123456789012/eu-central-1/registry-policy.json", `"Principal": "*", "Action": "ecr:*", "Resource": "*"`, 10240},
		{"accounts/123456789012/eu-central-1/repositories/team/app/_policy.json", `"Principal": "*", "Action": "ecr:*"`, 10240},
		{"organization/scp/1-root/expensive.json", `"Action": "ecr:*", "Resource": "*"`, 5120},
		{"organization/rcp/1-root/expensive.json", `"Principal": "*", "Action": "ecr:*", "Resource": "*"`, 5120},
	} {
		t.Run(c.path, func(t *testing.T) {
			contents := map[string]string{}
			for path, content := range good {
				contents[path] = content
			}
			if strings.HasPrefix(c.path, "organization") {
				contents["organization.yaml"] = "id: o-a1b2c3d4e5\naccounts:\n  \"123456789012\": o-a1b2c3d4e5/r-ab12/\n"
			}
			contents[c.path] = document(c.statement, (c.quota-400)/len(pattern))
			if _, err := load(t, contents); err != nil {
				t.Errorf("within the quota: %v", err)
			}
			refuses(t, contents, map[string]string{c.path: document(c.statement, 50_000)}, c.path+":3:3: this statement can take …steps in one decision…divide the policy")
		})
	}
}

// TestPoliciesOfRealAccounts checks that statements of real accounts load, as a managed
// policy and in an account's output. The sources are pages of AWS.
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

// TestExtensionKeysThatDoNotExist checks that an unknown key is a fault whose remedy has the
// nearest name.
func TestExtensionKeysThatDoNotExist(t *testing.T) {
	for key, nearest := range map[string]string{"oci:Tag": "oci:Reference", "oci:Refrence": "oci:Reference", "oci:referencetypes": "oci:ReferenceType"} {
		policy := strings.Replace(noPull, `"Resource":"*"`, fmt.Sprintf(`"Resource":"*","Condition":{"StringEquals":{%q:"latest"}}`, key), 1)
		want := fmt.Sprintf(`condition key %q does not exist, so that a Deny with it would never apply; did you mean %q?`, key, nearest)
		refuses(t, small(), map[string]string{"managed/guard.json": policy}, "managed/guard.json:1:127: "+want)
	}
}
