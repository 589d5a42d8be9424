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
)

// The principals of the example's tokens.
const (
	githubRun = "arn:aws:sts::123456789012:assumed-role/github/4711"
	teamRun   = "arn:aws:sts::123456789012:assumed-role/ci/4711"
	gitlabRun = "arn:aws:sts::123456789012:assumed-role/gitlab/pipeline"
	prodPod   = "arn:aws:sts::123456789012:assumed-role/prod/pod"
)

// tokensIdentifyCallers sends a token of each issuer in each way.
func tokensIdentifyCallers(t *testing.T, sys *system) {
	workflow := sys.issuers.workflow(t, mainBranch, nil)
	project := signed(t, sys.issuers.gitlab, pipeline, nil)
	pod := signed(t, sys.issuers.cluster, deployer, issuer.Claims{"aud": []string{audience, "another"}})
	for _, c := range []struct {
		name, source, principal, issuer string
		header                          [2]string
	}{
		{"verified by Envoy", "jwt_authn", githubRun, "github", bearer(workflow)},
		{"a role by default", "basic", githubRun, "github", basic("AWS", workflow)},
		{"a role by name", "basic", teamRun, "github", basic("123456789012/team/ci", sys.issuers.workflow(t, production, nil))},
		{"keys from a URL", "bearer", gitlabRun, "gitlab", bearer(project)},
		{"keys from a URL, as password", "basic", gitlabRun, "gitlab", basic("AWS", project)},
		{"keys from a file", "bearer", prodPod, "kubernetes", bearer(pod)},
		{"keys from a file, as password", "basic", prodPod, "kubernetes", basic("AWS", pod)},
	} {
		t.Run(c.name, func(t *testing.T) {
			line := sys.isCaller(t, http.DefaultClient, c.source, c.principal, c.header)
			if line.Issuer != c.issuer || line.KeyID != "key-1" {
				t.Errorf("logged issuer %q and key %q, want %s and key-1", line.Issuer, line.KeyID, c.issuer)
			}
			sys.getWith(t, "/v2/", c.header).hasStatus(t, http.StatusOK)
		})
	}
}

// invalidTokens sends tokens that are invalid or map to no principal.
func invalidTokens(t *testing.T, sys *system) {
	ago := func(d time.Duration) int64 { return time.Now().Add(-d).Unix() }
	for _, c := range []struct {
		name, token, reason string
	}{
		{"expired", sys.issuers.workflow(t, mainBranch, issuer.Claims{"exp": ago(time.Hour)}), "expired"},
		{"not yet valid", sys.issuers.workflow(t, mainBranch, issuer.Claims{"nbf": ago(-time.Hour)}), "not"},
		{"without exp", sys.issuers.workflow(t, mainBranch, issuer.Claims{"exp": nil}), "exp"},
		{"for another service", sys.issuers.workflow(t, mainBranch, issuer.Claims{"aud": "sts.amazonaws.com"}), "sts.amazonaws.com"},
		{"of another issuer", sys.issuers.workflow(t, mainBranch, issuer.Claims{"iss": "https://evil.example"}), "https://evil.example"},
		{"of an issuer who signs for another", signed(t, sys.issuers.cluster, mainBranch, issuer.Claims{"iss": sys.issuers.github.Name}), ""},
		{"without a signature", unsigned(sys.issuers.workflow(t, mainBranch, nil)), ""},
		{"signed with the public key", signedWith(sys.issuers.github.KeySet(), sys.issuers.workflow(t, mainBranch, nil)), ""},
		{"cut off", sys.issuers.workflow(t, mainBranch, nil)[:200], ""},
		{"no token", "password", ""},
		{"too long", sys.issuers.workflow(t, mainBranch, issuer.Claims{"pad": strings.Repeat("x", 9<<10)}), ""},
		{"a subject without a principal", signed(t, sys.issuers.gitlab, "project_path:evil/app:ref_type:branch:ref:main", nil), ""},
		{"a branch without a principal", signed(t, sys.issuers.gitlab, "project_path:acme/app:ref_type:branch:ref:main2", nil), ""},
		{"a namespace that has no role", signed(t, sys.issuers.cluster, "system:serviceaccount:dev:deployer", nil), "no principal is bound to this credential"},
		{"a subject with a path in it", signed(t, sys.issuers.cluster, "system:serviceaccount:prod/x:deployer", nil), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			sys.isRejected(t, c.reason, bearer(c.token))
			sys.isRejected(t, c.reason, basic("AWS", c.token))
		})
	}
}

