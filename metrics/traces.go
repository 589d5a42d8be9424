package metrics

import "github.com/prometheus/client_golang/prometheus"

// TraceSource is what a scrape reads about traces. Each function returns a number of spans.
type TraceSource struct {
	Exported     func() uint64 // that the collector accepted
	QueueFull    func() uint64 // that were dropped because too many were waiting
	ExportFailed func() uint64 // that the collector did not accept
}

// traceCollector reads the source when Prometheus scrapes.
type traceCollector struct{ TraceSource }

func spansExported() *prometheus.Desc {
	return describe("trace_spans_exported_total", "Spans that the collector of traces accepted.")
}

func spansDropped() *prometheus.Desc {
	return describe("trace_spans_dropped_total", "Spans that were lost because too many were waiting (queueFull), or because the collector did not accept them (exportFailed).", "reason")
}

// Describe implements prometheus.Collector.
func (c *traceCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- spansExported()
	ch <- spansDropped()
}

// Collect implements prometheus.Collector.
func (c *traceCollector) Collect(ch chan<- prometheus.Metric) {
	ch <- prometheus.MustNewConstMetric(spansExported(), prometheus.CounterValue, float64(c.Exported()))
	ch <- prometheus.MustNewConstMetric(spansDropped(), prometheus.CounterValue, float64(c.QueueFull()), "queueFull")
	ch <- prometheus.MustNewConstMetric(spansDropped(), prometheus.CounterValue, float64(c.ExportFailed()), "exportFailed")
}
