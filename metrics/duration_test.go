package metrics

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"extauthz/authz"
	"extauthz/policystore"
)

// scrape returns what the handler serves to a client that accepts a format.
func scrape(t *testing.T, m *Metrics, accept string) string {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// TestExemplars checks that the histogram of an outcome has the trace of a sampled check, and
// that checks without a sampled trace leave none.
func TestExemplars(t *testing.T) {
	m := New(sources(policystore.New(policystore.Options{}), newLog(t)))
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	m.Observe(pull(), 3*time.Millisecond, trace)
	m.Observe(authz.Unavailable("test"), 3*time.Millisecond, "")
	const series = `extauthz_check_duration_seconds_bucket{decision="allowed",le="0.005"} 1 # {trace_id="` + trace + `"} 0.003 `
	exemplars := 0
	for lines := bufio.NewScanner(strings.NewReader(scrape(t, m, "application/openmetrics-text; version=1.0.0"))); lines.Scan(); {
		if strings.Contains(lines.Text(), "trace_id") {
			exemplars++
			if !strings.HasPrefix(lines.Text(), series) {
				t.Errorf("exemplar %s, want %s", lines.Text(), series)
			}
		}
	}
	if exemplars != 1 {
		t.Errorf("%d exemplars, want 1", exemplars)
	}
	if text := scrape(t, m, "text/plain"); strings.Contains(text, trace) || !strings.Contains(text, `extauthz_check_duration_seconds_bucket{decision="allowed",le="0.005"} 1`+"\n") {
		t.Error("the text format has an exemplar, or no histogram")
	}
}

// TestNativeHistogram checks that the histogram has native buckets and classic ones.
func TestNativeHistogram(t *testing.T) {
	m := New(sources(policystore.New(policystore.Options{}), newLog(t)))
	m.Observe(pull(), 3*time.Millisecond, "")
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "extauthz_check_duration_seconds" {
			continue
		}
		for _, series := range f.GetMetric() {
			if h := series.GetHistogram(); text(series.GetLabel()) == "allowed" && (len(h.GetPositiveSpan()) != 1 || len(h.GetBucket()) != len(durationBuckets)) {
				t.Errorf("%d native spans and %d classic buckets", len(h.GetPositiveSpan()), len(h.GetBucket()))
			}
		}
		return
	}
	t.Error("no histogram")
}
