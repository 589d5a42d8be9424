// Package kubernetes checks the manifests of examples/kubernetes and the Helm chart.
//
// Every object is decoded into the Go type of its API, which rejects unknown fields. Pods must
// follow the pod security standard "restricted", Envoy validates its configurations, and the
// product loads the policy directories as a pod mounts them.
package kubernetes
