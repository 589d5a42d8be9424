// Package iamtest helps tests of several packages with policies and condition keys.
package iamtest
