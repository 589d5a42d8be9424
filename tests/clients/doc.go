// Package clients holds what real registry clients do through a real Envoy,
// extauthz and registry, beside what they do with that registry alone.
//
// One table has every client and every occasion on which it meets the
// registry: logging in, pulling, pushing, pushing an index, copying, listing,
// deleting, and being denied. What works with the registry works through
// Envoy. A denial shows the person the reason, or the client is known to hide
// it; the decision log has it either way. README.md is the table for people;
// the test compares it with what it saw.
//
//	world_test.go      the stack, its images and users
//	image_test.go      images, an index, and what clients push
//	programs_test.go   where the programs of the clients come from
//	session_test.go    one client at work, with a home of its own
//	client_test.go     what a client is: its verbs, its gaps
//	table_test.go      the table
//	occasions_test.go  what must be true on each
//	denials_test.go    what must be true when it is denied
//	accesslog_test.go  what Envoy saw
//	readme_test.go     README.md: what each client printed
//	page_test.go       README.md: the table, and the whole page
//	containerd_test.go the containerd that ctr talks to
//	crane_test.go      and one file for each client
//	guide_test.go      the example policies of the ECR guide, held by pushes and pulls
//	guide_policies_test.go
//	                   the policy directories of the guide, and their callers
package clients
