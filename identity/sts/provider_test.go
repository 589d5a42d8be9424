package sts

import (
	"strings"
	"testing"

	"extauthz/iam/iamtest"
)

// issuers whose claims AWS maps.
const (
	githubURL = "https://token.actions.githubusercontent.com"
	gitlabCom = "https://gitlab.com"
	googleURL = "https://accounts.google.com"
)

// TestTrustKeys checks that claims which AWS does not map are not condition keys, so
// that a policy with such a key does not match here either.
func TestTrustKeys(t *testing.T) {
	for _, c := range []struct {
		name, url string
		claims    claims
		want      map[string]string
	}{
		{"every provider", gitlabURL, claims{"email": "a@example.com", "amr": "pwd", "repository": "x", "user_login": "alice"}, map[string]string{
			"gitlab.example.com:aud": registryAudience, "gitlab.example.com:oaud": registryAudience, "gitlab.example.com:sub": "job",
			"gitlab.example.com:email": "a@example.com", "gitlab.example.com:amr": "pwd", "gitlab.example.com:repository": "", "gitlab.example.com:user_login": "", "gitlab.example.com:iss": "", "gitlab.example.com:azp": ""}},
		{"several methods", gitlabURL, claims{"amr": []any{"pwd", "otp"}}, map[string]string{"gitlab.example.com:amr": "pwd otp"}},
		{"methods that are not strings", gitlabURL, claims{"amr": []any{"pwd", true}}, map[string]string{"gitlab.example.com:amr": ""}},
		{"groups", gitlabURL, claims{"groups": []any{"a", "b"}, "https://example.com/roles": []any{"c"}}, map[string]string{"gitlab.example.com:groups": "a b", "gitlab.example.com:https://example.com/roles": "c"}},
		{"lists without strings", gitlabURL, claims{"groups": []any{}, "ids": []any{1.0}, "sub": []any{"job"}}, map[string]string{"gitlab.example.com:groups": "", "gitlab.example.com:ids": "", "gitlab.example.com:sub": ""}},
		{"several audiences", gitlabURL, claims{"aud": []any{registryAudience, "other"}}, map[string]string{"gitlab.example.com:aud": registryAudience}},
		{"GitLab's groups", gitlabCom, claims{"groups_direct": []any{"acme"}, "user_login": "alice"}, map[string]string{"gitlab.com:groups_direct": "acme", "gitlab.com:user_login": "alice"}},
		{"azp", gitlabURL, claims{"azp": "client"}, map[string]string{"gitlab.example.com:aud": "client", "gitlab.example.com:oaud": registryAudience}},
		{"empty azp", gitlabURL, claims{"azp": ""}, map[string]string{"gitlab.example.com:aud": registryAudience}},
		{"a URL with a path", "https://id.example.com/realms/x/", nil, map[string]string{"id.example.com/realms/x/:sub": "job"}},
		{"GitHub", githubURL, claims{"actor": "octocat", "run_id": "1"}, map[string]string{"token.actions.githubusercontent.com:actor": "octocat", "token.actions.githubusercontent.com:run_id": ""}},
		{"GitHub, an enterprise's own issuer", githubURL + "/acme", claims{"ref": "r"}, map[string]string{"token.actions.githubusercontent.com/acme:ref": "r"}},
		{"GitHub, another host", "https://token.actions.githubusercontent.com.example.com", claims{"ref": "r"}, map[string]string{"token.actions.githubusercontent.com.example.com:ref": ""}},
		{"GitHub, ghe.com", "https://token.actions.acme.ghe.com", claims{"ref": "r"}, map[string]string{"token.actions.acme.ghe.com:ref": "r"}},
		{"GitHub, ghe.com without a domain", "https://token.actions.ghe.com", claims{"ref": "r"}, map[string]string{"token.actions.ghe.com:ref": ""}},
		{"GitLab", gitlabCom, claims{"user_login": "alice", "project_path": "x"}, map[string]string{"gitlab.com:user_login": "alice", "gitlab.com:project_path": ""}},
		{"CircleCI", "https://oidc.circleci.com/org/1", claims{"oidc.circleci.com/project-id": "p"}, map[string]string{"oidc.circleci.com/org/1:oidc.circleci.com/project-id": "p"}},
		{"Oracle", "https://idcs-9.identity.oraclecloud.com", claims{"rpst_id": "r"}, map[string]string{"idcs-9.identity.oraclecloud.com:rpst_id": "r"}},
		{"Buildkite", "https://agent.buildkite.com", claims{"pipeline_slug": "p"}, map[string]string{"agent.buildkite.com:pipeline_slug": "p"}},
		{"Google", googleURL, claims{"google": claims{"organization_number": 42.0}}, map[string]string{"accounts.google.com:google/organization_number": "42"}},
		{"Google, beyond 2^53", googleURL, claims{"google": claims{"organization_number": float64(1 << 53)}}, map[string]string{"accounts.google.com:google/organization_number": ""}},
		{"Google, a fraction", googleURL, claims{"google": claims{"organization_number": 1.5}}, map[string]string{"accounts.google.com:google/organization_number": ""}},
		{"Google, far beyond", googleURL, claims{"google": claims{"organization_number": 1e300}}, map[string]string{"accounts.google.com:google/organization_number": ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := NewProvider("issuer", strings.TrimPrefix(c.url, "https://"))
			keys, err := p.trustKeys(token(t, c.claims))
			if err != nil {
				t.Fatal(err)
			}
			iamtest.CheckKeys(t, keys, c.want)
		})
	}
}

// TestProviderOfARole checks that the provider in a trust policy is in the account of
// the role.
func TestProviderOfARole(t *testing.T) {
	for _, c := range []struct{ url, role, want string }{
		{"gitlab.example.com", role + "ci", gitlabProvider},
		{"id.example.com/realms/x/", role + "a/b/ci", "arn:aws:iam::123456789012:oidc-provider/id.example.com/realms/x/"},
		{"gitlab.example.com", "arn:aws-cn:iam::999999999999:role/role/ci", "arn:aws-cn:iam::999999999999:oidc-provider/gitlab.example.com"},
		{"accounts.google.com", role + "ci", "accounts.google.com"},
		{"cognito-identity.amazonaws.com", role + "ci", "cognito-identity.amazonaws.com"},
	} {
		if got := NewProvider("issuer", c.url).PrincipalFor(&Entity{ARN: c.role}); got != c.want {
			t.Errorf("%s: %q, want %q", c.url, got, c.want)
		}
	}
}

// TestIsTrustKeyAgreesWithTrustKeys checks that a claim of a token with every kind of
// claim is a condition key exactly if IsTrustKey reports it, as a string or as a list.
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
		known := len(mappedClaimsOf(p.URL)) > 0 || p.URL == googleProvider
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

// TestIsTrustKey checks the keys of the IAM User Guide, "IAM and AWS STS condition
// context keys", section "Available keys for AWS OIDC federation", and of the Service
// Authorization Reference, "AWS STS", AssumeRoleWithWebIdentity.
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
