package iam_test

import (
	"errors"
	"fmt"

	"extauthz/diag"
	"extauthz/iam"
)

// A policy is compiled once and evaluated for each request.
func Example() {
	pull, err := iam.Compile(iam.IdentityPolicy, "pull.json", []byte(`{
		"Version": "2012-10-17",
		"Statement": {
			"Effect": "Allow",
			"Action": "ecr:BatchGetImage",
			"Resource": "arn:aws:ecr:eu-central-1:123456789012:repository/${aws:PrincipalTag/team}/*"
		}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	alice, err := iam.ParsePrincipal("arn:aws:iam::123456789012:user/alice")
	if err != nil {
		fmt.Println(err)
		return
	}
	policies := iam.Policies{Identity: []*iam.Policy{pull}}
	for _, repository := range []string{"search/api", "billing/api"} {
		fmt.Println(repository, policies.Evaluate(&iam.Request{
			Principal: &alice,
			Action:    "ecr:BatchGetImage",
			Resource:  "arn:aws:ecr:eu-central-1:123456789012:repository/" + repository,
			Context:   iam.Context{{Key: "aws:PrincipalTag/team", Value: "search"}},
		}))
	}
	// Output:
	// search/api allowed
	// billing/api implicitDeny
}

// An error contains the position of a fault and its remedy.
func ExampleCompile() {
	_, err := iam.Compile(iam.IdentityPolicy, "push.json", []byte(`{
  "Version": "2012-10-17",
  "Statement": {"Effect": "Permit", "Action": "ecr:PutImage", "Resource": "*"}
}`))
	fmt.Println(err)
	var fault diag.Diagnostic
	fmt.Println(errors.As(err, &fault) && fault.Line == 3)
	// Output:
	// push.json:3:27: Effect must be exactly "Allow" or "Deny", not "Permit"
	// true
}

// Explain names the statements behind a decision.
func ExamplePolicies_Explain() {
	push, err := iam.Compile(iam.IdentityPolicy, "push.json", []byte(`{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "Push", "Effect": "Allow", "Action": "ecr:*", "Resource": "*"},
    {"Sid": "FromTheOffice", "Effect": "Deny", "Action": "ecr:PutImage", "Resource": "*",
     "Condition": {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}
  ]
}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	bob, err := iam.ParsePrincipal("arn:aws:iam::123456789012:user/bob")
	if err != nil {
		fmt.Println(err)
		return
	}
	policies := iam.Policies{Identity: []*iam.Policy{push}}
	explanation := policies.Explain(&iam.Request{
		Principal: &bob,
		Action:    "ecr:PutImage",
		Resource:  "arn:aws:ecr:eu-central-1:123456789012:repository/team/app",
		Context:   iam.Context{{Key: "aws:SourceIp", Value: "192.0.2.7"}},
	})
	fmt.Println(explanation.Decision, "by the", explanation.BlockedBy)
	for _, m := range explanation.Matched {
		fmt.Println(m.Statement.Effect, m.Statement.Sid, "in", m.Policy.Source)
	}
	// Output:
	// explicitDeny by the identity-based policy
	// Deny FromTheOffice in push.json
	// Allow Push in push.json
}
