// Package iamtest has what tests of several packages do with policies and condition
// keys.
//
// The map of the package:
//
//	policy.go  policies compiled from their text
//	keys.go    CheckKeys: condition keys compared
package iamtest
