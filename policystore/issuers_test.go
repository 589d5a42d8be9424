package policystore

import (
	"bytes"
	"encoding/pem"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"extauthz/identity"
	"extauthz/policystore/directory/directorytest"
)

// keyServer serves the key set of a signer, and counts the requests.
func keyServer(t *testing.T, s signer) (server *httptest.Server, requests *atomic.Int64) {
	t.Helper()
	requests = new(atomic.Int64)
	text := s.jwks(t)
	server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		w.Write([]byte(text))
	}))
	t.Cleanup(server.Close)
	return server, requests
}

// published returns the whole directory with the keys of the issuer ci on a server.
func published(t *testing.T, s signer, server *httptest.Server) map[string]string {
	t.Helper()
	d := whole(t, s)
	d["principals.yaml"] = strings.Replace(d["principals.yaml"], "jwks: jwks/ci.json", "jwks: "+server.URL+"\n  ca: ca/ci.pem", 1)
	d["principals.yaml"] = strings.Replace(d["principals.yaml"], "  jwks: https://lab.example.com/keys\n  ca: ca/lab.pem\n", "  metadata: lab\n", 1)
	delete(d, "jwks/ci.json")
	d["ca/ci.pem"] = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	return d
}

// identifies reports whether the snapshot in force identifies the caller of a token.
func identifies(t *testing.T, s *Store, token string) bool {
	t.Helper()
	snapshot := s.Snapshot()
	caller, failure := snapshot.Callers.Authenticate(t.Context(), &snapshot.RegistryNamed("a").Authentication, bearer(token))
	return caller != nil && failure == nil && caller.Issuer == "ci" && caller.KeyID == "k1"
}

// TestKeysOutliveSnapshots checks that keys from a URL are fetched once for all snapshots
// that refer to the URL, and are dropped when no snapshot refers to it.
func TestKeysOutliveSnapshots(t *testing.T) {
	key := newSigner(t)
	server, requests := keyServer(t, key)
	d := published(t, key, server)
	s, dir := newStore(t, d)
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	token := key.token(t, claims(nil))
	if !identifies(t, s, token) {
		t.Fatal("the token is not accepted")
	}
	server.Close() // the issuer is down from here on
	for i := range 3 {
		write(t, dir, "managed/pull.json", pullOnly+strings.Repeat("\n", i+1))
		if err := s.Reload(); err != nil {
			t.Fatal(err)
		}
		if !identifies(t, s, token) {
			t.Fatalf("after reload %d the token is not accepted", i)
		}
	}
	if s.Status().Generation != 4 || requests.Load() != 1 {
		t.Errorf("generation %d, %d requests for keys, want 4 and 1", s.Status().Generation, requests.Load())
	}
	if got := s.KeySets(); len(got) != 1 || got[0].URL != server.URL || got[0].Keys != 1 {
		t.Errorf("key sets %+v", got)
	}
	write(t, dir, "principals.yaml", strings.Replace(d["principals.yaml"], "jwks: "+server.URL+"\n  ca: ca/ci.pem", "metadata: ci", 1))
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	if got := s.KeySets(); len(got) != 0 || identifies(t, s, token) {
		t.Errorf("key sets that no issuer refers to: %+v", got)
	}
}

// TestRefusedDirectoryKeepsTheKeys checks that a directory with faults does not drop keys.
func TestRefusedDirectoryKeepsTheKeys(t *testing.T) {
	key := newSigner(t)
	server, _ := keyServer(t, key)
	d := published(t, key, server)
	s, dir := newStore(t, d)
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "principals.yaml", strings.Replace(d["principals.yaml"], server.URL, "https://other.example.com/keys", 1)+"x: y\n")
	if err := s.Reload(); err == nil {
		t.Fatal("the directory is not refused")
	}
	if !identifies(t, s, key.token(t, claims(nil))) {
		t.Error("the token is no longer accepted")
	}
}

