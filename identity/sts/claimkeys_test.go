package sts

import (
	"strings"
	"testing"
)

// IsTrustKey says of each claim what trustKeys does: a claim of a token with every kind
// of claim is a key exactly if IsTrustKey reports it, as a string or as a list.
func TestIsTrustKeyAgreesWithTrustKeys(t *testing.T) {
	scalars := []string{"iss", "jti", "nonce", "preferred_username", "name", "email", "repository", "repository_owner", "actor", "ref", "run_id",
		"project_path", "user_login", "namespace_id", "pipeline_slug", "organization_slug", "oidc.circleci.com/project-id", "rpst_id", "tenant", "hd"}
	lists := []string{"groups_direct", "groups", "roles", "oidc.circleci.com/context-ids"}
	all := claims{"google": claims{"organization_number": 42.0}, "amr": []any{"pwd"}}
	for _, name := range scalars {
		all[name] = "x"
	}
	for _, name := range lists {
		all[name] = []any{"x"}
	}
	checked := 0
	for _, url := range []string{gitlabURL, githubURL, githubURL + "/acme", "https://token.actions.acme.ghe.com", gitlabCom, googleURL, "https://agent.buildkite.com", "https://oidc.circleci.com/org/1", "https://idcs-9.identity.oraclecloud.com"} {
		p := NewProvider("issuer", strings.TrimPrefix(url, "https://"))
		keys, err := p.trustKeys(token(t, all))
		if err != nil {
			t.Fatal(err)
		}
		known := len(mappedBy(p.URL)) > 0 || p.URL == googleProvider
		for name, value := range all {
			_, isList := value.([]any)
			if isList && known && name != "amr" && !strings.HasPrefix(p.URL, "gitlab.com") && !strings.HasPrefix(p.URL, "oidc.circleci.com") {
				continue // such providers send no lists
			}
			if isList && known && (name == "groups" || name == "roles") || name == "google" {
				continue
			}
			checked++
			_, found := keys.Lookup(p.URL + ":" + name)
			if got := IsTrustKey(p.URL, name, isList); got != found {
				t.Errorf("%s:%s: got %t, want %t as trustKeys has it", p.URL, name, got, found)
			}
		}
	}
	if checked < 150 {
		t.Errorf("%d claims checked, want at least 150", checked)
	}
}

// The keys are those of the IAM User Guide, "IAM and AWS STS condition context keys",
// section "Available keys for AWS OIDC federation", and of the Service Authorization
// Reference, "AWS STS", AssumeRoleWithWebIdentity.
func TestIsTrustKey(t *testing.T) {
	const github = "token.actions.githubusercontent.com"
	for _, c := range []struct {
		name, provider, claim string
		asList, want          bool
	}{
		{"the subject", github, "sub", false, true},
		{"the subject in other case", github, "SUB", false, true},
		{"the subject as a list", github, "sub", true, true},
		{"the issuer", github, "iss", false, false},
		{"the issuer as a list", "id.example.com", "iss", true, false},
		{"a claim that AWS maps", github, "job_workflow_ref", false, true},
		{"a claim that AWS does not map", github, "repository_owner", false, false},
		{"a claim that AWS does not map, as a list", github, "repository_owner", true, false},
		{"a claim of another provider", github, "user_login", false, false},
		{"GitLab's groups", "gitlab.com", "groups_direct", true, true},
		{"Google's number", "accounts.google.com", "google/organization_number", false, true},
		{"Google's domain", "accounts.google.com", "hd", false, false},
		{"groups of an issuer that AWS does not know", "id.example.com", "groups", true, true},
		{"a string of an issuer that AWS does not know", "id.example.com", "department", false, false},
		{"a claim of Kubernetes", "oidc.eks.eu-central-1.amazonaws.com/id/ABC", "kubernetes.io/namespace", false, false},
		{"a service account", "oidc.eks.eu-central-1.amazonaws.com/id/ABC", "sub", false, true},
	} {
		if got := IsTrustKey(c.provider, c.claim, c.asList); got != c.want {
			t.Errorf("%s: got %t", c.name, got)
		}
	}
}
