package metrics

import (
	"slices"
	"strings"
	"testing"
	"time"

	"extauthz/authz"
	"extauthz/decision"
	"extauthz/decisionlog"
	_ "extauthz/goldentest" // accept -update
	"extauthz/policystore"
)

func newLog(t testing.TB) *decisionlog.Log {
	log := decisionlog.New(decisionlog.Options{Mode: decisionlog.None})
	t.Cleanup(func() { log.Close(t.Context()) })
	return log
}

func sources(store *policystore.Store, log *decisionlog.Log) Sources {
	return Sources{
		Store: store, Cache: &decision.Stats{}, Log: log, ClosedConnections: func() uint64 { return 0 },
		Version: "v1.2.3", Revision: "abc",
	}
}

// TestNames checks the names that dashboards and alerts depend on.
func TestNames(t *testing.T) {
	store := policystore.New(policystore.Options{Dir: "../examples/quickstart/policies", Decision: decision.Options{CacheSize: 16}})
	if err := store.Reload(); err != nil {
		t.Fatal(err)
	}
	m := New(sources(store, newLog(t)))
	m.Observe(authz.Unavailable("test"), time.Millisecond)
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "extauthz_") {
			got = append(got, f.GetName())
		}
	}
	want := []string{
		"extauthz_build_info",
		"extauthz_check_duration_seconds", "extauthz_connections_closed_total",
		"extauthz_decision_cache_entries",
		"extauthz_decision_cache_evictions_total",
		"extauthz_decision_cache_hits_total",
		"extauthz_decision_cache_misses_total",
		"extauthz_decision_log_lost_total",
		"extauthz_decisions_total",
		"extauthz_policy_generation",
		"extauthz_policy_info",
		"extauthz_policy_last_reload_success",
		"extauthz_policy_last_reload_timestamp_seconds",
		"extauthz_policy_reload_failures_total",
	}
	if !slices.Equal(got, want) {
		t.Errorf("metrics = %q; want %q", got, want)
	}
	if len(families) <= len(want)+20 {
		t.Errorf("%d metrics, without those of the process and of Go", len(families))
	}
}

func BenchmarkObserve(b *testing.B) {
	m := New(sources(policystore.New(policystore.Options{}), newLog(b)))
	r := authz.Unavailable("benchmark")
	b.ReportAllocs()
	for b.Loop() {
		m.Observe(r, time.Millisecond)
	}
}
