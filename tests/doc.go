// Package tests is the module of everything that tests or shows extauthz from outside. It is a
// separate module, so that the product does not depend on a registry, registry clients and
// analyzers.
//
//	bounded       runs programs under a time limit
//	envoybin      finds the Envoy to run, or fetches it
//	registry      the registry behind Envoy, a program
//	fixture       an image to push, and a login
//	prerequisite  skips a test that needs something that is missing here
//	certs         the certificates of a test
//	issuer        an OpenID Connect issuer
//	checkout      finds the folders of the checkout
//	daemon        runs programs in the background of a test
//	dockercli     runs Docker's client
//	forward       forwards TCP connections, a program for containers
//	images        makes container images where none can be pulled
//	stack         runs a registry, extauthz and Envoy together
//	differential  compares package iam with another policy evaluator
//	router        compares package mapping with a registry's own handling of requests
//	formats       writes the same policies in every form that a policy directory can have
//	e2e           the end-to-end scenarios
//	conformance   compares a registry behind Envoy with the same registry alone
//	mesh          the examples for service meshes, with what control planes make of them
//	kubernetes    the manifests for Kubernetes and the Helm chart
//	cluster       what `make cluster-test` runs: the example for Kubernetes in a cluster
//	clientbin     builds the registry clients that are Go modules, and the linter
//	clients       runs registry clients, through Envoy and without
//	awsclients    lets AWS's own clients sign in
//	quickstart    what `make run` runs
//	image         the container image, built and run
//	compose       the example for Docker Compose
//	observability  the rules for Prometheus: their tests, and the metrics that they use
//	outages       failures of containers: paused, killed, out of memory, cut off, replaced
//	schemas       compares the JSON Schemas for editors with what the program accepts
//	completion    completes command lines in bash, zsh and fish
//	reports       validates reports for build servers against their schemas
//	rules         the rules of this repository, as tests
//	awsactions    writes the list of actions that other services share with ECR
//	runchecks     what `make test` runs
//	fuzz          what `make fuzz` runs
//	bench         what `make bench` runs: what a check costs
package tests
