package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"extauthz/tests/stack"
)

// killedAndBack kills extauthz while requests flow. Every answer is 503 and nothing reaches the
// registry. Requests succeed again as soon as it is restarted on the socket that the killed
// process left behind.
func killedAndBack(t *testing.T, sys *system) {
	flow := sys.flows(t, "alice", "/v2/team/app/manifests/v1")
	time.Sleep(settled)
	if err := sys.Kill(stack.Extauthz); err != nil {
		t.Fatal(err)
	}
	down := time.Now()
	send(t, sys.Address(stack.Envoy), "alice", http.MethodPut, "/v2/team/app/manifests/smuggled", strings.NewReader("{}")).
		hasStatus(t, http.StatusServiceUnavailable)
	sys.request(t, "alice", http.MethodGet, "/v2/").hasStatus(t, http.StatusServiceUnavailable)
	sys.request(t, "", http.MethodGet, "/v2/").hasStatus(t, http.StatusServiceUnavailable)
	flow.only(t, down, flow.enough(down), http.StatusServiceUnavailable)

	if err := sys.Start(stack.Extauthz); err != nil {
		t.Fatal(err)
	}
	time.Sleep(settled)
	back := time.Now()
	flow.only(t, back, flow.enough(back), http.StatusOK)
}
