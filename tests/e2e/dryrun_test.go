package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"extauthz/tests/stack"
)

// triedPush are the requests of a push, after the prefix of a dry run.
var triedPush = [][2]string{
	{http.MethodHead, "/blobs/sha256:" + strings.Repeat("0", 64)},
	{http.MethodPost, "/blobs/uploads/"},
	{http.MethodPatch, "/blobs/uploads/1"},
	{http.MethodPut, "/blobs/uploads/1?digest=sha256:" + strings.Repeat("0", 64)},
	{http.MethodPut, "/manifests/v1"},
}

// pushIsTried tries a push as a user who may push and as one who may not. The registry does not
// have the repository afterwards, and the decision log has each request as a dry run.
func pushIsTried(t *testing.T, sys *system) {
	for user, want := range map[string]struct {
		status                 int
		code, decision, action string
	}{
		"alice":   {http.StatusPreconditionFailed, "DryRunOperation", "allowed", "allowed"},
		"mallory": {http.StatusForbidden, "UnauthorizedOperation", "implicitDeny", "implicitDeny"},
	} {
		for _, r := range triedPush {
			a := sys.request(t, user, r[0], "/dry-run/v2/team/tried"+r[1]).hasStatus(t, want.status)
			if r[0] != http.MethodHead {
				a.hasError(t, want.code)
				if p := a.permissions(t); len(p) < 2 || p[0] != [3]string{"ecr:GetAuthorizationToken", "*", want.action} ||
					p[1][1] != "arn:aws:ecr:eu-central-1:123456789012:repository/team/tried" || p[1][2] != want.action {
					t.Errorf("%s %s as %s: permissions %q", r[0], r[1], user, p)
				}
			}
			soon(t, "the decision log has the dry run", func() bool {
				for _, d := range sys.decisions(t) {
					if d.DecisionID == a.decisionID() {
						return d.DryRun && d.Decision == want.decision
					}
				}
				return false
			})
		}
	}
	sys.request(t, "", http.MethodPut, "/dry-run/v2/team/tried/manifests/v1").hasStatus(t, http.StatusUnauthorized).hasError(t, "UNAUTHORIZED")
	send(t, sys.Address(stack.Registry), "", http.MethodGet, "/v2/team/tried/tags/list", nil).hasStatus(t, http.StatusNotFound)
}

// permissions returns the action, resource and decision of each permission in the detail of the
// only error.
func (a answer) permissions(t *testing.T) (list [][3]string) {
	t.Helper()
	var body struct {
		Errors []struct {
			Detail struct {
				Permissions []struct{ Action, Resource, Decision string }
			}
		}
	}
	if err := json.Unmarshal([]byte(a.body), &body); err != nil || len(body.Errors) != 1 {
		t.Fatalf("body %q is not one OCI error (%v)", a.body, err)
	}
	for _, p := range body.Errors[0].Detail.Permissions {
		list = append(list, [3]string{p.Action, p.Resource, p.Decision})
	}
	return list
}

// dryRunTargets are targets of dry runs, as bytes, and spellings that are similar. alice may do
// everything that they try.
var dryRunTargets = []string{
	"/dry-run/v2/", "/dry-run/v2", "/dry-run/v2/team/app/manifests/v1", "/dry-run/v2/team/app/blobs/uploads/", "/dry-run/v2/team/app/blobs/uploads/1",
	"/dry-run//v2/team/app/manifests/v1", "//dry-run/v2/team/app/manifests/v1", "/dry-run/dry-run/v2/team/app/manifests/v1", "/dry-run/v2//team/app/manifests/v1",
	"/dry%2drun/v2/team/app/manifests/v1", "/dry%2Drun/v2/team/app/manifests/v1", "/%64ry-run/v2/team/app/manifests/v1", "/dry-run%2fv2/team/app/manifests/v1",
	"/DRY-RUN/v2/team/app/manifests/v1", "/Dry-Run/V2/team/app/manifests/v1", "/dry-run?/v2/team/app/manifests/v1", "/dry-run/?/v2/team/app/manifests/v1",
	"/dry-run/v2/team/app/manifests/v1?dry-run=false", "/dry-run/v2/team/app/blobs/uploads/?mount=sha256:" + strings.Repeat("0", 64) + "&from=team/app",
	"/dry-run;/v2/team/app/manifests/v1", "/dry-run/;/v2/team/app/manifests/v1", "/dry-run\\v2/team/app/manifests/v1", "/dry-run/./v2/team/app/manifests/v1",
	"/dry-run/v2/../v2/team/app/manifests/v1", "/dry-run", "/dry-run/", "/dry-runv2/", "/dry-run/v2team/app/manifests/v1",
	"http://localhost/dry-run/v2/team/app/manifests/v1", "http://localhost//dry-run/v2/team/app/manifests/v1", "http://localhost/dry-run//v2/team/app/manifests/v1",
}

// dryRunIsNotForwarded sends dry runs as bytes, through an Envoy that cleans paths and through one
// that forwards everything to the upstream. The upstream receives only the requests that are not
// dry runs.
func dryRunIsNotForwarded(t *testing.T, _ *system) {
	for name, spec := range map[string]setup{"safe": safe(t), "lax": lax(t)} {
		t.Run(name, func(t *testing.T) {
			sys, upstream := recordingOf(t, spec)
			tried := 0
			for _, target := range dryRunTargets {
				for _, method := range []string{"GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"} {
					status := statusOf(exchangeOne(t, sys.Address(stack.Envoy), method, dryRunBytes(method, target)))
					switch {
					case strings.HasPrefix(status, "2"):
						t.Errorf("%s %s: status %s", method, target, status)
					case status == "412":
						tried++
					}
				}
			}
			if seen := upstream.all(); len(seen) > 0 {
				t.Errorf("the upstream received %d requests, the first of them\n%s", len(seen), seen[0])
			}
			if tried < 10 {
				t.Errorf("%d dry runs would succeed, want at least 10", tried)
			}
			for _, target := range []string{"/v2/", "/v2/team/app/manifests/v1", "/v2/team/app/manifests/dry-run"} {
				if status := statusOf(exchangeOne(t, sys.Address(stack.Envoy), "GET", dryRunBytes("GET", target))); status != "200" {
					t.Errorf("GET %s: status %s", target, status)
				}
			}
			if seen := upstream.all(); len(seen) != 3 {
				t.Errorf("the upstream received %d requests, want 3", len(seen))
			}
		})
	}
}

// dryRunBytes returns a request of alice with a target.
func dryRunBytes(method, target string) []byte {
	return fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
		method, target, base64.StdEncoding.EncodeToString([]byte("alice:alice-secret")))
}
