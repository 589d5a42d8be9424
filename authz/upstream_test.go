package authz

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"extauthz/decision"
	"extauthz/identity/basic/basictest"
	"extauthz/policystore"
	"extauthz/policystore/directory/directorytest"
)

// newUpstreamChecker returns a checker of a store, whose registry main has an upstream.
func newUpstreamChecker(t *testing.T, entry string) *Checker {
	t.Helper()
	contents := maps.Clone(directory)
	contents["htpasswd"] = basictest.Passwords(t, "alice", "bob", "carol", "dave")
	contents["upstreams.yaml"] = "upstreams:\n- " + entry + "\n"
	dir := t.TempDir()
	directorytest.Write(t, dir, contents)
	store := policystore.New(policystore.Options{Dir: dir, Decision: decision.Options{CacheSize: 100}})
	if err := store.Reload(); err != nil {
		t.Fatal(err)
	}
	return &Checker{Snapshots: store.Snapshot}
}

func TestUpstreamCredential(t *testing.T) {
	c := newUpstreamChecker(t, `{registry: main, token: upstream-secret}`)
	cases := []struct {
		name, user, path string
		want             string // the Authorization header of the forwarded request
	}{
		{"an allowed pull", "bob", "/v2/team/app/manifests/v1", "Bearer upstream-secret"},
		{"the API's version", "bob", "/v2/", "Bearer upstream-secret"},
		{"a denied pull", "bob", "/v2/secret/app/manifests/v1", ""},
		{"no credential", "", "/v2/team/app/manifests/v1", ""},
		{"a refused path", "bob", "/v2/team/../app/manifests/v1", ""},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			result := c.Check(context.Background(), from(test.user, http.MethodGet, test.path))
			if result.Answer.Authorization != test.want || result.Answer.Allowed != (test.want != "") {
				t.Errorf("%v: Authorization %q, want %q", result.Decision, result.Answer.Authorization, test.want)
			}
			for _, name := range result.Answer.RemoveHeaders {
				if name == "authorization" {
					t.Error("the credential is removed")
				}
			}
		})
	}
}

// TestUpstreamRealm checks that a request has a token for its scope, and that no request is
// allowed without one.
func TestUpstreamRealm(t *testing.T) {
	fails := false
	realm := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); fails || user != "robot" || password != "upstream-secret" {
			http.Error(w, "upstream-secret", http.StatusUnauthorized)
			return
		}
		io.WriteString(w, fmt.Sprintf(`{"token":%q}`, strings.NewReplacer(",", "+", " ", "+").Replace(strings.Join(r.URL.Query()["scope"], "+"))+"_"))
	}))
	defer realm.Close()
	c := newUpstreamChecker(t, `{registry: main, realm: "`+realm.URL+`", username: robot, password: upstream-secret}`)
	cases := []struct{ name, user, method, path, want string }{
		{"a pull", "bob", http.MethodGet, "/v2/team/app/manifests/v1", "Bearer repository:team/app:pull_"},
		{"a push", "alice", http.MethodPut, "/v2/team/app/manifests/v1", "Bearer repository:team/app:pull+push_"},
		{"the API's version", "bob", http.MethodGet, "/v2/", "Bearer _"},
		{"a mount", "alice", http.MethodPost, "/v2/team/app/blobs/uploads/?mount=" + digest + "&from=team/other", "Bearer repository:team/app:pull+push+repository:team/other:pull_"},
		{"a mount whose source is denied", "alice", http.MethodPost, "/v2/team/app/blobs/uploads/?mount=" + digest + "&from=secret/app", "Bearer repository:team/app:pull+push_"},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			result := c.Check(context.Background(), from(test.user, test.method, test.path))
			if !result.Answer.Allowed || result.Answer.Authorization != test.want {
				t.Errorf("%v, Authorization %q, want %q", result.Decision, result.Answer.Authorization, test.want)
			}
		})
	}
	fails = true
	result := c.Check(context.Background(), from("bob", http.MethodGet, "/v2/team/other/manifests/v1"))
	if result.Answer.Allowed || result.Decision != Unavailable503 || result.Answer.Status != 503 || result.Answer.Authorization != "" {
		t.Errorf("without a token: %v, %+v", result.Decision, result.Answer)
	}
	if text := result.Reason + string(result.Answer.Body); strings.Contains(text, "upstream-secret") || !strings.Contains(result.Reason, realm.URL) {
		t.Errorf("reason %q, body %s", result.Reason, result.Answer.Body)
	}
}
