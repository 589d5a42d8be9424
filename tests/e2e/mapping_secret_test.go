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

// hiddenTag is a tag of secret/app that occurs in no request.
const hiddenTag = "a-tag-for-insiders"

// hostileSystem is a system in which alice may do everything except in secret/app, with the
// images that the cases refer to.
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

// casesThroughSafe, casesThroughLax and casesThroughText send the mapping's cases through one of
// three Envoys; the last sends headers as text in its checks.
func casesThroughSafe(t *testing.T, _ *system) { sendCases(t, hostileSystem(t, safe(t)), false) }
func casesThroughLax(t *testing.T, _ *system)  { sendCases(t, hostileSystem(t, lax(t)), true) }
func casesThroughText(t *testing.T, _ *system) { sendCases(t, hostileSystem(t, laxText(t)), true) }

// sendCases sends every request of the mapping's cases and the raw requests. No answer reveals
// anything of secret/app, and no other repository contains any of it afterwards. The Envoy
// that refuses nothing itself shows that the refusals come from extauthz. To show that the
// test can fail, many of the requests reveal the secret when they are sent to the registry
// directly.
func sendCases(t *testing.T, sys *system, strict bool) {
	s, leaks := sys.secrets(t), 0
	for _, row := range readCases(t, sys) {
		request := row.bytes(t, sys, sys.Address(stack.Envoy))
		got := exchangeOne(t, sys.Address(stack.Envoy), row.method, request)
		if revealed := s.revealedBy(got, request); revealed != "" {
			t.Errorf("%s revealed %q:\n%s", &row, revealed, got)
		}
		if status := statusOf(got); strict && !row.accepts(status) {
			t.Errorf("%s (%s): status %q:\n%.400s", &row, row.expected, status, got)
		}
		if row.writes() {
			for _, name := range append(row.repositories(), "att/x") {
				sys.secretNotServed(t, name, row.String())
			}
		}
		if row.method == http.MethodGet && s.revealedBy(exchangeOne(t, sys.Address(stack.Registry), row.method, request), request) != "" {
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

// hasText checks that the answer's body contains the text.
func (a answer) hasText(t *testing.T, text string) {
	t.Helper()
	if !strings.Contains(a.body, text) {
		t.Errorf("body %q lacks %q", a.body, text)
	}
}

// accepts reports whether the status is right for an Envoy that refuses nothing itself: a
// request that the mapping refuses is refused, a request to another host is misdirected, and
// a request that needs a permission on secret/app is denied.
func (r *mappingCase) accepts(status string) bool {
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

// secrets are texts that no answer may contain.
type secrets []string

// secrets returns the secrets of secret/app: bytes of its layer, configuration and manifest,
// their digests, and a tag.
func (sys *system) secrets(t *testing.T) secrets {
	t.Helper()
	config, err := sys.secret.ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	return secrets{marker, hiddenTag, config.Hex, hexOf(layer(t, sys.secret)), hexOf(digest(t, sys.secret))}
}

// revealedBy returns a secret that the answer contains, "" if none. An error may repeat parts of
// the request; a success that does so confirms them.
func (s secrets) revealedBy(answer, request []byte) string {
	for _, secret := range s {
		known := bytes.Contains(request, []byte(secret)) && !strings.HasPrefix(statusOf(answer), "2")
		if !known && bytes.Contains(answer, []byte(secret)) {
			return secret
		}
	}
	return ""
}

// secretNotServed checks that the registry serves nothing of secret/app from another
// repository.
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

// catalog returns every repository of the registry.
func (sys *system) catalog(t *testing.T) []string {
	t.Helper()
	var list struct{ Repositories []string }
	a := send(t, sys.Address(stack.Registry), "", http.MethodGet, "/v2/_catalog?n=1000", nil).hasStatus(t, http.StatusOK)
	if err := json.Unmarshal([]byte(a.body), &list); err != nil || !slices.Contains(list.Repositories, "public/app") {
		t.Fatalf("repositories %q (%v), want public/app among them", list.Repositories, err)
	}
	return list.Repositories
}
