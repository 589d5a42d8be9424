package policystoretest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"extauthz/decision"
	"extauthz/policystore"
	"extauthz/policystore/directory/directorytest"
)

// StoreOfIssuers returns a store with three issuers, after it has requested their keys. A
// server at host has the keys of the issuer "good" and fails for those of "bad". Envoy
// verifies the tokens of "mesh".
func StoreOfIssuers(t testing.TB) (store *policystore.Store, host string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/good" {
			http.Error(w, "no keys here", http.StatusNotFound)
			return
		}
		if _, err := io.WriteString(w, `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	directorytest.Write(t, dir, map[string]string{
		"registries.yaml": "registries:\n- {name: a, hosts: [h], account: \"123456789012\", region: eu-central-1}\n",
		"principals.yaml": "issuers:\n" +
			"- {name: good, issuer: \"https://good.example.com\", jwks: \"" + server.URL + "/good\"}\n" +
			"- {name: bad, issuer: \"https://bad.example.com\", jwks: \"" + server.URL + "/bad\"}\n" +
			"- {name: mesh, issuer: \"https://mesh.example.com\", metadata: mesh}\n",
	})
	store = policystore.New(policystore.Options{Dir: dir, Decision: decision.Options{CacheSize: 16}})
	if err := store.Reload(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Minute); ; time.Sleep(5 * time.Millisecond) {
		sets := store.KeySets()
		if len(sets) == 2 && sets[0].Failures == 1 && sets[1].Keys == 1 {
			return store, strings.TrimPrefix(server.URL, "http://")
		}
		if time.Now().After(deadline) {
			t.Fatalf("key sets %+v", sets)
		}
	}
}
