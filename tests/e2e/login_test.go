package e2e

import (
	"net/http"
	"strings"
	"testing"

	"extauthz/tests/stack"
)

// challenged checks a 401 that makes a client send its credentials.
func challenged(t *testing.T, a answer) {
	t.Helper()
	a.wants(t, http.StatusUnauthorized).wantsError(t, "UNAUTHORIZED")
	if got := a.header.Get("WWW-Authenticate"); !strings.HasPrefix(got, `Basic realm="the tests"`) {
		t.Errorf("WWW-Authenticate %q, want a Basic challenge with the registry's realm", got)
	}
	if got := a.header.Get("Docker-Distribution-Api-Version"); got != "registry/2.0" {
		t.Errorf("Docker-Distribution-Api-Version %q, want registry/2.0", got)
	}
}

func anonymousIsChallenged(t *testing.T, w *world) {
	challenged(t, w.ask(t, "", http.MethodGet, "/v2/"))
	challenged(t, w.ask(t, "", http.MethodGet, "/v2/team/app/manifests/v1"))
	challenged(t, w.ask(t, "", http.MethodPost, "/v2/team/app/blobs/uploads/"))
}

func wrongPasswordIsChallenged(t *testing.T, w *world) {
	for _, user := range []string{"alice", "nobody"} {
		request, err := http.NewRequest(http.MethodGet, "http://"+w.Address(stack.Envoy)+"/v2/team/app/tags/list", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth(user, "wrong")
		challenged(t, exchange(t, http.DefaultClient, request))
	}
}

// noLoginIsChallenged has a user who may not call ecr:GetAuthorizationToken:
// never 403 for /v2/, since clients give up on it, and nothing else either.
func noLoginIsChallenged(t *testing.T, w *world) {
	challenged(t, w.ask(t, "mallory", http.MethodGet, "/v2/"))
	w.ask(t, "mallory", http.MethodGet, "/v2/team/app/manifests/v1").wants(t, http.StatusForbidden).
		wantsError(t, "DENIED", "user/mallory", "ecr:GetAuthorizationToken")
}

func login(t *testing.T, w *world) {
	w.ask(t, "alice", http.MethodGet, "/v2/").wants(t, http.StatusOK)
}
