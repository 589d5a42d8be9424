package metrics

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// collector reads the sources when Prometheus scrapes.
type collector struct{ Sources }

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("extauthz_"+name, help, labels, nil)
}

// reading is the value of one metric.
type reading struct {
	*prometheus.Desc
	kind  prometheus.ValueType
	value float64
}

// readings returns the metrics without labels.
func (c *collector) readings() []reading {
	const counter, gauge = prometheus.CounterValue, prometheus.GaugeValue
	status, passwords := c.Store.Status(), c.Store.Passwords()
	success := !status.LastReload.IsZero() && status.LastError == nil
	return []reading{
		{describe("decision_cache_hits_total", "Decisions found in the cache."), counter, float64(c.Cache.Hits.Load())},
		{describe("decision_cache_misses_total", "Decisions not found in the cache."), counter, float64(c.Cache.Misses.Load())},
		{describe("decision_cache_bypasses_total", "Decisions that could not be cached, because of the time, an ambiguous key or a long value."), counter, float64(c.Cache.Bypasses.Load())},
		{describe("decision_cache_evictions_total", "Decisions removed from the cache to make room."), counter, float64(c.Cache.Evictions.Load())},
		{describe("decision_cache_entries", "Decisions in the cache."), gauge, c.cacheEntries()},
		{describe("policy_generation", "Number of the policies in force; 0 before the first."), gauge, float64(status.Generation)},
		{describe("policy_last_reload_success", "Whether the last reload of the policies succeeded."), gauge, truth(success)},
		{describe("policy_last_reload_timestamp_seconds", "Time of the last reload of the policies, successful or not."), gauge, seconds(status.LastReload)},
		{describe("policy_reload_failures_total", "Reloads of the policies that failed."), counter, float64(status.Failures)},
		{describe("policy_last_success_timestamp_seconds", "When the policy directory was last read and is in force, changed or not; 0 before that."), gauge, seconds(status.LastSuccess)},
		{describe("policy_last_failure_timestamp_seconds", "When the policy directory was last read and is not in force; 0 before that."), gauge, seconds(status.LastFailure)},
		{describe("policy_loaded_timestamp_seconds", "When the policies in force were loaded; 0 before the first."), gauge, seconds(c.loadedAt())},
		{describe("password_hash_slots", "Hashes of passwords that may be computed at a time."), gauge, float64(passwords.Slots)},
		{describe("password_hashes_running", "Hashes of passwords that are being computed."), gauge, float64(passwords.Running)},
		{describe("password_hashes_waiting", "Logins that wait for a hash to begin."), gauge, float64(passwords.Waiting)},
		{describe("break_glass_policies", "Break-glass policies in force."), gauge, float64(len(c.breakGlass()))},
		{describe("decision_log_lost_total", "Decisions that could not be logged."), counter, float64(c.Log.Lost())},
		{describe("connections_closed_total", "Connections closed because a port reached its limit."), counter, float64(c.ClosedConnections())},
	}
}

// policyInfo has the digest of the policies in force as its label. One series exists at
// a time.
func policyInfo() *prometheus.Desc {
	return describe("policy_info", "Always 1; the label is the digest of the policies in force.", "digest")
}

// failureInfo has the class of the last load that failed as its label.
func failureInfo() *prometheus.Desc {
	return describe("policy_last_failure_info", "Always 1; the label is why the last reload that failed did: unreadable, invalid or memory. It remains after a success.", "class")
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, r := range c.readings() {
		ch <- r.Desc
	}
	ch <- policyInfo()
	ch <- failureInfo()
	ch <- passwordHashes()
	ch <- passwordRejections()
	ch <- breakGlassInfo()
	ch <- certificateExpiry()
	ch <- keysLoaded()
	ch <- keysFailed()
	ch <- tokenIssued()
	ch <- tokensFailed()
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	for _, r := range c.readings() {
		ch <- prometheus.MustNewConstMetric(r.Desc, r.kind, r.value)
	}
	if s := c.Store.Snapshot(); s != nil {
		ch <- prometheus.MustNewConstMetric(policyInfo(), prometheus.GaugeValue, 1, s.Digest)
	}
	if class := c.Store.Status().FailureClass; class != "" {
		ch <- prometheus.MustNewConstMetric(failureInfo(), prometheus.GaugeValue, 1, string(class))
	}
	c.collectPasswords(ch)
	for _, name := range c.breakGlass()[:min(len(c.breakGlass()), maxBreakGlassNames)] {
		ch <- prometheus.MustNewConstMetric(breakGlassInfo(), prometheus.GaugeValue, 1, name)
	}
	if expiry, found := c.CertificateExpiry(); found {
		ch <- prometheus.MustNewConstMetric(certificateExpiry(), prometheus.GaugeValue, seconds(expiry))
	}
	for host, h := range byHost(keySetFetches(c.Store.KeySets())) {
		ch <- prometheus.MustNewConstMetric(keysLoaded(), prometheus.GaugeValue, seconds(h.last), host)
		ch <- prometheus.MustNewConstMetric(keysFailed(), prometheus.CounterValue, float64(h.failures), host)
	}
	for host, h := range byHost(realmFetches(c.Store.Realms())) {
		ch <- prometheus.MustNewConstMetric(tokenIssued(), prometheus.GaugeValue, seconds(h.last), host)
		ch <- prometheus.MustNewConstMetric(tokensFailed(), prometheus.CounterValue, float64(h.failures), host)
	}
}

// maxBreakGlassNames limits the series of breakGlassInfo.
const maxBreakGlassNames = 20

// breakGlassInfo has the name of a break-glass policy in force as its label.
func breakGlassInfo() *prometheus.Desc {
	return describe("break_glass_policy_info", fmt.Sprintf("Always 1; the label is the name of a break-glass policy in force. The first %d have a series.", maxBreakGlassNames), "policy")
}

// breakGlass returns the names of the break-glass policies in force.
func (c *collector) breakGlass() []string {
	if s := c.Store.Snapshot(); s != nil {
		return s.BreakGlass
	}
	return nil
}

// loadedAt returns when the policies in force were loaded; the zero time before the first.
func (c *collector) loadedAt() (at time.Time) {
	if s := c.Store.Snapshot(); s != nil {
		at = s.LoadedAt
	}
	return at
}

// certificateExpiry exists only if Envoy's port uses TLS.
func certificateExpiry() *prometheus.Desc {
	return describe("tls_certificate_expiry_timestamp_seconds", "When the certificate of Envoy's port expires; of its chain, the first.")
}

func (c *collector) cacheEntries() float64 {
	if s := c.Store.Snapshot(); s != nil {
		return float64(s.Decisions.CacheLen())
	}
	return 0
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// seconds returns a time as Prometheus expects it; the zero time is 0.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMicro()) / 1e6
}
