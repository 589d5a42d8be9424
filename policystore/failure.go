package policystore

import "errors"

// A FailureClass is the kind of a load that failed. Its value is a label in metrics.
type FailureClass string

// The classes.
const (
	Unreadable  FailureClass = "unreadable" // the directory could not be read, or is larger than the memory for a load
	Invalid     FailureClass = "invalid"    // files have faults
	OutOfMemory FailureClass = "memory"     // compiling the policies needs more memory than a load may use
)

// classOf returns the class of an error of compile.
func classOf(err error) FailureClass {
	if errors.As(err, new(memoryError)) {
		return OutOfMemory
	}
	return Invalid
}
