package iam

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestConditionKeysOfAWS compiles a key of each form that AWS publishes or uses, in
// every kind of policy, and finds its value in a request.
func TestConditionKeysOfAWS(t *testing.T) {
	for _, test := range []struct{ source, key string }{
		{"AWS KMS Developer Guide, AWS KMS condition keys", "kms:EncryptionContext:AppName"},
		{"AWS KMS Developer Guide, AWS KMS condition keys", "kms:EncryptionContext:Cost Center*"},
		{"AWS KMS Developer Guide, AWS KMS condition keys", "kms:RecipientAttestation:PCR0"},
		{"Amazon S3 User Guide, Using AWS KMS keys (the encryption context is the object's ARN)", "kms:EncryptionContext:aws:s3:arn"},
		{"Service Authorization Reference, AWS KMS", "kms:EncryptionContext:${EncryptionContextKey}"},
		{"Service Authorization Reference, Amazon SageMaker", "sagemaker:ModelLifeCycle:Stage"},
		{"Service Authorization Reference, AWS Systems Manager", "ssm:resourceTag/aws:ssmmessages:session-id"},
		{"Service Authorization Reference, Amazon S3", "s3:ExistingObjectTag/<key>"},
		{"Service Authorization Reference, Alexa for Business", "a4b:filters_deviceType"},
		{"Service Authorization Reference, AWS CodeBuild", "codebuild:environment.environmentVariables/${name}.value"},
		{"Service Authorization Reference, AWS STS", "agent.${Domain}.buildkite.dev:build_branch"},
		{"Service Authorization Reference, AWS STS", "github.com/enterprises/${EnterpriseName}:actor"},
		{"Service Authorization Reference, AWS STS", "idcs-${OciUniqueIdentifier}.identity.oraclecloud.com:rpst_id"},
		{"Service Authorization Reference, AWS STS", "oidc.circleci.com/org/${OrgId}:oidc.circleci.com/project-id"},
		{"Service Authorization Reference, AWS STS", "token.actions.githubusercontent.com/${SubPath}:ref"},
		{"IAM User Guide, Tags for IAM resources", "aws:ResourceTag/cost center: a*"},
		{"moto's collection of AWS's answers", "a"},
	} {
		for kind := IdentityPolicy; kind <= TrustPolicy; kind++ {
			elements := `"Effect":"Deny","Action":"sts:*"`
			if kind.HasPrincipal() {
				elements += `,"Principal":"*"`
			}
			if kind != TrustPolicy {
				elements += `,"Resource":"*"`
			}
			p, err := Compile(kind, "a.json", []byte(identityStatement(elements+fmt.Sprintf(`,"Condition":{"StringEquals":{%q:"x"}}`, test.key))))
			if err != nil {
				t.Errorf("%v (%s)", err, test.source)
				continue
			}
			if !slices.Equal(p.ConditionKeys(), []string{strings.ToLower(test.key)}) {
				t.Errorf("%s: keys %q", test.key, p.ConditionKeys())
			}
			if !p.Statements[0].conditionsHold(Context{{Key: test.key, Value: "x"}}, unmetered()) || p.Statements[0].conditionsHold(nil, unmetered()) {
				t.Errorf("%s is not compared with the request", test.key)
			}
		}
	}
}

// TestKnownKeys checks that the lists contain the project's own keys and agree.
func TestKnownKeys(t *testing.T) {
	keys := slices.Collect(RegistryKeys())
	if len(keys) < 45 || !slices.IsSortedFunc(keys, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) }) {
		t.Errorf("%d keys, want at least 45, sorted: %v", len(keys), keys)
	}
	multivalued := 0
	for _, key := range keys {
		known, multi := DescribeKey(strings.ToLower(key))
		if !known {
			t.Errorf("%s is not known", key)
		}
		if multi {
			multivalued++
		}
	}
	if multivalued != 7 {
		t.Errorf("%d multivalued keys, want 7", multivalued)
	}
	for _, key := range []string{KeyReference, KeyReferenceType, "OCI:REFERENCE"} {
		if err := checkExtension(key); err != nil {
			t.Error(err)
		}
	}
}
