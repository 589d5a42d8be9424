package iam

import (
	"fmt"
	"testing"
)

func TestActions(t *testing.T) {
	for _, test := range []struct {
		element, action string
		want            bool
	}{
		{`"Action":"ecr:BatchGetImage"`, "ecr:BatchGetImage", true},
		{`"Action":"ECR:batchgetimage"`, "ecr:BatchGetImage", true},
		{`"Action":"ecr:BatchGetImage"`, "ECR:BATCHGETIMAGE", true},
		{`"Action":"ecr:Batch*"`, "ecr:BatchGetImage", true},
		{`"Action":"ecr:*Image"`, "ecr:BatchGetImage", true},
		{`"Action":"ecr:?atchGetImag?"`, "ecr:BatchGetImage", true},
		{`"Action":"ecr:Batch?"`, "ecr:BatchGetImage", false},
		{`"Action":"ecr:Batch"`, "ecr:BatchGetImage", false},
		{`"Action":"ecr-public:*"`, "ecr:BatchGetImage", false},
		{`"Action":"*"`, "ecr:BatchGetImage", true},
		{`"Action":["s3:*","ecr:Get*","ecr:BatchGetImage"]`, "ecr:BatchGetImage", true},
		{`"Action":"ecr:BatchGetImage "`, "ecr:BatchGetImage", false},
		{`"NotAction":"s3:*"`, "ecr:BatchGetImage", true},
		{`"NotAction":["s3:*","ecr:Batch*"]`, "ecr:BatchGetImage", false},
		{`"NotAction":"*"`, "ecr:BatchGetImage", false},
		{`"Action":"*"`, "ecr", false},
		{`"Action":"*"`, "ecr:", false},
		{`"Action":"*"`, ":Get", false},
		{`"Action":"*"`, "", false},
		{`"Action":"*"`, "*", false},
		{`"Action":"*"`, "ecr:*", false},
		{`"Action":"*"`, "ecr:Batch:Get", false},
		{`"Action":"*"`, "ecr:Batch Get", false},
		{`"Action":"*"`, "ecr:B\u00e4tch", false},
		{`"NotAction":"s3:*"`, "", false},
	} {
		p := Policies{Identity: []*Policy{mustCompile(t, IdentityPolicy, identityStatement(`"Effect":"Allow","Resource":"*",`+test.element))}}
		r := Request{caller(User), test.action, repoARN, nil}
		if got := p.Evaluate(&r) == Allowed; got != test.want {
			t.Errorf("%s allows %q: %v", test.element, test.action, got)
		}
	}
}

