// Package observability checks examples/observability: the rules for Prometheus with promtool,
// against the metrics that extauthz and Envoy serve, and in a running Prometheus; the queries of the
// dashboard in the same way; and the configuration of rsyslog with the decision log of a running
// extauthz.
package observability
