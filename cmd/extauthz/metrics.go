package main

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"extauthz/authz"
)

// durationBuckets go from a cached decision to Envoy's patience, in seconds.
// A password that is checked anew takes tens of milliseconds.
var durationBuckets = [...]float64{
	10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 100e-3, 200e-3, 500e-3, 1,
}

// noAction is the action label of a request that was answered before any
// action was asked about.
const noAction = "none"

// metrics counts checks. Labels come from the mapping's own words and never
// from a request's text, so that no client can make series.
type metrics struct {
	registry  *prometheus.Registry
	decisions *prometheus.CounterVec
	duration  prometheus.Histogram
}

// newMetrics returns a registry of its own, with what the collector reads and
// the metrics of the process in it.
func newMetrics(c *collector, b build) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "extauthz_decisions_total",
			Help: "Checks answered, by decision and by the action that settled it.",
		}, []string{"decision", "action"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "extauthz_check_duration_seconds",
			Help:    "Time from a check's arrival to its answer.",
			Buckets: durationBuckets[:],
		}),
	}
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "extauthz_build_info",
		Help:        "Always 1; the labels say how the binary was built.",
		ConstLabels: prometheus.Labels{"version": b.version, "revision": b.revision},
	})
	info.Set(1)
	m.registry.MustRegister(m.decisions, m.duration, info, c,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// observe counts one answered check.
func (m *metrics) observe(r *authz.Result, latency time.Duration) {
	action := r.Action()
	if action == "" {
		action = noAction
	}
	m.decisions.WithLabelValues(r.Decision.String(), action).Inc()
	m.duration.Observe(latency.Seconds())
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}
