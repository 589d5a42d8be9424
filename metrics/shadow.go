package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"extauthz/authz"
	"extauthz/policystore"
)

// ShadowSource is what a scrape reads about shadow policies.
type ShadowSource struct {
	Store *policystore.Store
	// Decisions returns how many requests got a decision by the policies in force and a
	// decision by the shadow policies.
	Decisions func(inForce, shadow authz.Outcome) uint64
	Dropped   func() uint64 // how many requests were not decided again
}

// shadowCollector reads the source when Prometheus scrapes.
type shadowCollector struct{ ShadowSource }

func shadowDecisions() *prometheus.Desc {
	return describe("shadow_decisions_total", "Requests that were decided again by the shadow policies, by the decision in force and that of the shadow policies.", "decision", "shadow_decision")
}

func shadowDropped() *prometheus.Desc {
	return describe("shadow_dropped_total", "Requests that were not decided again by the shadow policies, because too many were waiting.")
}

func shadowPolicy() *prometheus.Desc {
	return describe("shadow_policy_info", "Always 1; the label is the digest of the shadow policies.", "digest")
}

func shadowReload() *prometheus.Desc {
	return describe("shadow_policy_last_reload_success", "Whether the last reload of the shadow policies succeeded.")
}

// Describe implements prometheus.Collector.
func (c *shadowCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{shadowDecisions(), shadowDropped(), shadowPolicy(), shadowReload()} {
		ch <- d
	}
}

// Collect implements prometheus.Collector. Pairs of decisions that did not occur have no series.
func (c *shadowCollector) Collect(ch chan<- prometheus.Metric) {
	for inForce := authz.Refused; inForce <= authz.Allowed; inForce++ {
		for shadow := authz.Refused; shadow <= authz.Allowed; shadow++ {
			if n := c.Decisions(inForce, shadow); n > 0 {
				ch <- prometheus.MustNewConstMetric(shadowDecisions(), prometheus.CounterValue, float64(n), inForce.String(), shadow.String())
			}
		}
	}
	ch <- prometheus.MustNewConstMetric(shadowDropped(), prometheus.CounterValue, float64(c.Dropped()))
	if s := c.Store.Snapshot(); s != nil {
		ch <- prometheus.MustNewConstMetric(shadowPolicy(), prometheus.GaugeValue, 1, s.Digest)
	}
	status := c.Store.Status()
	ch <- prometheus.MustNewConstMetric(shadowReload(), prometheus.GaugeValue, truth(!status.LastReload.IsZero() && status.LastError == nil))
}
