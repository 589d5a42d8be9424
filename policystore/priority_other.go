//go:build !linux

package policystore

// lowerPriority does nothing: threads have no priorities of their own on this system.
func lowerPriority() {}
