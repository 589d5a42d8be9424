package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"extauthz/decision"
	"extauthz/decisionlog"
	"extauthz/policystore"
)

// collector reads the state of policies, cache and decision log at the moment
// Prometheus asks, so that none of them knows of metrics.
type collector struct {
	store *policystore.Store
	cache *decision.Stats
	log   *decisionlog.Log

	listeners *listeners
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("extauthz_"+name, help, labels, nil)
}

// reading is the value of one metric.
type reading struct {
	*prometheus.Desc
	kind  prometheus.ValueType
	value float64
}

// readings reads all but the labelled policy info.
func (c *collector) readings() []reading {
	const counter, gauge = prometheus.CounterValue, prometheus.GaugeValue
	status := c.store.Status()
	good := !status.LastReload.IsZero() && status.LastError == nil
	return []reading{
		{describe("decision_cache_hits_total", "Decisions found in the cache."), counter, float64(c.cache.Hits.Load())},
		{describe("decision_cache_misses_total", "Decisions worked out anew."), counter, float64(c.cache.Misses.Load())},
		{describe("decision_cache_evictions_total", "Decisions that gave way to newer ones."), counter, float64(c.cache.Evictions.Load())},
		{describe("decision_cache_entries", "Decisions in the cache now."), gauge, c.cacheEntries()},
		{describe("policy_generation", "Number of the policies in force; 0 before the first."), gauge, float64(status.Generation)},
		{describe("policy_last_reload_success", "Whether the last reload of the policies was good."), gauge, truth(good)},
		{describe("policy_last_reload_timestamp_seconds", "When the policies were last reloaded, well or not."), gauge, seconds(status.LastReload)},
		{describe("policy_reload_failures_total", "Reloads of the policies that failed."), counter, float64(status.Failures)},
		{describe("decision_log_lost_total", "Decisions that could not be logged."), counter, float64(c.log.Lost())},
		{describe("connections_closed_total", "Connections closed because a port had as many as it keeps open."), counter, float64(c.listeners.closedByLimit())},
	}
}

// policyInfo carries the digest of the policies in force as a label; there is
// one series at a time.
func (c *collector) policyInfo() *prometheus.Desc {
	return describe("policy_info", "Always 1; the label says which policies are in force.", "digest")
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, r := range c.readings() {
		ch <- r.Desc
	}
	ch <- c.policyInfo()
	ch <- keysLoaded()
	ch <- keysFailed()
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	for _, r := range c.readings() {
		ch <- prometheus.MustNewConstMetric(r.Desc, r.kind, r.value)
	}
	if s := c.store.Snapshot(); s != nil {
		ch <- prometheus.MustNewConstMetric(c.policyInfo(), prometheus.GaugeValue, 1, s.Digest)
	}
	collectKeys(ch, c.store.KeySets())
}

func (c *collector) cacheEntries() float64 {
	if s := c.store.Snapshot(); s != nil {
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

// seconds is a time as Prometheus has it; the zero time is 0.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMicro()) / 1e6
}
