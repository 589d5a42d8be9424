package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"extauthz/decision"
	"extauthz/policystore"
)

// publish creates a policy directory with three issuers. A server has the keys of one and
// fails for another. Envoy verifies the tokens of the third.
func publish(t *testing.T) (dir, host string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/good" {
			http.Error(w, "no keys here", http.StatusNotFound)
			return
		}
		w.Write([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`))
	}))
	t.Cleanup(server.Close)
	dir = t.TempDir()
	for name, content := range map[string]string{
		"registries.yaml": "registries:\n- {name: a, hosts: [h], account: \"123456789012\", region: eu-central-1}\n",
		"principals.yaml": "issuers:\n" +
			"- {name: good, issuer: \"https://good.example.com\", jwks: \"" + server.URL + "/good\"}\n" +
			"- {name: bad, issuer: \"https://bad.example.com\", jwks: \"" + server.URL + "/bad\"}\n" +
			"- {name: mesh, issuer: \"https://mesh.example.com\", metadata: mesh}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir, strings.TrimPrefix(server.URL, "http://")
}

// settled returns a store with the directory, after it has requested the keys.
func settled(t *testing.T, dir string) *policystore.Store {
	t.Helper()
	store := policystore.New(policystore.Options{Dir: dir, Decision: decision.Options{CacheSize: 16}})
	if err := store.Reload(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Minute); ; time.Sleep(5 * time.Millisecond) {
		sets := store.KeySets()
		if len(sets) == 2 && sets[0].Failures == 1 && sets[1].Keys == 1 {
			return store
		}
		if time.Now().After(deadline) {
			t.Fatalf("key sets %+v", sets)
		}
	}
}

func TestSnapshotShowsIssuers(t *testing.T) {
	dir, _ := publish(t)
	a := &admin{store: settled(t, dir)}
	w := httptest.NewRecorder()
	a.snapshot(w, nil)
	var got struct{ Issuers []issuerView }
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || len(got.Issuers) != 3 {
		t.Fatalf("%s: %v", w.Body, err)
	}
	good, bad, mesh := got.Issuers[0], got.Issuers[1], got.Issuers[2]
	if good.Name != "good" || good.URL != "https://good.example.com" || good.Keys == nil || good.Keys.Usable != 1 || good.Keys.LastLoaded == nil || good.Keys.LastError != "" {
		t.Errorf("good is %+v", good)
	}
	if bad.Keys == nil || bad.Keys.Usable != 0 || bad.Keys.LastLoaded != nil || !strings.Contains(bad.Keys.LastError, "404") || bad.Keys.Failures != 1 {
		t.Errorf("bad is %+v", bad)
	}
	if mesh.Name != "mesh" || mesh.JWKS != "" || mesh.Keys != nil {
		t.Errorf("mesh is %+v", mesh)
	}
}
