package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"extauthz/tests/stack"
)

// hiddenTag is a tag of secret/app that no request names.
const hiddenTag = "a-tag-for-insiders"

// hostileSystem is a system whose alice may do everything but to secret/app,
// with the images that the sheet's requests are about.
func hostileSystem(t *testing.T, spec setup) *system {
	t.Helper()
	spec.Policies = copyPolicies(t, ownPolicies)
	harsh, err := os.ReadFile(filepath.Join("testdata", "everything-but-the-secret.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(spec.Policies, "managed", "developers.json"), harsh, 0o644); err != nil {
		t.Fatal(err)
	}
	sys := newSystem(t, spec)
	if spec.Upstream != "" {
		return sys
	}
	for _, tag := range []string{"v2", hiddenTag} {
		if err := remote.Tag(sys.behind(t, "secret/app", tag), sys.secret); err != nil {
			t.Fatal(err)
		}
	}
	if err := remote.Write(sys.behind(t, "public/app", "v1"), sys.team); err != nil {
		t.Fatal(err)
	}
	return sys
}

// sheetThroughSafe and sheetThroughLax send the sheet through either Envoy, and
// sheetThroughText through one that shows headers as text.
func sheetThroughSafe(t *testing.T, _ *system) { sendSheet(t, hostileSystem(t, safe(t)), false) }
func sheetThroughLax(t *testing.T, _ *system)  { sendSheet(t, hostileSystem(t, lax(t)), true) }
func sheetThroughText(t *testing.T, _ *system) { sendSheet(t, hostileSystem(t, laxText(t)), true) }

// sendSheet sends every request that the mapping's tests keep and every one
// that such a sheet cannot hold. No answer gives anything of secret/app away,
// and nothing of it is in another repository afterwards. An Envoy that helps
// with nothing shows that the refusals are extauthz's own. Sent to the registry
// itself, many of the requests do give the secret away, or this would show
// nothing.
func sendSheet(t *testing.T, sys *system, strict bool) {
	s, leaks := sys.secrets(t), 0
	for _, row := range readSheet(t, sys) {
		request := row.bytes(t, sys, sys.Address(stack.Envoy))
		got := exchangeOne(t, sys.Address(stack.Envoy), row.method, request)
		if told := s.toldBy(got, request); told != "" {
			t.Errorf("%s gave %q away:\n%s", &row, told, got)
		}
		if status := statusOf(got); strict && !row.accepts(status) {
			t.Errorf("%s (%s): status %q:\n%.400s", &row, row.expected, status, got)
		}
		if row.writes() {
			for _, name := range append(row.asksAbout(), "att/x") {
				sys.secretNotServed(t, name, row.String())
			}
		}
		if row.method == http.MethodGet && s.toldBy(exchangeOne(t, sys.Address(stack.Registry), row.method, request), request) != "" {
			leaks++
		}
	}
	if leaks < 30 {
		t.Errorf("the registry itself gave the secret away to %d requests, want at least 30", leaks)
	}
	sys.sendRaw(t, s)
	for _, name := range sys.catalog(t) {
		sys.secretNotServed(t, name, "in the end")
	}
	sys.hasBlob(t, "secret/app", layer(t, sys.secret), true)
	sys.request(t, "admin", http.MethodGet, "/v2/secret/app/tags/list").hasStatus(t, http.StatusOK).hasText(t, hiddenTag)
}

// wantsIn checks that the answer's body holds the text.
func (a answer) hasText(t *testing.T, text string) {
	t.Helper()
	if !strings.Contains(a.body, text) {
		t.Errorf("body %q lacks %q", a.body, text)
	}
}

// accepts says whether an Envoy that helps with nothing may answer so: what the
// mapping refuses is refused by one or the other, what is sent to another host
// is misdirected, and what needs a permission on secret/app is denied.
func (r *sheetRow) accepts(status string) bool {
	switch {
	case r.expected == "deny":
		return status == "" || strings.HasPrefix(status, "4") || status == "501"
	case r.has("host"):
		return status == "421"
	case r.needsSecret():
		return status == "403"
	}
	return status != "" && status != "403" && status != "421"
}

// secrets are texts that nobody but insiders knows.
type secrets []string

// secrets are those of secret/app: bytes of its layer, configuration and
// manifest, their digests, and a tag.
func (sys *system) secrets(t *testing.T) secrets {
	t.Helper()
	config, err := sys.secret.ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	return secrets{marker, hiddenTag, config.Hex, hexOf(layer(t, sys.secret)), hexOf(digest(t, sys.secret))}
}

// toldBy is a secret that the answer tells, "" if none. An error may repeat what
// the request held; a success that does so confirms it.
func (s secrets) toldBy(answer, request []byte) string {
	for _, secret := range s {
		known := bytes.Contains(request, []byte(secret)) && !strings.HasPrefix(statusOf(answer), "2")
		if !known && bytes.Contains(answer, []byte(secret)) {
			return secret
		}
	}
	return ""
}

// secretNotServed checks that the registry serves nothing of secret/app from
// another repository.
func (sys *system) secretNotServed(t *testing.T, repository, after string) {
	t.Helper()
	if repository == "secret/app" {
		return
	}
	for _, path := range []string{"/blobs/" + layer(t, sys.secret), "/manifests/" + digest(t, sys.secret)} {
		if a := send(t, sys.Address(stack.Registry), "", http.MethodHead, "/v2/"+repository+path, nil); a.status < 400 {
			t.Errorf("%s: %s%s has status %d", after, repository, path, a.status)
		}
	}
}

// catalog is every repository that the registry has.
func (sys *system) catalog(t *testing.T) []string {
	t.Helper()
	var list struct{ Repositories []string }
	a := send(t, sys.Address(stack.Registry), "", http.MethodGet, "/v2/_catalog?n=1000", nil).hasStatus(t, http.StatusOK)
	if err := json.Unmarshal([]byte(a.body), &list); err != nil || !slices.Contains(list.Repositories, "public/app") {
		t.Fatalf("repositories %q (%v), want public/app among them", list.Repositories, err)
	}
	return list.Repositories
}
