package iam

import (
	"fmt"
	"testing"
)

func TestUsesKey(t *testing.T) {
	const bucket = `"arn:aws:s3:::home/${aws:userid}/*"`
	for _, test := range []struct {
		name, elements string
		want           bool
	}{
		{"another service", `"Action":"s3:*","Resource":` + bucket, false},
		{"another service, condition", `"Action":["s3:Get*","iam:*"],"Resource":"*","Condition":{"StringLike":{"aws:userid":"AIDA*"}}`, false},
		{"every action on another service's resources", `"Action":"*","Resource":[` + bucket + `,"arn:aws:s3"]`, false},
		{"every action on users", `"Action":"*","Resource":"arn:aws:iam::*:user/${aws:userid}"`, false},
		{"every action", `"Action":"*","Resource":"*","Condition":{"StringLike":{"AWS:UserID":"AIDA*"}}`, true},
		{"an action of ECR", `"Action":"ECR:batchget*","Resource":"*","Condition":{"StringLike":{"aws:userid":"AIDA*"}}`, true},
		{"an action of ECR on repositories", `"Action":"ecr:*","Resource":"arn:aws:ecr:*:*:repository/${aws:userid}/*"`, true},
		{"an action of ECR on another service's resources", `"Action":"ecr:*","Resource":` + bucket, false},
		{"an action that ECR does not have", `"Action":"ecr:Pull*","Resource":"*","Condition":{"StringLike":{"aws:userid":"AIDA*"}}`, false},
		{"wildcard in the service", `"Action":"*","Resource":"arn:aws:*:*:*:${aws:userid}"`, true},
		{"question mark in the service", `"Action":"*","Resource":"arn:aws:ec?:*:*:${aws:userid}"`, true},
		{"wildcard in the resource type", `"Action":"ecr:*","Resource":"arn:aws:ecr:*:*:repo*/${aws:userid}"`, true},
		{"short ARN of ECR", `"Action":"ecr:*","Resource":"arn:aws:ecr:*","Condition":{"StringLike":{"aws:userid":"AIDA*"}}`, true},
		{"role", `"Action":"sts:AssumeRole","Resource":"arn:aws:iam::*:role/${aws:userid}"`, true},
		{"tags of a session", `"Action":"sts:TagSession","Resource":"*","Condition":{"StringLike":{"aws:userid":"AIDA*"}}`, true},
		{"another action of STS", `"Action":"sts:GetCallerIdentity","Resource":"*","Condition":{"StringLike":{"aws:userid":"AIDA*"}}`, false},
		{"all actions but another service's", `"NotAction":"s3:*","Resource":"*","Condition":{"StringLike":{"aws:userid":"AIDA*"}}`, true},
		{"all actions but ECR's and STS's", `"NotAction":["ecr:*","sts:*"],"Resource":"*","Condition":{"StringLike":{"aws:userid":"AIDA*"}}`, false},
		{"all resources but another service's", `"Action":"ecr:*","NotResource":` + bucket, true},
		{"in another statement", `"Action":"s3:*","Resource":` + bucket + `},{"Effect":"Allow","Action":"ecr:*","Resource":"*"`, false},
		{"not at all", `"Action":"ecr:*","Resource":"*","Condition":{"StringLike":{"aws:username":"a"}}`, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, effect := range []Effect{Allow, Deny} {
				p := mustCompile(t, IdentityPolicy, identityStatement(fmt.Sprintf(`"Effect":%q,`, effect)+test.elements))
				if got := p.UsesKey("aws:userid"); got != test.want {
					t.Errorf("%v: %v, want %v", effect, got, test.want)
				}
			}
		})
	}
	trust := mustCompile(t, TrustPolicy, `{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringLike":{"aws:userid":"AIDA*"}}}}`)
	repository := mustCompile(t, RepositoryPolicy, repositoryStatement(`"Effect":"Deny","Condition":{"StringLike":{"aws:userid":"AIDA*"}}`))
	if !trust.UsesKey("aws:userid") || !repository.UsesKey("aws:userid") {
		t.Error("trust and repository policies are always about the registry")
	}
}
