// Package workload makes what a benchmark needs: policy directories of a given size and shape,
// callers with credentials, and the checks that Envoy would send for them.
//
// Everything is determined by a seed, except keys and signatures. Each check is encoded
// before the measurement begins, and has the answer that the policies give it. A [Sender]
// changes only bytes of a fixed width in it: the request's id and, if no two checks may be
// the same to a cache, the client's address.
package workload
