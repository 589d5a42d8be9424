package authz

import (
	"context"
	"maps"
	"strings"
	"testing"

	"extauthz/mapping"
)

// tokens returns a checker of the directory with a registry whose clients get their
// credentials from a token service.
func tokens(t testing.TB) *Checker {
	t.Helper()
	contents := maps.Clone(directory)
	contents["registries.yaml"] = `registries:
- {name: main, hosts: [localhost], account: "123456789012", region: eu-central-1, challenge: bearer, tokenRealm: "https://auth.example.com/token", tokenService: The registry, deleteBlobs: true}
`
	return newCheckerOf(t, contents, "alice", "bob", "carol", "dave")
}

// TestBearerChallenge checks the scope of the challenge for each kind of request.
func TestBearerChallenge(t *testing.T) {
	checker := tokens(t)
	const upload = "/v2/team/app/blobs/uploads/"
	for _, c := range []struct {
		name, method, path string
		scope              string // "" for none
	}{
		{"/v2/", "GET", "/v2/", ""},
		{"catalog", "GET", "/v2/_catalog", ""},
		{"not a registry request", "GET", "/metrics", ""},
		{"hostile path", "GET", `/v2/a"b/manifests/v1`, ""},
		{"pull", "GET", "/v2/team/app/manifests/v1", "repository:team/app:pull"},
		{"layer", "HEAD", "/v2/team/app/blobs/" + digest, "repository:team/app:pull"},
		{"tags", "GET", "/v2/team/app/tags/list", "repository:team/app:pull"},
		{"referrers", "GET", "/v2/team/app/referrers/" + digest, "repository:team/app:pull"},
		{"push", "PUT", "/v2/team/app/manifests/v1", "repository:team/app:pull,push"},
		{"upload", "POST", upload, "repository:team/app:pull,push"},
		{"mount", "POST", upload + "?mount=" + digest + "&from=base/os", "repository:team/app:pull,push repository:base/os:pull"},
		{"status of an upload", "GET", upload + "id", "repository:team/app:pull,push"},
		{"cancellation of an upload", "DELETE", upload + "id", "repository:team/app:pull,push"},
		{"delete", "DELETE", "/v2/team/app/manifests/v1", "repository:team/app:delete"},
		{"delete a layer", "DELETE", "/v2/team/app/blobs/" + digest, "repository:team/app:delete"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := `Bearer realm="https://auth.example.com/token",service="The registry"`
			if c.scope != "" {
				want += `,scope="` + c.scope + `"`
			}
			r := checker.Check(context.Background(), from("", c.method, c.path))
			if r.Decision != Unauthenticated || r.Answer.Status != 401 || header(r, "www-authenticate") != want {
				t.Errorf("%s %d %s; want %s", r.Decision, r.Answer.Status, header(r, "www-authenticate"), want)
			}
		})
	}
}

// TestBearerChallengeWithoutLogin checks that a caller that may not log in gets the same
// challenge.
func TestBearerChallengeWithoutLogin(t *testing.T) {
	r := tokens(t).Check(context.Background(), from("carol", "GET", "/v2/"))
	want := `Bearer realm="https://auth.example.com/token",service="The registry"`
	if r.Decision != Unauthenticated || header(r, "www-authenticate") != want || !strings.Contains(string(r.Answer.Body), "ecr:GetAuthorizationToken") {
		t.Errorf("%s %s %s", r.Decision, header(r, "www-authenticate"), r.Answer.Body)
	}
}

// TestInvalidToken checks that the challenge has the error invalid_token after an invalid Bearer
// token, and not after a wrong password.
func TestInvalidToken(t *testing.T) {
	checker := tokens(t)
	for _, c := range []struct {
		authorization string
		want          bool
	}{{"Bearer x", true}, {"bearer a.b.c", true}, {"Basic Ym9iOndyb25n", false}, {"Negotiate x", false}} {
		r := checker.Check(context.Background(), from("", "GET", "/v2/", mapping.Header{Name: "authorization", Value: c.authorization}))
		got := strings.HasSuffix(header(r, "www-authenticate"), `,error="invalid_token"`)
		if r.Decision != Unauthenticated || got != c.want {
			t.Errorf("%s: %s", c.authorization, header(r, "www-authenticate"))
		}
	}
}
