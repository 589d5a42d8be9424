package metrics

import (
	"cmp"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"extauthz/authz"
	"extauthz/decision"
	"extauthz/decisionlog"
	"extauthz/policystore"
	"extauthz/signin"
)

// Sources are what a scrape reads.
type Sources struct {
	Store             *policystore.Store
	Cache             *decision.Stats
	Log               *decisionlog.Log
	ClosedConnections func() uint64 // how many connections were closed because of the limit
	// CertificateExpiry returns when the certificate of Envoy's port expires, and false
	// without TLS.
	CertificateExpiry func() (time.Time, bool)
	Version, Revision string        // of the program
	Shadow            *ShadowSource // nil without shadow policies
}

// Metrics are the metrics of one process.
type Metrics struct {
	registry  *prometheus.Registry
	decisions *prometheus.CounterVec
	dryRuns   *prometheus.CounterVec
	failures  *prometheus.CounterVec // of credentials
	duration  prometheus.Histogram
	signIns   *prometheus.CounterVec

	mu       sync.RWMutex // guards counters
	counters map[labels]prometheus.Counter
}

// labels are the labels of a counter in decisions.
type labels struct {
	decision authz.Outcome
	action   string
}

// durationBuckets range from a cached decision to Envoy's timeout, in seconds. A
// password that is not cached takes tens of milliseconds.
var durationBuckets = [...]float64{
	10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 100e-3, 200e-3, 500e-3, 1,
}

// New returns the metrics of checks, of the sources, and of the process.
func New(s Sources) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "extauthz_decisions_total",
			Help: "Answered checks, by decision and by the action that determined it.",
		}, []string{"decision", "action"}),
		dryRuns: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "extauthz_dry_runs_total",
			Help: "Answered dry runs, by the decision that the request would get. They are not among extauthz_decisions_total.",
		}, []string{"decision"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "extauthz_authentication_failures_total",
			Help: "Checks whose credential was not accepted, by the source that found it and by kind: invalid, rateLimited or unavailable. Checks without a credential do not count.",
		}, []string{"source", "kind"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "extauthz_check_duration_seconds",
			Help:    "Time from the arrival of a check to its answer.",
			Buckets: durationBuckets[:],
		}),
		counters: make(map[labels]prometheus.Counter),
	}
	m.signIns = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "extauthz_sign_ins_total",
		Help: "Requests to the token endpoint, by outcome: issued, refreshed, returned, denied, unauthenticated, rateLimited, refused, unavailable or overloaded.",
	}, []string{"outcome"})
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "extauthz_build_info",
		Help:        "Always 1; the labels are the version and the commit of the program.",
		ConstLabels: prometheus.Labels{"version": s.Version, "revision": s.Revision},
	})
	info.Set(1)
	m.registry.MustRegister(m.decisions, m.dryRuns, m.failures, m.duration, m.signIns, info, &collector{s},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if s.Shadow != nil {
		m.registry.MustRegister(&shadowCollector{*s.Shadow})
	}
	return m
}

// noAction is the action label of a request that was answered before any action was
// evaluated.
const noAction = "none"

// Observe counts one answered check.
func (m *Metrics) Observe(r *authz.Result, latency time.Duration) {
	if r.DryRun {
		m.dryRuns.WithLabelValues(r.Decision.String()).Inc()
	} else {
		m.counter(labels{r.Decision, cmp.Or(r.Action(), noAction)}).Inc()
	}
	m.duration.Observe(latency.Seconds())
	if kind := failureKind(r); kind != "" {
		m.failures.WithLabelValues(r.Source, kind).Inc()
	}
}

// ObserveSignIn counts one answered request to sign in.
func (m *Metrics) ObserveSignIn(outcome signin.Outcome) {
	m.signIns.WithLabelValues(string(outcome)).Inc()
}

// failureKind returns why the request's credential was not accepted; "" if it was, or if the
// request has none.
func failureKind(r *authz.Result) string {
	switch {
	case r.Source == "" || r.Principal != "":
		return ""
	case r.Decision == authz.Unavailable503:
		return "unavailable"
	case r.Decision != authz.Unauthenticated:
		return ""
	case r.Answer.Status == http.StatusTooManyRequests:
		return "rateLimited"
	}
	return "invalid"
}

// counter returns the counter with these labels. Finding it in the vector takes longer.
func (m *Metrics) counter(l labels) prometheus.Counter {
	m.mu.RLock()
	counter, found := m.counters[l]
	m.mu.RUnlock()
	if !found {
		counter = m.decisions.WithLabelValues(l.decision.String(), l.action)
		m.mu.Lock()
		m.counters[l] = counter
		m.mu.Unlock()
	}
	return counter
}

// Handler serves the metrics over HTTP.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}
