package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"go.yaml.in/yaml/v4"

	"extauthz/tests/issuer"
	"extauthz/tests/stack"
)

// audience is the audience of tokens for the example's registry.
const audience = "registry.example.com"

// issuers replace the issuers of the example. GitHub's keys are in a file, here and in
// Envoy's configuration; GitLab's keys are fetched; the cluster's keys are in a file.
type issuers struct{ github, gitlab, cluster *issuer.Issuer }

// newIssuers starts all three until the test ends.
func newIssuers(t *testing.T) issuers {
	t.Helper()
	start := func(name string, algorithm issuer.Algorithm) *issuer.Issuer {
		i, err := issuer.Start(name, algorithm)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(i.Close)
		return i
	}
	return issuers{
		github:  start("https://token.actions.githubusercontent.com", issuer.RS256),
		gitlab:  start("https://gitlab.com", issuer.RS256),
		cluster: start("https://kubernetes.default.svc.cluster.local", issuer.ES256),
	}
}

// publish puts the keys of GitHub and of the cluster into an example's policies.
func (i issuers) publish(t *testing.T, policies string) {
	t.Helper()
	file := filepath.Join(policies, "principals.yaml")
	turnInPlace("jwks: https://token.actions.githubusercontent.com/.well-known/jwks", "jwks: jwks/github.json")(t, file)
	write(t, filepath.Join(policies, "jwks", "github.json"), i.github.KeySet())
	write(t, filepath.Join(policies, "jwks", "kubernetes.json"), i.cluster.KeySet())
}

// publishGitLab configures the policies to fetch GitLab's keys from the issuer of the test.
func (i issuers) publishGitLab(t *testing.T, policies string) {
	t.Helper()
	file := filepath.Join(policies, "principals.yaml")
	turnInPlace("jwks: https://gitlab.com/oauth/discovery/keys", "jwks: "+i.gitlab.KeysURL()+"\n  ca: ca/gitlab.pem")(t, file)
	if err := os.Mkdir(filepath.Join(policies, "ca"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(policies, "ca", "gitlab.pem"), i.gitlab.Authority())
}

// tokenExample is an example with Envoy's jwt_authn, with the keys of the issuers of
// the test and otherwise unchanged.
func tokenExample(t *testing.T, name string) setup {
	t.Helper()
	example := filepath.Join(stack.Root(), "examples", name)
	spec := setup{
		Spec: stack.Spec{
			Envoy:    filepath.Join(example, "envoy.yaml"),
			Policies: copyPolicies(t, filepath.Join(example, "policies")),
			Certs:    t.TempDir(),
		},
		authority: authority(t),
		issuers:   newIssuers(t),
	}
	spec.issuers.publish(t, spec.Policies)
	if err := spec.authority.WriteServer(spec.Certs); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(spec.Certs, "github-jwks.json"), spec.issuers.github.KeySet())
	return spec
}

// overTokens is the unchanged example with tokens.
func overTokens(t *testing.T) setup {
	t.Helper()
	spec := tokenExample(t, "oidc")
	spec.issuers.publishGitLab(t, spec.Policies)
	return spec
}

// tokens is the same without TLS, for clients that do not trust the authority of the test.
func tokens(t *testing.T) setup {
	t.Helper()
	spec := overTokens(t)
	spec.Envoy = edited(t, spec.Envoy, func(listener map[string]any) {
		delete(listener["filter_chains"].([]any)[0].(map[string]any), "transport_socket")
	})
	return spec
}

// edited returns an Envoy configuration with its listener edited.
func edited(t *testing.T, file string, edit func(listener map[string]any)) string {
	t.Helper()
	return rewritten(t, file, func(listeners []any) []any {
		edit(listeners[0].(map[string]any))
		return listeners
	})
}

// rewritten returns an Envoy configuration with other listeners.
func rewritten(t *testing.T, file string, listeners func([]any) []any) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := yaml.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	resources := tree["static_resources"].(map[string]any)
	resources["listeners"] = listeners(resources["listeners"].([]any))
	if text, err = yaml.Marshal(tree); err != nil {
		t.Fatal(err)
	}
	into := filepath.Join(t.TempDir(), "envoy.yaml")
	write(t, into, text)
	return into
}

// signed returns a token of the issuer with the claims of a token for the registry; further
// claims replace them.
func signed(t *testing.T, by *issuer.Issuer, subject string, further issuer.Claims) string {
	t.Helper()
	token, err := by.Sign(by.Claims(subject, audience, further))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// The subjects of tokens in the example.
const (
	mainBranch = "repo:acme/app:ref:refs/heads/main"
	immutable  = "repo:acme@123456/app@456789:ref:refs/heads/main" // GitHub Docs, "OpenID Connect reference"
	production = "repo:acme/app:environment:production"
	pipeline   = "project_path:acme/app:ref_type:branch:ref:main"
	deployer   = "system:serviceaccount:prod:deployer"
)

// workflow returns a token of a workflow's run.
func (i issuers) workflow(t *testing.T, subject string, further issuer.Claims) string {
	t.Helper()
	claims := issuer.Claims{"run_id": "4711"}
	for name, value := range further {
		claims[name] = value
	}
	return signed(t, i.github, subject, claims)
}

// bearer returns the header with a token.
func bearer(token string) [2]string { return [2]string{"Authorization", "Bearer " + token} }

// basic returns the header with a user name and a password or token.
func basic(user, password string) [2]string {
	request := &http.Request{Header: http.Header{}}
	request.SetBasicAuth(user, password)
	return [2]string{"Authorization", request.Header.Get("Authorization")}
}
