// Package tests is the module of everything that tests or shows extauthz from outside. It is a
// separate module, so that the product does not depend on a registry, registry clients and
// analyzers.
//
//	bounded       runs programs under a time limit
//	envoybin      finds the Envoy to run, or fetches it
//	registry      the registry behind Envoy, a program
//	fixture       an image to push, and a login
//	prerequisite  ends a test that needs something that is missing here
//	certs         the certificates of a test
//	issuer        an OpenID Connect issuer
//	stack         runs a registry, extauthz and Envoy together
//	differential  package iam against another evaluator of policies
//	router        package mapping against how a registry routes requests
//	formats       the same policies in every form that a policy directory can have
//	e2e           the end-to-end scenarios
//	conformance   a registry behind Envoy against the same registry alone
//	clientbin     builds the registry clients that are Go modules, and the linter
//	clients       registry clients, through Envoy and without
//	quickstart    what `make run` runs
//	image         the container image, built and run
//	schemas       the JSON Schemas for editors against what the program reads
//	reports       the reports for build servers against the schemas of their readers
//	rules         the rules of this repository, as tests
//	awsactions    writes the list of actions that other services share with ECR
//	runchecks     what `make test` runs
//	fuzz          what `make fuzz` runs
package tests
