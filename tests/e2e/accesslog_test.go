package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"extauthz/tests/stack"
)

// entry is a line of Envoy's access log.
type entry struct {
	Path       string
	Status     int
	Decision   string
	Action     string
	Repository string
	Principal  string
}

// accessLog wants the decision beside each request, allowed or not.
func accessLog(t *testing.T, w *world) {
	const bob = "arn:aws:iam::123456789012:user/bob"
	cases := []struct {
		user string
		want entry
	}{
		{"bob", entry{"/v2/team/app/manifests/v1?logged=1", 200, "allowed", "ecr:BatchGetImage", "team/app", bob}},
		{"bob", entry{"/v2/secret/app/manifests/v1?logged=2", 403, "explicitDeny", "ecr:BatchGetImage", "secret/app", bob}},
		{"bob", entry{"/v2/else/app/manifests/v1?logged=3", 403, "implicitDeny", "ecr:BatchGetImage", "else/app", bob}},
		{"", entry{"/v2/team/app/manifests/v1?logged=4", 401, "unauthenticated", "", "", ""}},
	}
	for _, c := range cases {
		w.ask(t, c.user, http.MethodGet, c.want.Path).wants(t, c.want.Status)
	}
	for _, c := range cases {
		if got := w.logged(t, c.want.Path); got != c.want {
			t.Errorf("logged %+v, want %+v", got, c.want)
		}
	}
}

// logged waits for the line of the request with this path.
func (w *world) logged(t *testing.T, path string) entry {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		for line := range strings.Lines(w.Log(stack.Envoy)) {
			var e entry
			if json.Unmarshal([]byte(line), &e) == nil && e.Path == path {
				return e
			}
		}
	}
	t.Fatalf("no line for %s in the access log", path)
	return entry{}
}
