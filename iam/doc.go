// Package iam is the IAM policy language: documents, matching, conditions and
// evaluation across all classes of policies.
package iam
