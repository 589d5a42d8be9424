// Package e2e holds the end-to-end scenarios: real clients, a real Envoy, a
// real registry and policy files between them.
//
// All scenarios are in one table, in groups that share a stack:
//
//	scenarios_test.go  the table
//	world_test.go      a stack with images in its registry and policies of its own
//	image_test.go      images with a text in every part
//	client_test.go     the clients: plain HTTP, and the registry client library
//	login_test.go      who is let in
//	pull_test.go       pulling, and the shape of a denial
//	push_test.go       pushing
//	mount_test.go      mounting a blob of another repository
//	olareg_test.go     the same before olareg, a registry that reads names otherwise
//	listing_test.go    tags and catalog
//	delete_test.go     deleting
//	crane_test.go      the same through a command line client
//	starter_test.go    policies that extauthz init writes
//	accesslog_test.go  the decision in Envoy's access log
//	flow_test.go       the flow of requests, and what must be true of it
//	load_test.go       a load under which policies change, and the count of wrong answers
//	reload_test.go     policies that are edited, broken, fixed and replaced under load
//	edits_test.go      how programs write files
//	configmap_test.go  policies as Kubernetes mounts them, swapped under load
//	gitsync_test.go    and as git-sync has them
//	starved_test.go    without inotify, and with more events than it keeps
//	inforce_test.go    how long it takes until a change is in force
//	together_test.go   several files that change at the same time
//	aws_test.go        policies as AWS's commands print them
//	decisions_test.go  the decision log, and which statement decided
//	options_test.go    what a registry's options change
//	inventory_test.go  repositories that are there, and those that a push creates
//	outage_test.go     extauthz killed, and back
//	mtls_test.go       callers known by their certificate
//	certs_test.go      the certificates that they show
//	spiffe_test.go     callers known by patterns of SPIFFE IDs and other names
//	issuers_test.go    the example that knows callers by tokens, with issuers of the test
//	combined_test.go   the example that knows callers by certificates, tokens and passwords
//	callers_test.go    who a request is taken to come from
//	tokens_test.go     tokens and passwords: good, bad and misplaced
//	trust_test.go      which token assumes which role, and what its session may
//	tokenlogin_test.go  crane and docker logged in with tokens
//	challenge_test.go  a token service, and clients sent to it
//	keys_test.go       keys of issuers that rotate, go down and hang
//	header_test.go     a trusted proxy's header, and headers that clients forge
//	hops_test.go       the client's address, with and without a proxy before Envoy
//	mesh_test.go       two registries with one sidecar
//	anonymous_test.go  a registry that anybody may pull from
//	flood_test.go      a flood of wrong passwords
//	overload_test.go   connections, guesses and large policies at the same time
//	unreadable_test.go checks that are too large to be read
//	secrets_test.go    tokens and passwords, which no log holds
//	mapping_reload_test.go  who is who, trust and keys, changed while it runs
//	upstream_test.go   what the registry gets to see
//	hostile_test.go    requests that try to get around the check
//	sheet_test.go      the requests that the mapping's own tests keep
//	sheet_secret_test.go    they give no secret away
//	sheet_raw_test.go       nor do those that a sheet cannot hold
//	sheet_upstream_test.go  and the registry gets what was judged
//	http2_test.go           a request over HTTP/2, whatever bytes it holds
//	http2_hostile_test.go   hostile bytes, which are forwarded as judged or not at all
//
// testdata holds the policies, the lax Envoy configuration and the hostile
// requests.
package e2e
