// Package schemas contains the JSON Schemas (2020-12) of the files of a policy directory and of
// a line of the decision log. They are part of the binary: extauthz schema prints one, and
// extauthz init writes those of the policy directory to DIR/.schemas. Editors use them to
// complete and check the files.
//
// policystore and policytest do not use them. They reject everything that a schema
// rejects, and more. The tests of decisionlog generate the reference of the log from its schema.
package schemas
