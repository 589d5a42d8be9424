package metrics

import (
	"net/http"
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
	Traces            *TraceSource  // nil without traces
}

// Metrics are the metrics of one process.
type Metrics struct {
	registry  *prometheus.Registry
	decisions *decisions
	dryRuns   *prometheus.CounterVec
	failures  *prometheus.CounterVec // of credentials
	durations *durations
	signIns   *prometheus.CounterVec
}

// New returns the metrics of checks, of the sources, and of the process.
func New(s Sources) *Metrics {
	m := &Metrics{
		registry:  prometheus.NewRegistry(),
		decisions: newDecisions(),
		durations: newDurations(),
		dryRuns: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "extauthz_dry_runs_total",
			Help: "Answered dry runs, by the decision that the request would get. They are not among extauthz_decisions_total.",
		}, []string{"decision"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "extauthz_authentication_failures_total",
			Help: "Checks whose credential was not accepted, by the source that found it and by kind: invalid, rateLimited or unavailable. Checks without a credential do not count.",
		}, []string{"source", "kind"}),
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
	m.registry.MustRegister(m.decisions.vector, m.dryRuns, m.failures, m.durations.vector, m.signIns, info, &collector{s},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if s.Shadow != nil {
		m.registry.MustRegister(&shadowCollector{*s.Shadow})
	}
	if s.Traces != nil {
		m.registry.MustRegister(&traceCollector{*s.Traces})
	}
	return m
}

// Observe counts one answered check. traceID is that of its trace, if the trace is sampled, and
// otherwise "".
func (m *Metrics) Observe(r *authz.Result, latency time.Duration, traceID string) {
	if r.DryRun {
		m.dryRuns.WithLabelValues(r.Decision.String()).Inc()
	} else {
		m.decisions.counter(labelsOf(r)).Inc()
	}
	m.durations.observe(r.Decision, latency, traceID)
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

// Handler serves the metrics over HTTP, in the format that the client prefers. Only OpenMetrics
// and protobuf have exemplars, and only protobuf has native histograms.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry, EnableOpenMetrics: true})
}
