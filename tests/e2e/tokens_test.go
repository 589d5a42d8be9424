package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"extauthz/tests/issuer"
	"extauthz/tests/stack"
)

// The principals of the example's tokens.
const (
	githubRun = "arn:aws:sts::123456789012:assumed-role/github/4711"
	teamRun   = "arn:aws:sts::123456789012:assumed-role/ci/4711"
	gitlabRun = "arn:aws:sts::123456789012:assumed-role/gitlab/pipeline"
	prodPod   = "arn:aws:sts::123456789012:assumed-role/prod/pod"
)

// tokensProveCallers shows a token of each issuer each way.
func tokensProveCallers(t *testing.T, w *world) {
	workflow := local.workflow(t, mainBranch, nil)
	project := signed(t, local.gitlab, pipeline, nil)
	pod := signed(t, local.cluster, deployer, issuer.Claims{"aud": []string{audience, "another"}})
	for _, c := range []struct {
		name, source, principal, issuer string
		header                          [2]string
	}{
		{"verified by Envoy", "jwt_authn", githubRun, "github", bearer(workflow)},
		{"a role by default", "basic", githubRun, "github", basic("AWS", workflow)},
		{"a role by name", "basic", teamRun, "github", basic("123456789012/team/ci", local.workflow(t, production, nil))},
		{"keys from a URL", "bearer", gitlabRun, "gitlab", bearer(project)},
		{"keys from a URL, as password", "basic", gitlabRun, "gitlab", basic("AWS", project)},
		{"keys from a file", "bearer", prodPod, "kubernetes", bearer(pod)},
		{"keys from a file, as password", "basic", prodPod, "kubernetes", basic("AWS", pod)},
	} {
		t.Run(c.name, func(t *testing.T) {
			line := w.isCaller(t, http.DefaultClient, c.source, c.principal, c.header)
			if line.Issuer != c.issuer || line.KeyID != "key-1" {
				t.Errorf("logged issuer %q and key %q, want %s and key-1", line.Issuer, line.KeyID, c.issuer)
			}
			w.shows(t, "/v2/", c.header).wants(t, http.StatusOK)
		})
	}
}

// tokensMadeOtherwise are tokens that do not hold, or hold for nobody.
func tokensMadeOtherwise(t *testing.T, w *world) {
	ago := func(d time.Duration) int64 { return time.Now().Add(-d).Unix() }
	for _, c := range []struct {
		name, token, reason string
	}{
		{"expired", local.workflow(t, mainBranch, issuer.Claims{"exp": ago(time.Hour)}), "expired"},
		{"not yet valid", local.workflow(t, mainBranch, issuer.Claims{"nbf": ago(-time.Hour)}), "not"},
		{"without exp", local.workflow(t, mainBranch, issuer.Claims{"exp": nil}), "exp"},
		{"for another service", local.workflow(t, mainBranch, issuer.Claims{"aud": "sts.amazonaws.com"}), "sts.amazonaws.com"},
		{"of another issuer", local.workflow(t, mainBranch, issuer.Claims{"iss": "https://evil.example"}), "https://evil.example"},
		{"of an issuer who signs for another", signed(t, local.cluster, mainBranch, issuer.Claims{"iss": local.github.Name}), ""},
		{"without a signature", unsigned(local.workflow(t, mainBranch, nil)), ""},
		{"signed with the public key", signedWith(local.github.KeySet(), local.workflow(t, mainBranch, nil)), ""},
		{"cut off", local.workflow(t, mainBranch, nil)[:200], ""},
		{"no token", "password", ""},
		{"too long", local.workflow(t, mainBranch, issuer.Claims{"pad": strings.Repeat("x", 9<<10)}), ""},
		{"a subject that is nobody", signed(t, local.gitlab, "project_path:evil/app:ref_type:branch:ref:main", nil), ""},
		{"a branch that is nobody", signed(t, local.gitlab, "project_path:acme/app:ref_type:branch:ref:main2", nil), ""},
		{"a namespace that has no role", signed(t, local.cluster, "system:serviceaccount:dev:deployer", nil), "dev"},
		{"a subject with a path in it", signed(t, local.cluster, "system:serviceaccount:prod/x:deployer", nil), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.isNobody(t, c.reason, bearer(c.token))
			w.isNobody(t, c.reason, basic("AWS", c.token))
		})
	}
}

