// Package image proves the repository's Dockerfile with a real Docker engine:
// it builds the image and runs it.
//
// Nothing is pulled. The image that builds (GO_IMAGE) is made of this machine's
// own Go and of the modules that the product needs, so the build itself is
// without a network, a shell or a C compiler. All images and containers bear
// names of this run and are removed at its end.
//
// Where no Docker engine answers the tests are skipped and say why; with
// CI=true they fail.
//
//	docker_test.go   the docker command
//	engine_test.go   is there an engine that can run what this machine builds
//	golang_test.go   the image that builds
//	archive_test.go  the root file system of it, as a tar stream
//	modules_test.go  the modules in it
//	image_test.go    the image: built once, then looked at and run
//	content_test.go  what is in it
//	run_test.go      how it runs
package image
