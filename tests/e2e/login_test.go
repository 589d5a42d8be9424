package e2e

import (
	"net/http"
	"strings"
	"testing"

	"extauthz/tests/stack"
)

// challenged checks that the answer is a 401 that makes a client send its credentials.
func challenged(t *testing.T, a answer) {
	t.Helper()
	a.hasStatus(t, http.StatusUnauthorized).hasError(t, "UNAUTHORIZED")
	if got := a.header.Get("WWW-Authenticate"); !strings.HasPrefix(got, `Basic realm="the tests"`) {
		t.Errorf("WWW-Authenticate %q, want a Basic challenge with the registry's realm", got)
	}
	if got := a.header.Get("Docker-Distribution-Api-Version"); got != "registry/2.0" {
		t.Errorf("Docker-Distribution-Api-Version %q, want registry/2.0", got)
	}
}

func anonymousIsChallenged(t *testing.T, sys *system) {
	challenged(t, sys.request(t, "", http.MethodGet, "/v2/"))
	challenged(t, sys.request(t, "", http.MethodGet, "/v2/team/app/manifests/v1"))
	challenged(t, sys.request(t, "", http.MethodPost, "/v2/team/app/blobs/uploads/"))
}

func wrongPasswordIsChallenged(t *testing.T, sys *system) {
	for _, user := range []string{"alice", "unknown"} {
		request, err := http.NewRequest(http.MethodGet, "http://"+sys.Address(stack.Envoy)+"/v2/team/app/tags/list", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth(user, "wrong")
		challenged(t, exchange(t, http.DefaultClient, request))
	}
}

// noLoginIsChallenged has a user who may not call ecr:GetAuthorizationToken. /v2/ is never
// answered 403, because clients then give up. Everything else is denied.
func noLoginIsChallenged(t *testing.T, sys *system) {
	challenged(t, sys.request(t, "mallory", http.MethodGet, "/v2/"))
	sys.request(t, "mallory", http.MethodGet, "/v2/team/app/manifests/v1").hasStatus(t, http.StatusForbidden).
		hasError(t, "DENIED", "user/mallory", "ecr:GetAuthorizationToken")
}

func login(t *testing.T, sys *system) {
	sys.request(t, "alice", http.MethodGet, "/v2/").hasStatus(t, http.StatusOK)
}
