package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"extauthz/authz"
)

// durationBuckets range from a cached decision to Envoy's timeout, in seconds. A
// password that is not cached takes tens of milliseconds.
var durationBuckets = [...]float64{
	10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3, 100e-3, 200e-3, 500e-3, 1,
}

// Limits of the native histograms, which Prometheus scrapes if it is configured to. Neighboring
// buckets differ by at most a tenth. A histogram with more buckets is reset, but not more often
// than once an hour; meanwhile its buckets are combined.
const (
	nativeFactor = 1.1
	nativeMost   = 160
	nativeReset  = time.Hour
)

// durations are the histograms of the time that checks take, by outcome.
type durations struct {
	vector     *prometheus.HistogramVec
	histograms [authz.Allowed + 1]prometheus.Observer
}

// newDurations returns the histograms. All of them have series from the start.
func newDurations() *durations {
	d := &durations{vector: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:                            "extauthz_check_duration_seconds",
		Help:                            "Time from the arrival of a check to its answer, by decision.",
		Buckets:                         durationBuckets[:],
		NativeHistogramBucketFactor:     nativeFactor,
		NativeHistogramMaxBucketNumber:  nativeMost,
		NativeHistogramMinResetDuration: nativeReset,
	}, []string{"decision"})}
	for outcome := range d.histograms {
		d.histograms[outcome] = d.vector.WithLabelValues(authz.Outcome(outcome).String())
	}
	return d
}

// observe adds the time of one check. traceID is that of a sampled trace, or "".
func (d *durations) observe(outcome authz.Outcome, latency time.Duration, traceID string) {
	histogram := d.histograms[outcome]
	if exemplars, supported := histogram.(prometheus.ExemplarObserver); supported && traceID != "" {
		exemplars.ObserveWithExemplar(latency.Seconds(), prometheus.Labels{"trace_id": traceID})
		return
	}
	histogram.Observe(latency.Seconds())
}
