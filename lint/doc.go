// Package lint judges a policy directory: it finds what is legal there, and
// probably not meant.
//
// [Directory] loads the directory as serve does and returns its findings, those
// of compiling each policy among them. A directory that cannot be loaded has one
// finding, unloadable, at the place that the error names. The findings are in the
// order of files and places, each once; the same files have the same findings on
// every machine and at every time.
//
// Each kind of finding has a code, which stays the same from version to version,
// and a page: what it is, why it matters, how to fix it, an example that has it
// and one that has not. The page says how severe it is too. The rules follow the
// policy checks of IAM Access Analyzer where it has them (IAM User Guide, "Access
// Analyzer policy check reference"), and add what is particular to a registry's
// requests and to this directory.
//
// A rule judges the text of a policy, and is careful not to be wrong: where it
// cannot tell (a policy variable, a wildcard that two patterns might share) it
// finds nothing. Statements that have no part in ECR's actions are left alone,
// for policies exported from AWS speak of other services too; so are exported users
// and roles that nobody can be here.
package lint
