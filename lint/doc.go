// Package lint finds probable mistakes in a policy directory: what is valid, but probably
// not intended.
//
// [Directory] loads the directory as serve does and returns the findings as diagnostics,
// sorted by file and line. They include what loading the directory found. A fault that
// keeps the directory from loading is a finding with the code unloadable. The same files
// have the same findings on every machine and at any time.
//
// Each kind of finding has a code, which does not change from version to version, and a
// [Page]: its severity, what it is, why it matters, how to fix it, an example that has the
// finding, and one that does not. The rules follow the policy checks of IAM Access
// Analyzer (IAM User Guide, "Access Analyzer policy check reference"), and add checks for
// registry requests and for this directory.
//
// The sidecar calls [Inspect] for each policy that it compiles, and [Snapshot] for each
// snapshot that it puts in force, to log the findings that need no comparison of policies.
//
// A rule reads the text of a policy and avoids false findings: if it cannot decide, for
// example because of a policy variable or because two patterns may overlap, it reports
// nothing. Exported policies contain statements about other services, and an account has
// users and roles that never call the registry. Rules ignore both.
package lint
