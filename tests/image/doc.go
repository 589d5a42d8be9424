// Package image tests the repository's Dockerfile with a real Docker engine: it builds the image
// with both of Docker's builders, for the engine's platform and for another one, and runs it. It also
// tests that .ci/release makes the same files in every folder, and the program that is in the image.
//
// Nothing is pulled. The image that builds (GO_IMAGE) consists of this machine's Go and of the
// modules that the product needs, so that the build does not need a network, a shell or a C
// compiler. Images and containers have names that are unique to the run, and are removed at its
// end.
//
// If no Docker engine responds, the tests are skipped; with CI=true they fail.
package image
