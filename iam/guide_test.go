package iam

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// guide loads a policy of the Amazon ECR User Guide. The first word of the
// file's name is its kind.
func guide(t *testing.T, name string) *Policy {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "ecr-guide", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]Kind{"identity": IdentityPolicy, "repository": RepositoryPolicy, "registry": RegistryPolicy}
	kind, _, _ := strings.Cut(name, "-")
	p, err := Compile(kinds[kind], name, text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// What the Amazon ECR User Guide says of its own examples: "Private repository
// policy examples", "Identity-based policy examples", "Using tag-based access
// control", "Private registry policy examples", "AWS managed policies".
func TestPoliciesOfTheECRGuide(t *testing.T) {
	const (
		myRepo  = "arn:aws:ecr:us-east-1:111122223333:repository/my-repo"
		user    = "arn:aws:iam::111122223333:user/"
		foreign = "arn:aws:iam::444455556666:user/dev"
		all     = "identity-all-ecr-resources"
	)
	tag := func(value string) Context { return Context{{Key: "ecr:ResourceTag/environment", Value: value}} }
	requested := func(value string) Context { return Context{{Key: "aws:RequestTag/environment", Value: value}} }
	from := func(ip string) Context { return Context{{Key: "aws:SourceIp", Value: ip}} }
	tests := []struct {
		identity, resource string // names of policies, "" for none
		caller             string
		action, on         string
		context            Context
		want               Decision
	}{
		{"", "repository-push-pull", user + "push-pull-user-1", "ecr:PutImage", myRepo, nil, Allowed},
		{"", "repository-push-pull", user + "push-pull-user-2", "ecr:BatchGetImage", myRepo, nil, Allowed},
		{"", "repository-push-pull", user + "push-pull-user-3", "ecr:BatchGetImage", myRepo, nil, ImplicitDeny},
		{"", "repository-push-pull", user + "push-pull-user-1", "ecr:DeleteRepository", myRepo, nil, ImplicitDeny},
		{"", "repository-push-pull", user + "push-pull-user-1", "ecr:GetAuthorizationToken", "*", nil, ImplicitDeny},

		{all, "repository-cross-account-push", "arn:aws:iam::111122223333:user/dev", "ecr:PutImage", "arn:aws:ecr:us-east-1:444455556666:repository/my-repo", nil, Allowed},
		{"", "repository-cross-account-push", "arn:aws:iam::111122223333:user/dev", "ecr:PutImage", "arn:aws:ecr:us-east-1:444455556666:repository/my-repo", nil, ImplicitDeny},
		{all, "repository-cross-account-push", "arn:aws:iam::777788889999:user/dev", "ecr:PutImage", "arn:aws:ecr:us-east-1:444455556666:repository/my-repo", nil, ImplicitDeny},
		{all, "repository-cross-account-push", "arn:aws:iam::111122223333:user/dev", "ecr:BatchGetImage", "arn:aws:ecr:us-east-1:444455556666:repository/my-repo", nil, ImplicitDeny},

		{all, "repository-pull-all-accounts", foreign, "ecr:BatchGetImage", myRepo, nil, Allowed},
		{"", "repository-pull-all-accounts", foreign, "ecr:BatchGetImage", myRepo, nil, ImplicitDeny},
		{"", "repository-pull-all-accounts", user + "anyone", "ecr:BatchGetImage", myRepo, nil, Allowed},
		{all, "repository-pull-all-accounts", foreign, "ecr:PutImage", myRepo, nil, ImplicitDeny},

		{"", "repository-pull-and-admin", user + "pull-user-1", "ecr:GetDownloadUrlForLayer", myRepo, nil, Allowed},
		{"", "repository-pull-and-admin", user + "pull-user-2", "ecr:PutImage", myRepo, nil, ImplicitDeny},
		{"", "repository-pull-and-admin", user + "admin-user", "ecr:DeleteRepository", myRepo, nil, Allowed},
		{"", "repository-pull-and-admin", user + "Admin-User", "ecr:DeleteRepository", myRepo, nil, ImplicitDeny},

		{all, "repository-deny-pull", user + "dev", "ecr:BatchGetImage", myRepo, nil, ExplicitDeny},
		{all, "repository-deny-pull", user + "dev", "ecr:PutImage", myRepo, nil, Allowed},
		{all, "repository-deny-pull", foreign, "ecr:BatchGetImage", myRepo, nil, ExplicitDeny},

		{all, "repository-ip-allow", user + "dev", "ecr:BatchGetImage", myRepo, from("54.240.143.17"), Allowed},
		{all, "repository-ip-allow", user + "dev", "ecr:BatchGetImage", myRepo, from("54.240.144.17"), ExplicitDeny},
		{all, "repository-ip-allow", user + "dev", "ecr:BatchGetImage", myRepo, nil, ExplicitDeny},

		{"identity-list-token-contents", "", user + "dev", "ecr:ListImages", myRepo, nil, Allowed},
		{"identity-list-token-contents", "", user + "dev", "ecr:GetAuthorizationToken", "*", nil, Allowed},
		{"identity-list-token-contents", "", user + "dev", "ecr:PutImage", myRepo, nil, Allowed},
		{"identity-list-token-contents", "", user + "dev", "ecr:PutImage", myRepo + "2", nil, ImplicitDeny},
		{"identity-list-token-contents", "", user + "dev", "ecr:BatchDeleteImage", myRepo, nil, ImplicitDeny},

		{"identity-tag-based", "", user + "dev", "ecr:BatchGetImage", myRepo, tag("dev"), Allowed},
		{"identity-tag-based", "", user + "dev", "ecr:BatchGetImage", myRepo, nil, Allowed},
		{"identity-tag-based", "", user + "dev", "ecr:BatchGetImage", myRepo, tag("prod"), ExplicitDeny},
		{"identity-create-tagged", "", user + "dev", "ecr:CreateRepository", myRepo, requested("dev"), Allowed},
		{"identity-create-tagged", "", user + "dev", "ecr:CreateRepository", myRepo, requested("prod"), ImplicitDeny},
		{"identity-create-tagged", "", user + "dev", "ecr:TagResource", myRepo, nil, ImplicitDeny},

		{all, "", user + "dev", "ecr:PutImage", myRepo, nil, Allowed},
		{all, "", user + "dev", "ecr:GetAuthorizationToken", "*", nil, ImplicitDeny},
		{all, "", user + "dev", "s3:GetObject", "arn:aws:s3:::bucket/key", nil, ImplicitDeny},
		{"identity-all-ecr-resources-of-account", "", user + "dev", "ecr:PutImage", myRepo, nil, Allowed},
		{"identity-all-ecr-resources-of-account", "", user + "dev", "ecr:PutImage", "arn:aws:ecr:us-east-2:111122223333:repository/my-repo", nil, ImplicitDeny},
		{"identity-pull-only", "", user + "dev", "ecr:GetAuthorizationToken", "*", nil, Allowed},
		{"identity-pull-only", "", user + "dev", "ecr:BatchCheckLayerAvailability", myRepo, nil, ImplicitDeny},

		{all, "registry-replication", foreign, "ecr:ReplicateImage", "arn:aws:ecr:us-east-1:111122223333:repository/prod-a", nil, Allowed},
		{all, "registry-replication", foreign, "ecr:ReplicateImage", "arn:aws:ecr:us-east-1:111122223333:repository/dev-a", nil, ImplicitDeny},
	}
	used := map[string]bool{}
	for _, test := range tests {
		caller, err := ParsePrincipal(test.caller)
		if err != nil {
			t.Fatal(err)
		}
		var p Policies
		if test.identity != "" {
			p.Identity = []*Policy{guide(t, test.identity)}
		}
		if test.resource != "" {
			p.Resource = []*Policy{guide(t, test.resource)}
		}
		used[test.identity], used[test.resource] = true, true
		r := Request{&caller, test.action, test.on, test.context}
		if got := p.Evaluate(&r); got != test.want {
			t.Errorf("%s + %s: %s %s on %s: %v, want %v", test.identity, test.resource, test.caller, test.action, test.on, got, test.want)
		}
	}
	files, err := filepath.Glob("testdata/ecr-guide/*.json")
	if err != nil || len(files) < 13 {
		t.Fatalf("%d policies of the guide, want at least 13", len(files))
	}
	for _, file := range files {
		if !used[strings.TrimSuffix(filepath.Base(file), ".json")] {
			t.Errorf("%s is not tested", file)
		}
	}
}