// TestUnavailableKeys checks that the directory loads if keys cannot be fetched, and that a
// token then fails in a way that can be tried again.
func TestUnavailableKeys(t *testing.T) {
	key := newSigner(t)
	server, _ := keyServer(t, key)
	for name, change := range map[string]func(map[string]string){
		"down":              func(map[string]string) { server.Close() },
		"another authority": func(d map[string]string) { d["ca/ci.pem"] = authority(t) },
	} {
		t.Run(name, func(t *testing.T) {
			d := published(t, key, server)
			change(d)
			s, _ := newStore(t, d)
			if err := s.Reload(); err != nil {
				t.Fatal(err)
			}
			snapshot := s.Snapshot()
			token := key.token(t, claims(nil))
			caller, failure := snapshot.Callers.Authenticate(t.Context(), &snapshot.RegistryNamed("a").Authentication, bearer(token))
			if caller != nil || failure == nil || failure.Kind != identity.Unavailable {
				t.Errorf("caller %v, failure %v", caller, failure)
			}
			if failure != nil && strings.Contains(failure.Error(), token[:40]) {
				t.Error("the failure contains the token")
			}
			if got := s.KeySets(); len(got) != 1 || got[0].Failures == 0 || got[0].LastError == "" || got[0].Keys != 0 {
				t.Errorf("key sets %+v", got)
			}
		})
	}
}

func TestIssuers(t *testing.T) {
	s, err := load(t, whole(t, newSigner(t)))
	if err != nil {
		t.Fatal(err)
	}
	want := []IssuerStatus{
		{Name: "ci", URL: "https://ci.example.com", JWKS: "jwks/ci.json"},
		{Name: "lab", URL: "https://lab.example.com", JWKS: "https://lab.example.com/keys"},
		{Name: "mesh", URL: "https://mesh.example.com", Metadata: "mesh"},
	}
	if got := s.Issuers(); !slices.Equal(got, want) {
		t.Errorf("issuers %+v, want %+v", got, want)
	}
}

// TestLastGoodStays checks that the last good snapshot stays in force while a file has a
// fault, and that a reload finds the fixed file.
func TestLastGoodStays(t *testing.T) {
	key := newSigner(t)
	good := whole(t, key)
	s, dir := newStore(t, good)
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	first, token := s.Snapshot(), key.token(t, claims(nil))
	failures := uint64(0)
	for _, c := range []struct{ name, path, content string }{
		{"a pattern that cannot be compiled", "principals.yaml", strings.Replace(good["principals.yaml"], "{name}\"", "{name\"", 1)},
		{"patterns that overlap", "principals.yaml", strings.Replace(good["principals.yaml"], "- dns: build", "- uri: \"spiffe://{x}/ns/{y}/sa/{z}\"\n  principal: codebuild.amazonaws.com\n- dns: build", 1)},
		{"a role that does not exist", "principals.yaml", strings.Replace(good["principals.yaml"], "role: arn:aws:iam::123456789012:role/team/ci", "role: arn:aws:iam::123456789012:role/ci", 1)},
		{"keys that are not JSON", "jwks/ci.json", "garbage"},
		{"a trust policy that is not JSON", "trust/ci.json", "garbage"},
		{"an authority that is not PEM", "ca/lab.pem", "garbage"},
		{"a registry without sources", "registries.yaml", strings.Replace(good["registries.yaml"], "name: a", "name: a, sources: []", 1)},
		{"an organization that is not a mapping", "organization.yaml", "garbage"},
	} {
		t.Run(c.name, func(t *testing.T) {
			write(t, dir, c.path, c.content)
			if err := s.Reload(); err == nil || !strings.Contains(err.Error(), c.path) {
				t.Errorf("error %v, want one in %s", err, c.path)
			}
			if failures++; s.Status().Failures != failures || s.Snapshot() != first || !identifies(t, s, token) {
				t.Errorf("%d failures, the snapshot is %p", s.Status().Failures, s.Snapshot())
			}
			if c.path == "organization.yaml" {
				remove(t, dir, c.path)
			} else {
				write(t, dir, c.path, good[c.path])
			}
			if err := s.Reload(); err != nil || s.Snapshot() != first {
				t.Errorf("fixed: %v", err)
			}
		})
	}
}

// TestLogOfIssuers checks that the log contains the number of issuers, and no secret.
func TestLogOfIssuers(t *testing.T) {
	var log bytes.Buffer
	dir := t.TempDir()
	directorytest.Write(t, dir, whole(t, newSigner(t)))
	s := New(Options{Dir: dir, Decision: options(), Poll: time.Hour, Logger: slog.New(slog.NewJSONHandler(&log, nil))})
	s.kept.keys = offline() // the log is for one goroutine here
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	if want := `"issuers":3`; !strings.Contains(log.String(), want) {
		t.Errorf("the log does not contain %s: %s", want, log.String())
	}
	if strings.Contains(log.String(), "$2a$") {
		t.Error("the log contains a hash")
	}
}
