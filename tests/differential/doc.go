// Package differential compares extauthz/iam with an independent evaluator of
// IAM policies, the npm package @cloud-copilot/iam-simulate. Both are asked the
// same random questions, and every difference between their decisions has to
// be one that is known by name.
//
// The package runs as a process of its own, behind driver/driver.mjs, which is
// under the package's licence, the AGPL. Nothing of it is linked or committed:
// npm fetches what driver/package-lock.json pins into .cache.
//
// # Masks
//
// Where the other evaluator deviates from AWS's documentation, from what has
// been measured on AWS, or from a decision that iam documents, a mask says so.
// A mask does not skip the question: it rewrites it into one that means under
// AWS's rules what the original means to the other evaluator. Of the rewritten
// question iam must think what the other evaluator thinks of the original,
// always. So a mask hides its own deviation and nothing else, and one that
// describes the deviation wrongly is found out.
//
// # Not asked
//
// Trust policies, requests whose resource holds wildcards, callers and
// resources of different partitions, documents that either side refuses
// (operators in another case, RCPFullAWSAccess as a document) and the condition
// keys of this project: the other evaluator has no answer to these.
//
// # Files
//
//	case.go                one question, and its JSON
//	vocabulary.go          the words of all questions
//	generate.go            random questions, each from a seed and a number
//	generate_caller.go     who asks, and the context
//	generate_statement.go  statements
//	generate_condition.go  conditions
//	ours.go                the question as iam takes it
//	theirs.go              the question as the other evaluator takes it
//	install.go             fetches the other evaluator
//	driver.go              its process
//	mask.go                what a mask is, and rewriting by masks
//	reading.go             a condition as the other evaluator reads it
//	comparison.go          one value of a request in it
//	masks.go               the table of all masks
//	masks_whole.go         masks about how policies and callers fit together
//	masks_principal.go     masks about the root user and NotPrincipal
//	masks_resource.go      masks about Resource and NotResource
//	masks_condition.go     masks about whole conditions
//	masks_typed.go         masks about values that have a type
//	masks_address.go       masks about IP addresses
//	masks_variable.go      masks about policy variables in conditions
//	variables.go           policy variables in a text
//	features.go            what a run has to reach
//	run.go                 asking, comparing and explaining
//	shrink.go              from a difference to a small one
//	summary.go             what a run tells
package differential
