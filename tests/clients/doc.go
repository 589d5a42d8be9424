// Package clients runs real registry clients with a real registry, through Envoy and extauthz and
// without them.
//
// A table has every client and every operation: log in, pull, push, push an index, copy, list tags,
// delete, and each of them denied. Everything that works with the registry alone must work through
// Envoy. When an operation is denied, the client prints the reason, or the table lists it as one
// that hides the reason; the decision log always has it. README.md is the table for users, and the
// test compares it with the results.
//
// The package also tests the example policies of the ECR guide with pushes and pulls.
package clients
