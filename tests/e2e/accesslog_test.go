package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"extauthz/decisionlog"
	_ "extauthz/goldentest" // accept -update
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
	DecisionID string
}

// accessLog checks that each line has the decision, for allowed and denied requests.
func accessLog(t *testing.T, sys *system) {
	const bob = "arn:aws:iam::123456789012:user/bob"
	cases := []struct {
		user string
		want entry
	}{
		{"bob", entry{"/v2/team/app/manifests/logged-1", 404, "allowed", "ecr:BatchGetImage", "team/app", bob, ""}},
		{"bob", entry{"/v2/secret/app/manifests/logged-2", 403, "explicitDeny", "ecr:BatchGetImage", "secret/app", bob, ""}},
		{"bob", entry{"/v2/else/app/manifests/logged-3", 403, "implicitDeny", "ecr:BatchGetImage", "else/app", bob, ""}},
		{"", entry{"/v2/team/app/manifests/logged-4", 401, "unauthenticated", "", "", "", ""}},
	}
	for _, c := range cases {
		sys.request(t, c.user, http.MethodGet, c.want.Path).hasStatus(t, c.want.Status)
	}
	for _, c := range cases {
		got := sys.logged(t, c.want.Path)
		if c.want.DecisionID = got.DecisionID; got != c.want || got.DecisionID == "" {
			t.Errorf("logged %+v, want %+v", got, c.want)
		}
	}
}

// logged waits for the line of the request with this path.
func (sys *system) logged(t *testing.T, path string) entry {
	t.Helper()
	for deadline := time.Now().Add(busy); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		for line := range strings.Lines(sys.Log(stack.Envoy)) {
			var e entry
			if json.Unmarshal([]byte(line), &e) == nil && e.Path == path {
				return e
			}
		}
	}
	t.Fatalf("no line for %s in the access log", path)
	return entry{}
}

// queryIsNotLogged sends a secret in the query, and in headers with a URL, of requests that
// are allowed, denied, refused and not routed. Neither log contains it, and Envoy's contains
// the path of each request.
func queryIsNotLogged(client func(*testing.T, *system) *http.Client) func(*testing.T, *system) {
	return func(t *testing.T, sys *system) {
		const secret = "a-secret-in-a-query"
		for i, path := range []string{
			"/v2/team/app/manifests/%s?access_token=%s", "/v2/team/app/manifests/%s?x=%s", "/v2/secret/app/manifests/%s?x=%s",
			"/v2/team/app/tags/%s?access_token=%s", "/elsewhere/%s?access_token=%s", "/v2/team/app/manifests/%s?x=1?access_token=%s",
			"/v2/team%%2fapp/manifests/%s?access_token=%s", "/v2//team/app/manifests/%s?access_token=%s", "/v2/team/app/manifests/%s?%s",
		} {
			logged := fmt.Sprintf("queried-%d", i)
			location := fmt.Sprintf(path, logged, secret)
			sys.requestWith(t, client(t, sys), http.MethodGet, location,
				basic("bob", "bob-secret"), [2]string{"Referer", "https://localhost" + location}, [2]string{"X-Envoy-Original-Path", location},
				[2]string{"X-Original-Url", location}, [2]string{"X-Forwarded-Uri", location}, [2]string{"Cookie", "access_token=" + secret})
			sys.requestWith(t, client(t, sys), http.MethodGet, location, basic("bob", "bob-secret"))
			sys.waitFor(t, "/"+logged)
		}
		time.Sleep(2 * decisionlog.FlushInterval) // the sidecar has written its lines
		for _, part := range []stack.Part{stack.Envoy, stack.Extauthz} {
			if strings.Contains(sys.Log(part), secret) {
				t.Errorf("%s's log contains the secret", part)
			}
		}
	}
}

// waitFor waits until Envoy has logged two requests whose path has this suffix.
func (sys *system) waitFor(t *testing.T, end string) {
	t.Helper()
	for deadline := time.Now().Add(busy); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if strings.Count(sys.Log(stack.Envoy), end+`"`) >= 2 {
			return
		}
	}
	t.Errorf("Envoy did not log two requests whose path ends in %s", end)
}

// withoutCertificates returns a client without a certificate.
func withoutCertificates(*testing.T, *system) *http.Client { return http.DefaultClient }

// asBuilder returns a client with the builder's certificate.
func asBuilder(t *testing.T, sys *system) *http.Client {
	t.Helper()
	return &http.Client{Transport: sys.showing(t, issued(t, sys.authority, withURI(t, builder)))}
}
