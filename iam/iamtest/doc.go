// Package iamtest has what tests of several packages do with policies and condition
// keys.
package iamtest
