package metrics

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"extauthz/decision"
	"extauthz/identity/oidc"
	"extauthz/policystore"
)

// TestByHost checks that the oldest load and all failures of a host are reported.
func TestByHost(t *testing.T) {
	early, late := time.Unix(1000, 0), time.Unix(2000, 0)
	got := byHost([]oidc.KeySetStatus{
		{URL: "https://a.example.com/one", Loaded: late, Failures: 1},
		{URL: "https://a.example.com/two?token=s3cret", Loaded: early, Failures: 2},
		{URL: "https://b.example.com:8443/keys", Loaded: late},
		{URL: "https://c.example.com/one", Loaded: late},
		{URL: "https://c.example.com/two"},
	})
	want := map[string]hostKeys{
		"a.example.com": {early, 3}, "b.example.com:8443": {late, 0}, "c.example.com": {time.Time{}, 0},
	}
	if len(got) != len(want) {
		t.Errorf("hosts %v, want %v", got, want)
	}
	for host, h := range want {
		if got[host] != h {
			t.Errorf("%s: %+v, want %+v", host, got[host], h)
		}
	}
}

// threeIssuers returns a policy directory with three issuers: one whose keys can be
// fetched, one whose keys cannot, and one whose tokens Envoy verifies.
func threeIssuers(t *testing.T) (dir, host string) {
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

// loadedStore returns a store of the directory after it has tried to fetch both key sets.
func loadedStore(t *testing.T, dir string) *policystore.Store {
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

// TestKeyMetrics checks the metrics of a host with one key set that cannot be fetched.
func TestKeyMetrics(t *testing.T) {
	dir, host := threeIssuers(t)
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(&collector{sources(loadedStore(t, dir), newLog(t))})
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "extauthz_jwks_") {
			continue
		}
		for _, m := range f.GetMetric() {
			if label := m.GetLabel(); len(label) != 1 || label[0].GetName() != "host" || label[0].GetValue() != host {
				t.Errorf("%s has the labels %v", f.GetName(), label)
			}
			if value := m.GetCounter().GetValue() + m.GetGauge().GetValue(); value != map[string]float64{"extauthz_jwks_failures_total": 1}[f.GetName()] {
				t.Errorf("%s is %v", f.GetName(), value) // one of the two was never loaded
			}
			got = append(got, f.GetName())
		}
	}
	if want := []string{"extauthz_jwks_failures_total", "extauthz_jwks_last_success_timestamp_seconds"}; !slices.Equal(got, want) {
		t.Errorf("metrics %q, want %q", got, want)
	}
}
