package metrics

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"extauthz/decision"
	"extauthz/identity/oidc"
	"extauthz/policystore"
	"extauthz/policystore/directory/directorytest"
	"extauthz/policystore/policystoretest"
	"extauthz/upstream"
)

// TestByHost checks that the oldest load and all failures of a host are reported.
func TestByHost(t *testing.T) {
	early, late := time.Unix(1000, 0), time.Unix(2000, 0)
	got := byHost(keySetFetches([]oidc.KeySetStatus{
		{URL: "https://a.example.com/one", Loaded: late, Failures: 1},
		{URL: "https://a.example.com/two?token=s3cret", Loaded: early, Failures: 2},
		{URL: "https://b.example.com:8443/keys", Loaded: late},
		{URL: "https://c.example.com/one", Loaded: late},
		{URL: "https://c.example.com/two"},
	}))
	want := map[string]fetches{
		"a.example.com": {last: early, failures: 3}, "b.example.com:8443": {last: late}, "c.example.com": {},
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

func TestRealmFetches(t *testing.T) {
	got := byHost(realmFetches([]upstream.RealmStatus{{URL: "https://a.example.com/token?key=s3cret", Issued: time.Unix(1, 0), Failures: 2}}))
	if len(got) != 1 || got["a.example.com"] != (fetches{last: time.Unix(1, 0), failures: 2}) {
		t.Errorf("hosts %v", got)
	}
}

// TestKeyMetrics checks the metrics of a host with one key set that cannot be fetched.
func TestKeyMetrics(t *testing.T) {
	store, host := policystoretest.StoreOfIssuers(t)
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(&collector{sources(store, newLog(t))})
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

// TestFailureInfo checks that the class of the last load that failed is reported, also after a
// load that succeeded.
func TestFailureInfo(t *testing.T) {
	dir := t.TempDir()
	store := policystore.New(policystore.Options{Dir: dir, Decision: decision.Options{CacheSize: 16}})
	for _, step := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"no load", nil, ""},
		{"an empty directory", map[string]string{}, "invalid"},
		{"valid policies", map[string]string{"registries.yaml": "registries:\n- {name: a, hosts: [h], account: \"123456789012\", region: eu-central-1}\n", "principals.yaml": "principals:\n- {arn: 'arn:aws:iam::123456789012:user/alice'}\n"}, "invalid"},
	} {
		if step.files != nil {
			directorytest.Write(t, dir, step.files)
			_ = store.Reload() // the metric says why it failed
		}
		text := scrape(t, New(sources(store, newLog(t))), "text/plain")
		if got := strings.Contains(text, "extauthz_policy_last_failure_info{"); got != (step.want != "") || got && !strings.Contains(text, `extauthz_policy_last_failure_info{class="`+step.want+`"} 1`) {
			t.Errorf("%s: the class is not %q", step.name, step.want)
		}
	}
	if store.Snapshot() == nil {
		t.Error("valid policies are not in force")
	}
}
