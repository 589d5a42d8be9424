// Package differential compares extauthz/iam with an independent evaluator of
// IAM policies, the npm package @cloud-copilot/iam-simulate. Both decide the
// same random requests, and every difference between their decisions must be a known one.
//
// The npm package runs in a separate process, started by driver/driver.mjs, which has the
// package's license, the AGPL. No part of it is linked or committed: npm downloads what
// driver/package-lock.json pins into .cache.
//
// # Masks
//
// A mask describes where the other evaluator deviates from AWS's documentation, from
// measurements on AWS, or from a decision that iam documents. A mask does not skip a
// question. It rewrites the question into one that means under AWS's rules what the
// original means to the other evaluator. iam must always decide the rewritten question as
// the other evaluator decides the original. So a mask hides its own deviation and nothing
// else, and a mask that describes the deviation wrongly fails the test.
//
// # Not compared
//
// The other evaluator does not support trust policies, resources with wildcards in the
// request, callers and resources of different partitions, documents that either side
// refuses (operators in another case, RCPFullAWSAccess as a document) and the condition
// keys of this project.
package differential
