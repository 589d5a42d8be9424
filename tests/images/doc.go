// Package images makes sure that the local Docker engine has the container images that tests
// and examples run: extauthz itself, Envoy, a registry and a client.
//
// Each image has an environment variable. If it is set, its value is the name of the image to use.
// Otherwise:
//
//	EXTAUTHZ_IMAGE  is built from the repository's Dockerfile, with a binary that this machine's
//	                Go compiles with the settings of a release
//	ENVOY_IMAGE     is the official image, which is pulled unless the engine has it
//	REGISTRY_IMAGE  likewise
//	CLIENT_IMAGE    is built here
//
// Where an official image cannot be pulled, an equivalent takes its place. It has the same program
// at the same path, and the same default command. It has no shell, and no entry point that
// completes a command:
//
//	Envoy     envoy -c /etc/envoy/envoy.yaml
//	          the release binary that package envoybin finds, with its libraries and its loader.
//	          A command starts with envoy: in the official image that is optional.
//	Registry  registry serve /etc/distribution/config.yml
//	          the registry's own command with the storage drivers filesystem and inmemory.
//	          The default configuration stores in /var/lib/registry, listens at port 5000 of all
//	          addresses and can delete.
//
// The client's image contains crane and the program in tests/forward at /usr/local/bin, which is on
// PATH, and a writable /tmp. It has no entry point, and runs until the command ends.
//
// What is built has a tag that depends on its content only. So runs that happen at the same time
// share an image, and a second call takes a second or two. All of it has the label [Label];
// [Remove] removes it.
//
// The command in the folder ensure prints the variables:
//
//	go run -C tests ./images/ensure
//	go run -C tests ./images/ensure -remove
package images
