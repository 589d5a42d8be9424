// Package ecrapi reads and writes the protocol of Amazon ECR: AWS's JSON protocol 1.1 (Amazon ECR
// API Reference, version 2015-09-21). It decides nothing.
//
// The operations that read what the policy directory has are supported, and
// GetAuthorizationToken. Every other operation is an error that says where policies are.
package ecrapi