func TestResources(t *testing.T) {
	const team = "arn:aws:ecr:eu-central-1:123456789012:repository/team/app"
	context := Context{{Key: "aws:username", Value: "team"}, {Key: "aws:PrincipalTag/star", Value: "*"}, {Key: "aws:TagKeys", Values: []string{"team"}, Multi: true}}
	for _, test := range []struct {
		name, element, resource string
		allow, deny             bool // whether the statement applies, by effect
	}{
		{"everything", `"Resource":"*"`, team, true, true},
		{"everything, without a resource", `"Resource":"*"`, "*", true, true},
		{"any ARN, without a resource", `"Resource":"arn:aws:ecr:*:*:*"`, "*", false, false},
		{"any ARN, short, without a resource", `"Resource":"arn:aws:ecr:*"`, "*", false, false},
		{"repositories", `"Resource":"arn:aws:ecr:*:*:repository/team/*"`, team, true, true},
		{"one of several", `"Resource":["arn:aws:s3:::x","arn:aws:ecr:*:*:repository/*/app"]`, team, true, true},
		{"case counts", `"Resource":"arn:aws:ecr:*:*:repository/Team/*"`, team, false, false},
		{"short ARN is filled up", `"Resource":"arn:aws:ecr:*"`, team, true, true},
		{"short ARN with a region", `"Resource":"arn:aws:ecr:us-*"`, team, false, false},
		{"any resource of an account", `"Resource":"arn:aws:ecr:eu-central-1:123456789012:*"`, team, true, true},
		{"partition by wildcard", `"Resource":"arn:*:ecr:*:*:*"`, team, true, true},
		{"service by wildcard", `"Resource":"arn:aws:ec?:*:*:repository/*"`, team, false, true},
		{"any service", `"Resource":"arn:aws:*:*:*:*"`, team, false, true},
		{"type by wildcard", `"Resource":"arn:aws:ecr:*:*:repo*/app"`, team, true, true},
		{"type without its slash", `"Resource":"arn:aws:ecr:*:*:repository*"`, team, true, true},
		{"question mark for the type", `"Resource":"arn:aws:ecr:*:*:?*"`, team, true, true},
		{"variable as the type", `"Resource":"arn:aws:ecr:*:*:${aws:userid, 'repository'}/team/app"`, team, true, true},
		{"variable", `"Resource":"arn:aws:ecr:*:*:repository/${aws:username}/*"`, team, true, true},
		{"variable before the fifth colon", `"Resource":"arn:aws:ecr:*:${aws:userid, '123456789012'}:repository/*"`, team, false, false},
		{"variable's star is literal", `"Resource":"arn:aws:ecr:*:*:repository/${aws:PrincipalTag/star}"`, team, false, false},
		{"missing variable", `"Resource":"arn:aws:ecr:*:*:repository/${aws:userid}*"`, team, false, false},
		{"multivalued variable", `"Resource":"arn:aws:ecr:*:*:repository/${aws:TagKeys}/*"`, team, false, false},
		{"missing variable with a default", `"Resource":"arn:aws:ecr:*:*:repository/${aws:userid, 'team'}/*"`, team, true, true},
		{"missing variable next to a match", `"Resource":["arn:aws:ecr:*:*:repository/${aws:userid}","arn:aws:ecr:*:*:repository/*"]`, team, true, true},
		{"all but", `"NotResource":"arn:aws:ecr:*:*:repository/other/*"`, team, true, true},
		{"all but this", `"NotResource":"arn:aws:ecr:*:*:repository/team/*"`, team, false, false},
		{"all but everything", `"NotResource":"*"`, team, false, false},
		{"all but repositories, without a resource", `"NotResource":"arn:aws:ecr:*:*:repository/*"`, "*", true, true},
		{"all but a missing variable", `"NotResource":"arn:aws:ecr:*:*:repository/${aws:userid}"`, team, false, true},
		{"all but a type by wildcard", `"NotResource":"arn:aws:ecr:*:*:repo*/app"`, team, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			for effect, want := range map[Effect]bool{Allow: test.allow, Deny: test.deny} {
				p := mustCompile(t, IdentityPolicy, identityStatement(fmt.Sprintf(`"Effect":%q,"Action":"*",`, effect)+test.element))
				q, ok := new(Policies).newQuery(&Request{caller(User), pull, test.resource, context})
				if got := p.Statements[0].applies(&q); !ok || got != want {
					t.Errorf("%v applies: %v, want %v", effect, got, want)
				}
			}
		})
	}
}

// Only identity policies allow an action without a resource type, and only by
// "*", for every resource of a request (Amazon ECR User Guide, "Private
// registry authentication"; Service Authorization Reference for Amazon ECR).
// Any policy may deny it.
func TestRequestsWithoutResource(t *testing.T) {
	const token = "ecr:GetAuthorizationToken"
	r := Request{caller(User), token, "*", nil}
	checkDecision(t, &Policies{Identity: allow(t, IdentityPolicy)}, &r, Allowed, NoClass)
	checkDecision(t, &Policies{Resource: granting(t, `"*"`)}, &r, ImplicitDeny, IdentityClass)
	checkDecision(t, &Policies{Resource: allow(t, RepositoryPolicy)}, &r, ImplicitDeny, IdentityClass)
	checkDecision(t, &Policies{Resource: allow(t, RegistryPolicy)}, &r, ImplicitDeny, IdentityClass)
	checkDecision(t, &Policies{Identity: allow(t, IdentityPolicy), Resource: deny(t, RepositoryPolicy)}, &r, ExplicitDeny, ResourceClass)
	checkDecision(t, &Policies{Identity: allow(t, IdentityPolicy), Resource: deny(t, RegistryPolicy)}, &r, ExplicitDeny, ResourceClass)

	repositories := []*Policy{mustCompile(t, IdentityPolicy, identityStatement(`"Effect":"Allow","Action":"ecr:*","Resource":"arn:aws:ecr:*:*:repository/*"`))}
	for _, action := range []string{token, "ECR:getauthorizationtoken", "ecr:PutRegistryPolicy"} {
		onARN := Request{caller(User), action, repoARN, nil}
		checkDecision(t, &Policies{Identity: allow(t, IdentityPolicy)}, &onARN, Allowed, NoClass)
		checkDecision(t, &Policies{Identity: repositories}, &onARN, ImplicitDeny, IdentityClass)
		checkDecision(t, &Policies{Resource: granting(t, `"*"`)}, &onARN, ImplicitDeny, IdentityClass)
		checkDecision(t, &Policies{Identity: allow(t, IdentityPolicy), Resource: deny(t, RepositoryPolicy)}, &onARN, ExplicitDeny, ResourceClass)
	}
	// An action of repositories without a particular resource.
	checkDecision(t, &Policies{Resource: granting(t, `"*"`)}, &Request{caller(User), pull, "*", nil}, Allowed, NoClass)
}
