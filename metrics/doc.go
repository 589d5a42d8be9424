// Package metrics counts the checks of the sidecar and reports its state to Prometheus.
//
// Labels never contain text of a request, so that no client can create time series: an
// operation and an action are those of the mapping, a decision is an [authz.Outcome], a source
// is one of package identity, and a registry is one of the first hundred that the policy
// directory names. The names of the metrics are stable, because dashboards and alerts depend
// on them.
//
// [Metrics.Observe] counts a check. Everything else is read when Prometheus scrapes, so
// that the packages that decide do not depend on metrics.
package metrics
