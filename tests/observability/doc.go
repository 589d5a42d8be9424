// Package observability checks the rules for Prometheus in examples/observability: with
// promtool, against the metrics that extauthz and Envoy serve, and in a running Prometheus.
package observability
