package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"extauthz/tests/stack"
)

// optioned returns the safe Envoy in front of a registry with another option, which is a line
// of registries.yaml.
func optioned(option string) func(*testing.T) setup {
	return func(t *testing.T) setup {
		t.Helper()
		spec := safe(t)
		spec.Policies = copyPolicies(t, ownPolicies)
		file := filepath.Join(spec.Policies, "registries.yaml")
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		write(t, file, append(text, "  "+option+"\n"...))
		return spec
	}
}

// elsewhere is the safe Envoy in front of a registry with another host.
func elsewhere(t *testing.T) setup {
	t.Helper()
	spec := safe(t)
	spec.Policies = copyPolicies(t, ownPolicies)
	turnInPlace("envoy, localhost, 127.0.0.1", "registry.example.com")(t, filepath.Join(spec.Policies, "registries.yaml"))
	return spec
}

// misdirected checks that every request to a host of no registry is answered 421 with a
// readable reason, with and without a credential.
func misdirected(t *testing.T, sys *system) {
	for _, user := range []string{"", "alice"} {
		for _, path := range []string{"/v2/", "/v2/team/app/manifests/v1", "/v2/_catalog", "/elsewhere"} {
			sys.request(t, user, http.MethodGet, path).hasStatus(t, http.StatusMisdirectedRequest).
				hasError(t, "DENIED", "this host is not a registry served here")
		}
	}
	out, err := sys.command(t, "alice", "digest", sys.through(t, "team/app", "v1").String())
	if err == nil || !strings.Contains(out, "DENIED: this host is not a registry served here") {
		t.Errorf("crane printed %q (%v)", out, err)
	}
}

// oddHosts sends hosts with a port that is not a number, or with a letter that Unicode folds to
// one of the registry's name. Envoy or extauthz refuses each.
func oddHosts(t *testing.T, sys *system) {
	for host, want := range map[string]string{
		"localhost": "200", "LOCALHOST": "200", "localhost:1": "200", "LocalHost:65535": "200",
		"localhost:": "4xx", "localhost:http": "4xx", "localhost:80a": "4xx", "localhost:+80": "4xx", "localhost:65536": "4xx",
		"localhost:80:80": "4xx", "localho\u017ft": "4xx", "localhost.": "4xx", "127.0.0.1:": "4xx", "x@localhost": "4xx",
	} {
		request := "GET /v2/team/app/manifests/v1 HTTP/1.1\r\nHost: " + host + "\r\n" + authorization + "\r\nConnection: close\r\n\r\n"
		expected := hostile{status: want}
		if status := statusOf(exchangeBytes(t, sys.Address(stack.Envoy), []byte(request))); !expected.accepts(status) {
			t.Errorf("host %q: status %q, want %s", host, status, want)
		}
	}
}

// hidden checks that a repository that the caller may not read looks like one that does not
// exist, and that nothing else is hidden.
func hidden(t *testing.T, sys *system) {
	secret := sys.request(t, "bob", http.MethodGet, "/v2/secret/app/manifests/v1").hasStatus(t, http.StatusNotFound)
	secret.hasError(t, "NAME_UNKNOWN", "repository name not known to registry")
	none := sys.request(t, "bob", http.MethodGet, "/v2/no/such/manifests/v1").hasStatus(t, http.StatusNotFound)
	if none.body != strings.ReplaceAll(secret.body, "secret/app", "no/such") {
		t.Errorf("%s of a repository that is there, %s of one that is not", secret.body, none.body)
	}
	head := sys.request(t, "bob", http.MethodHead, "/v2/secret/app/manifests/v1").hasStatus(t, http.StatusNotFound)
	for _, a := range []answer{secret, none, head} {
		if reason, found := a.header["X-Ecr-Authz-Reason"]; found {
			t.Errorf("the answer has the reason %q", reason)
		}
	}
	sys.request(t, "bob", http.MethodPost, "/v2/secret/app/blobs/uploads/").hasStatus(t, http.StatusNotFound)
	sys.request(t, "bob", http.MethodGet, "/v2/secret/app/blobs/"+layer(t, sys.secret)).hasStatus(t, http.StatusNotFound)
	sys.request(t, "", http.MethodGet, "/v2/secret/app/manifests/v1").hasStatus(t, http.StatusUnauthorized)
	sys.request(t, "mallory", http.MethodGet, "/v2/").hasStatus(t, http.StatusUnauthorized)
	pulls(t, sys, "bob", "team/app")
	denied(t, remote.Tag(sys.through(t, "team/app", "refused"), sys.team, as("bob")), "ecr:PutImage", "team/app")

	out, err := sys.command(t, "bob", "digest", sys.through(t, "secret/app", "v1").String())
	if err == nil || strings.Contains(out, "ecr:") || !strings.Contains(out, "404") {
		t.Errorf("crane printed %q (%v)", out, err)
	}
}

// publicHidden is a registry with anonymous pulls of shared/app and an inventory that hides
// all other repositories.
func publicHidden(t *testing.T) setup {
	t.Helper()
	spec := public(t)
	turnInPlace("anonymous: true", "anonymous: true\n  hideExistence: true")(t, filepath.Join(spec.Policies, "registries.yaml"))
	writeInventory(t, spec.Policies, known...)
	return spec
}

