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
package differential
