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
//
// The map of the package:
//
//	lint.go           Directory: all rules in order
//	index.go          what rules look up
//	report.go         findings as rules report them
//	finding.go        Finding and Severity
//	page.go           the pages
//	unloadable.go     the error of a directory as a finding
//	document.go       policies and statements as rules see them
//	actionset.go      sets of ECR's actions
//	cover.go          whether one pattern covers another
//	actions.go        rules about Action
//	resources.go      rules about Resource: what it can match here
//	placeholders.go   what documentation left in
//	otherservices.go  other services' prefixes where ECR's is meant
//	grantees.go       rules about Principal
//	strangers.go      principals that nobody here can be
//	keys.go           condition keys that requests do not carry
//	values.go         values that condition keys never have
//	possible.go       what values some keys can have here
//	contradictions.go conditions that exclude each other
//	reference.go      conditions on tags that a digest gets around
//	hidden.go         statements that others make useless
//	together.go       actions that belong together
//	callers.go        rules about users, roles and what is attached to them
//	reachable.go      which users and roles somebody here can be
//	compiled.go       what was found when the directory was compiled
//	organization.go   rules about control policies
//	trustclaims.go    conditions of trust policies on claims that no token has
//	audiences.go      trust policies that want tokens for somebody else
//	issuers.go        rules about issuers that many people share
//	text.go           findings as lines of text
//	json.go           findings as JSON
//	sarif.go          findings as SARIF 2.1.0
package lint