// hiddenFromAnonymous checks that an anonymous caller gets the same challenge for a repository
// that exists, that every caller is denied, or that does not exist.
func hiddenFromAnonymous(t *testing.T, sys *system) {
	for _, c := range [][2]string{
		{http.MethodGet, "/manifests/v1"}, {http.MethodHead, "/manifests/v1"}, {http.MethodGet, "/tags/list"},
		{http.MethodPut, "/manifests/v1"}, {http.MethodPost, "/blobs/uploads/"},
	} {
		var answers []string
		for _, repository := range []string{"team/app", "secret/app", "no/such"} {
			a := sys.request(t, "", c[0], "/v2/"+repository+c[1]).hasStatus(t, http.StatusUnauthorized)
			if c[0] != http.MethodHead {
				a.hasBody(t, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":{}}]}`)
			}
			a.header.Del("Date")
			answers = append(answers, strings.ReplaceAll(fmt.Sprint(a.header, a.body), a.decisionID(), "ID"))
		}
		if answers[1] != answers[0] || answers[2] != answers[0] {
			t.Errorf("%s %s distinguishes repositories: %q", c[0], c[1], answers)
		}
	}
	sys.request(t, "", http.MethodGet, "/v2/shared/app/manifests/v1").hasStatus(t, http.StatusOK)
	sys.request(t, "bob", http.MethodGet, "/v2/secret/app/manifests/v1").hasStatus(t, http.StatusNotFound)
}

// denialNamesAction checks that a denial names only the action.
func denialNamesAction(t *testing.T, sys *system) {
	sys.denialIs(t, "not authorized to perform: ecr:BatchGetImage", `{"action":"ecr:BatchGetImage"}`)
	out, err := sys.command(t, "bob", "tag", sys.through(t, "team/app", "v1").String(), "v2")
	if err == nil || !strings.Contains(out, "DENIED: not authorized to perform: ecr:PutImage") || strings.Contains(out, "arn:") {
		t.Errorf("crane printed %q (%v)", out, err)
	}
}

// denialNamesNothing checks that a denial contains no detail.
func denialNamesNothing(t *testing.T, sys *system) {
	sys.denialIs(t, "requested access to the resource is denied", "{}")
	out, err := sys.command(t, "bob", "tag", sys.through(t, "team/app", "v1").String(), "v2")
	if err == nil || !strings.Contains(out, "DENIED: requested access to the resource is denied") || strings.Contains(out, "ecr:") {
		t.Errorf("crane printed %q (%v)", out, err)
	}
}

// denialIs checks everything that a denial, the denial of a HEAD and the answer to a wrong
// password contain, and that the log has the whole reason.
func (sys *system) denialIs(t *testing.T, message, detail string) {
	t.Helper()
	get := sys.request(t, "bob", http.MethodGet, "/v2/secret/app/manifests/v1").hasStatus(t, http.StatusForbidden)
	get.hasBody(t, `{"errors":[{"code":"DENIED","message":"`+message+`","detail":`+detail+`}]}`)
	head := sys.request(t, "bob", http.MethodHead, "/v2/secret/app/manifests/v1").hasStatus(t, http.StatusForbidden)
	for _, a := range []answer{get, head} {
		if got := a.header.Get("X-Ecr-Authz-Reason"); got != message {
			t.Errorf("reason header %q, want %q", got, message)
		}
	}
	sys.request(t, "unknown", http.MethodGet, "/v2/").hasStatus(t, http.StatusUnauthorized).
		hasBody(t, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":{}}]}`)
	soon(t, "the log has the whole reason", func() bool { // the log is written after the answer
		return strings.Contains(sys.Log(stack.Extauthz), "with an explicit deny in a resource-based policy")
	})
}

// hasBody checks the body of an error. The ID of the decision is also in its detail.
func (a answer) hasBody(t *testing.T, body string) {
	t.Helper()
	id := `"decisionId":"` + a.decisionID() + `"`
	if got := strings.Replace(strings.Replace(a.body, id+",", "", 1), id, "", 1); got != body || len(got) == len(a.body) {
		t.Errorf("body %s, want %s with the detail %s", a.body, body, id)
	}
}

// loginCheckedOnce removes the right to log in from a user of a registry that checks it only
// at the login: the login fails, and nothing else changes.
func loginCheckedOnce(t *testing.T, sys *system) {
	sys.request(t, "alice", http.MethodGet, "/v2/").hasStatus(t, http.StatusOK)
	turnInPlace("ecr:GetAuthorizationToken", "ecr:DescribeRegistry")(t, filepath.Join(sys.Policies, "managed", "developers.json"))
	sys.becomes(t, http.StatusUnauthorized, "alice", http.MethodGet, "/v2/")
	sys.request(t, "alice", http.MethodGet, "/v2/team/app/manifests/v1").hasStatus(t, http.StatusOK)
	sys.request(t, "alice", http.MethodPost, "/v2/team/app/blobs/uploads/").hasStatus(t, http.StatusAccepted)
	sys.request(t, "alice", http.MethodGet, "/v2/secret/app/manifests/v1").hasStatus(t, http.StatusForbidden)
}

// becomes sends a request until it is answered with the status.
func (sys *system) becomes(t *testing.T, status int, user, method, path string) answer {
	t.Helper()
	for edited := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		a := sys.request(t, user, method, path)
		if a.status == status || time.Since(edited) > busy {
			return a.hasStatus(t, status)
		}
	}
}
