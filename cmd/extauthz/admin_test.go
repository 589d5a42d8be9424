package main

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"extauthz/authz"
	"extauthz/decision"
	"extauthz/decisionlog"
	"extauthz/policystore"
)

// parts is an admin and metrics over a store that has loaded the quickstart.
func parts(t *testing.T) (*admin, *metrics) {
	t.Helper()
	stats := &decision.Stats{}
	store := policystore.New(policystore.Options{Dir: quickstart, Decision: decision.Options{CacheSize: 16, Stats: stats}})
	if err := store.Reload(); err != nil {
		t.Fatal(err)
	}
	log := decisionlog.New(decisionlog.Options{Mode: decisionlog.None})
	t.Cleanup(func() { log.Close(t.Context()) })
	m := newMetrics(&collector{store: store, cache: stats, log: log, listeners: &listeners{}}, build{version: "v1.2.3", revision: "abc"})
	return &admin{ready: &readiness{snapshot: store.Snapshot}, store: store, metrics: m.handler()}, m
}

// TestAdminRefusesOtherHosts holds that a page in a browser on this machine
// cannot read the admin listener under a name of its own (DNS rebinding).
func TestAdminRefusesOtherHosts(t *testing.T) {
	a, _ := parts(t)
	for host, want := range map[string]int{"127.0.0.1:9192": 200, "localhost:9192": 200, "evil.example:9192": 403, "192.0.2.1": 403} {
		for _, path := range []string{"/snapshot", "/debug/pprof/", "/metrics"} {
			r, w := httptest.NewRequest(http.MethodGet, path, nil), httptest.NewRecorder()
			r.Host = host
			a.handler(true).ServeHTTP(w, r)
			if w.Code != want {
				t.Errorf("Host %s, %s: status %d; want %d", host, path, w.Code, want)
			}
		}
	}
	r, w := httptest.NewRequest(http.MethodGet, "/readyz", nil), httptest.NewRecorder()
	r.Host = "10.1.2.3:8080"
	a.probeHandler().ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Errorf("a kubelet's probe: status %d; want 200", w.Code)
	}
}

func TestAdminMethodsAndProfiles(t *testing.T) {
	a, _ := parts(t)
	for _, c := range []struct {
		method, path string
		profiles     bool
		want         int
	}{
		{"GET", "/snapshot", false, 200},
		{"POST", "/snapshot", false, 405},
		{"DELETE", "/metrics", false, 405},
		{"HEAD", "/livez", false, 200},
		{"GET", "/debug/pprof/", false, 404},
		{"GET", "/debug/pprof/heap", true, 200},
		{"GET", "/debug/pprof/cmdline", true, 200},
		{"GET", "/", true, 404},
	} {
		r, w := httptest.NewRequest(c.method, c.path, nil), httptest.NewRecorder()
		r.Host = "localhost"
		a.handler(c.profiles).ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s %s, profiles %v: status %d; want %d", c.method, c.path, c.profiles, w.Code, c.want)
		}
	}
}

// TestMetricNames holds the names that dashboards and alerts are built on.
func TestMetricNames(t *testing.T) {
	_, m := parts(t)
	m.observe(authz.Unavailable("test"), time.Millisecond)
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
		t.Errorf("%d metrics in all; those of the process and of Go are missing", len(families))
	}
}

// TestMetricLabelsAreBounded holds that no text of a request makes a series.
func TestMetricLabelsAreBounded(t *testing.T) {
	p := start(t, nil)
	conn := p.dial(t)
	for _, path := range []string{"/v2/a/manifests/b", "/v2/c/manifests/d", "/x", "/v2/e/blobs/f?g=h", "/v2/team/app/manifests/v1"} {
		for _, method := range []string{"GET", "PUT", "BREW"} {
			check(t, conn, method, path, as("bob"))
		}
	}
	_, metrics := get(t, p.admin, "/metrics")
	series := 0
	for line := range strings.Lines(metrics) {
		if !strings.HasPrefix(line, "extauthz_decisions_total{") {
			continue
		}
		series++
		action, _, _ := strings.Cut(strings.TrimPrefix(line, `extauthz_decisions_total{action="`), `"`)
		if action != noAction && !strings.HasPrefix(action, "ecr:") {
			t.Errorf("series %s", line)
		}
	}
	if series < 3 || series > 6 {
		t.Errorf("%d series; want one for each decision and action", series)
	}
}

func BenchmarkObserve(b *testing.B) {
	m := newMetrics(&collector{store: policystore.New(policystore.Options{}), listeners: &listeners{}, cache: &decision.Stats{},
		log: decisionlog.New(decisionlog.Options{Mode: decisionlog.None})}, build{})
	r := authz.Unavailable("benchmark")
	b.ReportAllocs()
	for b.Loop() {
		m.observe(r, time.Millisecond)
	}
}
