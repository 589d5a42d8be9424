package metrics

import (
	"maps"
	"slices"
	"strings"
	"sync"
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
		CertificateExpiry: func() (time.Time, bool) { return time.Unix(2000, 0), true },
		Version:           "v1.2.3", Revision: "abc",
	}
}

// TestNames checks the names that dashboards and alerts depend on.
func TestNames(t *testing.T) {
	store := policystore.New(policystore.Options{Dir: "../examples/quickstart/policies", Decision: decision.Options{CacheSize: 16}})
	if err := store.Reload(); err != nil {
		t.Fatal(err)
	}
	m := New(sources(store, newLog(t)))
	m.Observe(authz.Unavailable("test"), time.Millisecond, "")
	m.Observe(&authz.Result{Decision: authz.Unauthenticated, Source: "basic"}, time.Millisecond, "")
	m.Observe(&authz.Result{Decision: authz.Allowed, DryRun: true}, time.Millisecond, "")
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
		"extauthz_authentication_failures_total",
		"extauthz_break_glass_policies",
		"extauthz_build_info",
		"extauthz_check_duration_seconds", "extauthz_connections_closed_total",
		"extauthz_decision_cache_bypasses_total",
		"extauthz_decision_cache_entries",
		"extauthz_decision_cache_evictions_total",
		"extauthz_decision_cache_hits_total",
		"extauthz_decision_cache_misses_total",
		"extauthz_decision_log_lost_total",
		"extauthz_decisions_total",
		"extauthz_dry_runs_total",
		"extauthz_password_hash_slots",
		"extauthz_password_hashes_running",
		"extauthz_password_hashes_total",
		"extauthz_password_hashes_waiting",
		"extauthz_password_rejections_total",
		"extauthz_policy_generation",
		"extauthz_policy_info",
		"extauthz_policy_last_failure_timestamp_seconds",
		"extauthz_policy_last_reload_success",
		"extauthz_policy_last_reload_timestamp_seconds",
		"extauthz_policy_last_success_timestamp_seconds",
		"extauthz_policy_loaded_timestamp_seconds",
		"extauthz_policy_reload_failures_total",
		"extauthz_tls_certificate_expiry_timestamp_seconds",
	}
	if !slices.Equal(got, want) {
		t.Errorf("metrics = %q; want %q", got, want)
	}
	if len(families) <= len(want)+20 {
		t.Errorf("%d metrics, without those of the process and of Go", len(families))
	}
}

// pull is the result of an allowed pull.
func pull() *authz.Result {
	return &authz.Result{Registry: "main", Operation: "GetManifest", Source: "basic", Decision: authz.Allowed, Evaluations: []authz.Evaluation{{Action: "ecr:GetAuthorizationToken"}, {Action: "ecr:BatchGetImage"}}}
}

// text returns the values of labels in the order of their names.
func text[L interface{ GetValue() string }](labels []L) string {
	var values []string
	for _, label := range labels {
		values = append(values, label.GetValue())
	}
	return strings.Join(values, " ")
}

// TestObserve checks that each check is counted by its labels, also if several are counted at
// the same time.
func TestObserve(t *testing.T) {
	m := New(sources(policystore.New(policystore.Options{}), newLog(t)))
	denied := pull()
	denied.Decision = authz.ExplicitDeny
	denied.Operation, denied.Evaluations[1].Action = "PutManifest", "ecr:PutImage"
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 100 {
				m.Observe(pull(), time.Millisecond, "")
				m.Observe(denied, time.Millisecond, "")
				m.Observe(authz.Unavailable("test"), time.Millisecond, "")
			}
		})
	}
	all.Wait()
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	observed := map[string]uint64{}
	for _, f := range families {
		switch f.GetName() {
		case "extauthz_decisions_total":
			for _, series := range f.GetMetric() {
				got[text(series.GetLabel())] = series.GetCounter().GetValue()
			}
		case "extauthz_check_duration_seconds":
			for _, series := range f.GetMetric() {
				observed[text(series.GetLabel())] = series.GetHistogram().GetSampleCount()
			}
		}
	}
	want := map[string]float64{ // action, decision, operation, registry and source
		"ecr:BatchGetImage allowed GetManifest main basic": 400,
		"ecr:PutImage explicitDeny PutManifest main basic": 400,
		"none unavailable none none none":                  400,
	}
	wantObserved := map[string]uint64{"allowed": 400, "explicitDeny": 400, "unavailable": 400, "implicitDeny": 0, "unauthenticated": 0, "refused": 0}
	if !maps.Equal(got, want) || !maps.Equal(observed, wantObserved) {
		t.Errorf("decisions %v, want %v; durations %v, want %v", got, want, observed, wantObserved)
	}
}

// TestFailureKind checks which checks count as failures of a credential.
func TestFailureKind(t *testing.T) {
	limited := authz.Answer{Status: 429}
	for _, c := range []struct {
		name   string
		result authz.Result
		want   string
	}{
		{"no credential", authz.Result{Decision: authz.Unauthenticated}, ""},
		{"a wrong password", authz.Result{Decision: authz.Unauthenticated, Source: "basic", User: "alice"}, "invalid"},
		{"too many wrong passwords", authz.Result{Decision: authz.Unauthenticated, Source: "basic", Answer: limited}, "rateLimited"},
		{"no keys of an issuer", authz.Result{Decision: authz.Unavailable503, Source: "bearer"}, "unavailable"},
		{"no policies", authz.Result{Decision: authz.Unavailable503}, ""},
		{"a caller who may not log in", authz.Result{Decision: authz.Unauthenticated, Source: "basic", Principal: "arn:aws:iam::123456789012:user/bob"}, ""},
		{"a denial", authz.Result{Decision: authz.ImplicitDeny, Source: "basic", Principal: "arn:aws:iam::123456789012:user/bob"}, ""},
		{"a request that is refused", authz.Result{Decision: authz.Refused, Source: "basic"}, ""},
	} {
		if got := failureKind(&c.result); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestObserveAllocatesNothing checks that counting a check needs no allocation.
func TestObserveAllocatesNothing(t *testing.T) {
	m, r := New(sources(policystore.New(policystore.Options{}), newLog(t))), pull()
	if n := testing.AllocsPerRun(100, func() { m.Observe(r, time.Millisecond, "") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkObserve(b *testing.B) {
	m, r := New(sources(policystore.New(policystore.Options{}), newLog(b))), pull()
	b.ReportAllocs()
	for b.Loop() {
		m.Observe(r, time.Millisecond, "")
	}
}