// unsigned is the token with the algorithm none (RFC 7519 section 6).
func unsigned(token string) string {
	parts := strings.Split(token, ".")
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + parts[1] + "."
}

// signedWith is the token with a MAC whose key is public.
func signedWith(public []byte, token string) string {
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","kid":"key-1"}`)) + "." + strings.Split(token, ".")[1]
	mac := hmac.New(sha256.New, public)
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// tokensInOddPlaces shows a good token where Envoy's jwt_authn may find it, but
// not as the one credential of the request.
func tokensInOddPlaces(t *testing.T, w *world) {
	token := local.workflow(t, mainBranch, nil)
	for _, c := range []struct {
		name    string
		headers [][2]string
	}{
		{"twice", [][2]string{bearer(token), bearer(token)}},
		{"after a password", [][2]string{basic("robot", "robot-secret"), bearer(token)}},
		{"before a password", [][2]string{bearer(token), basic("robot", "robot-secret")}},
		{"in a list", [][2]string{{"Authorization", "Basic x,Bearer " + token}}},
		{"after a list of schemes", [][2]string{{"Authorization", "Basic x, Bearer " + token}}},
		{"by another scheme", [][2]string{{"Authorization", "FooBearer " + token}}},
		{"with more behind it", [][2]string{{"Authorization", "Bearer " + token + " " + token}}},
		{"with a comma behind it", [][2]string{{"Authorization", "Bearer " + token + ",x"}}},
		{"without a scheme", [][2]string{{"Authorization", token}}},
	} {
		t.Run(c.name, func(t *testing.T) { w.isNobody(t, "", c.headers...) })
	}
	t.Run("in the query", func(t *testing.T) {
		path := "/v2/team/app/manifests/v1?access_token=" + token
		if a := w.shows(t, path); a.status == http.StatusOK {
			t.Errorf("a token in the query was taken")
		}
		a := w.shows(t, strings.Replace(path, "team/app", "secret/app", 1), basic("robot", "robot-secret"))
		if a.status == http.StatusOK || strings.Contains(a.body, "assumed-role") {
			t.Errorf("status %d, %s: want robot's own denial", a.status, a.body)
		}
	})
}

// extractingAnywhere is the example with a jwt_authn that looks for tokens
// wherever it does unless told.
func extractingAnywhere(t *testing.T) stack.Spec {
	t.Helper()
	spec := tokens(t)
	spec.Envoy = edited(t, spec.Envoy, func(listener map[string]any) {
		provider := filter(t, listener, "envoy.filters.http.jwt_authn")["providers"].(map[string]any)["github"].(map[string]any)
		delete(provider, "from_headers")
		delete(provider, "require_expiration")
	})
	return spec
}

// connectionManager is the configuration of the listener's first filter.
func connectionManager(listener map[string]any) map[string]any {
	chain := listener["filter_chains"].([]any)[0].(map[string]any)
	return chain["filters"].([]any)[0].(map[string]any)["typed_config"].(map[string]any)
}

// filter is the configuration of an HTTP filter.
func filter(t *testing.T, listener map[string]any, name string) map[string]any {
	t.Helper()
	for _, f := range connectionManager(listener)["http_filters"].([]any) {
		if f := f.(map[string]any); f["name"] == name {
			return f["typed_config"].(map[string]any)
		}
	}
	t.Fatalf("no filter %s", name)
	return nil
}

// trustPolicies decide which token assumes which role.
func trustPolicies(t *testing.T, w *world) {
	const refused = "is not authorized to perform: sts:AssumeRoleWithWebIdentity on resource: arn:aws:iam::123456789012:role/"
	atMain, inProduction := local.workflow(t, mainBranch, nil), local.workflow(t, production, nil)
	feature := local.workflow(t, "repo:acme/app:ref:refs/heads/feature", nil)
	pod := signed(t, local.cluster, deployer, nil)
	for _, c := range []struct{ name, user, token, reason string }{
		{"a branch that the policy does not trust", "AWS", feature, refused + "ci/github"},
		{"another repository", "AWS", local.workflow(t, "repo:evil/app:ref:refs/heads/main", nil), refused + "ci/github"},
		{"another role's subject", "123456789012/team/ci", atMain, refused + "team/ci"},
		{"the first role's subject", "AWS", inProduction, refused + "ci/github"},
		{"an unknown role", "123456789012/team/none", inProduction, "role/team/none"},
		{"a role without a trust policy", "123456789012/gitlab", inProduction, "role/gitlab"},
		{"a role in another account", "999999999999/team/ci", inProduction, "999999999999"},
		{"a role by a principal that may assume none", "123456789012/team/ci", pod, "sts:AssumeRole"},
		{"no account", "team/ci", inProduction, "ACCOUNT/ROLE"},
		{"an ARN", "arn:aws:iam::123456789012:role/team/ci", inProduction, ""},
		{"no role", "someone", inProduction, ""},
	} {
		t.Run(c.name, func(t *testing.T) { w.isNobody(t, c.reason, basic(c.user, c.token)) })
	}
	w.isNobody(t, refused+"ci/github", bearer(feature))
	w.isCaller(t, http.DefaultClient, "basic", githubRun, basic("123456789012/ci/github", atMain))
}

// rightsOfTokens are what the policies of roles and the tags of sessions allow.
func rightsOfTokens(t *testing.T, w *world) {
	other := signed(t, local.gitlab, "project_path:acme/other:ref_type:branch:ref:main", nil)
	reader := signed(t, local.cluster, "system:serviceaccount:prod:reader", nil)
	for _, c := range []struct {
		name, token, action string
	}{
		{"a run of main", local.workflow(t, mainBranch, nil), ""},
		{"the project's own repository", signed(t, local.gitlab, pipeline, nil), ""},
		{"another project's repository", other, "ecr:InitiateLayerUpload"},
		{"the service account that deploys", signed(t, local.cluster, deployer, nil), ""},
		{"another service account", reader, "ecr:InitiateLayerUpload"},
	} {
		t.Run(c.name, func(t *testing.T) {
			request, err := http.NewRequest(http.MethodPost, "http://"+w.Address(stack.Envoy)+"/v2/team/app/blobs/uploads/", nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header["Authorization"] = []string{bearer(c.token)[1]}
			a := exchange(t, http.DefaultClient, request)
			if c.action == "" {
				a.wants(t, http.StatusAccepted)
				return
			}
			a.wants(t, http.StatusForbidden).wantsError(t, "DENIED", "not authorized to perform: "+c.action)
		})
	}
	w.shows(t, "/v2/team/app/manifests/v1", bearer(reader)).wants(t, http.StatusOK)
}

// longNames are the longest and the shortest of Kubernetes, which the example's
// mapping fits, and those that a mapping to role and session names does not.
func longNames(t *testing.T, w *world) {
	const role, prod = "- arn: arn:aws:iam::123456789012:role/", "- arn: arn:aws:iam::123456789012:role/prod\n"
	namespace, account := strings.Repeat("n", 63), strings.Repeat("a.", 126)+"a"
	pod := func(namespace, name string) [2]string {
		return bearer(signed(t, local.cluster, "system:serviceaccount:"+namespace+":"+name, nil))
	}
	session := func(role, session string) string {
		return "arn:aws:sts::123456789012:assumed-role/" + role + "/" + session
	}
	w.edit(t, "principals.yaml", prod, role+namespace+"\n"+role+"n\n"+role+"k8s-prod\n"+prod)
	w.isCaller(t, http.DefaultClient, "bearer", session(namespace, "pod"), pod(namespace, account))
	w.isCaller(t, http.DefaultClient, "bearer", session("n", "pod"), pod("n", "a"))

	w.edit(t, "principals.yaml", "assumed-role/{namespace}/pod", "assumed-role/k8s-{namespace}/{name}")
	w.isCaller(t, http.DefaultClient, "bearer", session("k8s-prod", "deployer"), pod("prod", "deployer"))
	w.isNobody(t, "64", pod(namespace, "app"))
	w.isNobody(t, "64", pod("prod", account))
	w.isNobody(t, "2", pod("prod", "a"))
}
