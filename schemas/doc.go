// Package schemas holds the JSON Schemas (2020-12) of the files of a policy
// directory, by which editors complete and check them. They are in the binary, so
// that whoever has no more than that has the ones that fit it: extauthz init writes
// them into DIR/.schemas, and extauthz schema prints one.
//
// The schemas are for people who write. What counts is what policystore and
// policytest read: they refuse all that a schema refuses, and more.
package schemas
