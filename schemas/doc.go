// Package schemas contains the JSON Schemas (2020-12) of the files of a policy directory.
// Editors use them to complete and check the files. They are part of the binary:
// extauthz init writes them to DIR/.schemas, and extauthz schema prints one.
//
// policystore and policytest do not use them. They reject everything that a schema
// rejects, and more.
package schemas