// unsigned returns the token with the algorithm none (RFC 7519, section 6).
func unsigned(token string) string {
	parts := strings.Split(token, ".")
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + parts[1] + "."
}

// signedWith returns the token with a MAC whose key is public.
func signedWith(public []byte, token string) string {
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","kid":"key-1"}`)) + "." + strings.Split(token, ".")[1]
	mac := hmac.New(sha256.New, public)
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// tokensInOddPlaces sends a valid token where Envoy's jwt_authn may find it, but not as the only
// credential of the request.
func tokensInOddPlaces(t *testing.T, sys *system) {
	token := sys.issuers.workflow(t, mainBranch, nil)
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
		t.Run(c.name, func(t *testing.T) { sys.isRejected(t, "", c.headers...) })
	}
	t.Run("in the query", func(t *testing.T) {
		path := "/v2/team/app/manifests/v1?access_token=" + token
		if a := sys.getWith(t, path); a.status == http.StatusOK {
			t.Errorf("a token in the query was taken")
		}
		a := sys.getWith(t, strings.Replace(path, "team/app", "secret/app", 1), basic("robot", "robot-secret"))
		if a.status == http.StatusOK || strings.Contains(a.body, "assumed-role") {
			t.Errorf("status %d, %s: want robot's own denial", a.status, a.body)
		}
	})
}

// passwordsInOddShapes sends the right password, or nearly, in credentials that two parsers
// could read in two ways.
func passwordsInOddShapes(t *testing.T, sys *system) {
	encoded := func(text string) [2]string {
		return [2]string{"Authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte(text))}
	}
	for _, c := range []struct {
		name   string
		header [2]string
	}{
		{"no colon", encoded("robot")},
		{"no user", encoded(":robot-secret")},
		{"no password", encoded("robot:")},
		{"a colon too many", encoded("robot::robot-secret")},
		{"a colon behind", encoded("robot:robot-secret:")},
		{"NUL in the user", encoded("robot\x00:robot-secret")},
		{"NUL behind the password", encoded("robot:robot-secret\x00")},
		{"a line's end", encoded("robot:robot-secret\n")},
		{"another case", encoded("Robot:robot-secret")},
		{"not UTF-8", encoded("robot\xff:robot-secret")},
		{"padding that is none", [2]string{"Authorization", encoded("robot:robot-secret")[1] + "===="}},
		{"more behind it", [2]string{"Authorization", encoded("robot:robot-secret")[1] + " AAAA"}},
		{"two of them", [2]string{"Authorization", encoded("robot:robot-secret")[1] + "," + encoded("robot:robot-secret")[1]}},
		{"a user like a session", encoded("arn:aws:iam::123456789012:user/robot:robot-secret")},
		{"a password of 73 bytes", encoded("robot:" + strings.Repeat("x", 73))},
	} {
		t.Run(c.name, func(t *testing.T) { sys.isRejected(t, "", c.header) })
	}
	sys.isCaller(t, http.DefaultClient, "basic", robotUser, encoded("robot:robot-secret"))
}

// extractingAnywhere is the example with a jwt_authn that searches for tokens in its default
// places.
func extractingAnywhere(t *testing.T) setup {
	t.Helper()
	spec := tokens(t)
	spec.Envoy = edited(t, spec.Envoy, func(listener map[string]any) {
		provider := filter(t, listener, "envoy.filters.http.jwt_authn")["providers"].(map[string]any)["github"].(map[string]any)
		delete(provider, "from_headers")
		delete(provider, "require_expiration")
	})
	return spec
}

// connectionManager returns the configuration of the listener's first filter.
func connectionManager(listener map[string]any) map[string]any {
	chain := listener["filter_chains"].([]any)[0].(map[string]any)
	return chain["filters"].([]any)[0].(map[string]any)["typed_config"].(map[string]any)
}

// filter returns the configuration of an HTTP filter.
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
