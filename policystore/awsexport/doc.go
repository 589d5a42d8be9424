// Package awsexport reads files that operators save from the AWS CLI: the outputs of
// commands of IAM, ECR and AWS Organizations.
//
// Each function reads one output and returns plain values with their positions. It
// checks what the output alone can show: that it is complete, that its members have the
// names and types that AWS documents, and that its parts agree with each other. It does
// not compile policies: a [Document] is the text of a policy and where it begins.
//
// Members that decide nothing are skipped, because AWS adds members to its outputs. An
// output that is truncated is an error, because the missing part may contain a Deny.
// After a fault in one entry of a list, reading goes on with the next one, and the error
// consists of all faults (see [diag.Of]).
package awsexport
