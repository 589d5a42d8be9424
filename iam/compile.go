package iam

import "errors"

// Compile reads a document of the given kind. Everything that can be wrong
// with a policy is found here, so that evaluation cannot fail: the error is a
// *SyntaxError that names source, line and column, the rule and the remedy.
func Compile(kind Kind, source string, text []byte) (*Policy, error) {
	return nil, errors.New("not built yet")
}

type actionElement struct{}
type resourceElement struct{}
type principalElement struct{}
type condition struct{}
