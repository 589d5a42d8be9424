// Package outages tests what happens when a part of the system fails in ways that only containers
// can: extauthz is paused, killed, out of memory or cut off, one of two replicas is lost or has
// older policies, policies are swapped below a mount, replicas restart during a large push, and the
// certificate of Envoy's listener is replaced. OPERATIONS.md has figures that these tests log.
//
// Envoy has the listener of examples/quickstart and the cluster of examples/kubernetes/shared:
// mutual TLS, gRPC health checks and two replicas. Its network has fixed addresses, so that a
// container that returns has the same one.
//
// While a part fails, clients send requests that are allowed, requests that are denied and requests
// without a credential. Afterwards the registry's access log is compared with the answers: the
// registry may have received what was allowed and nothing else. If there is no Docker engine, the
// tests are skipped; with CI=true they fail.
package outages
