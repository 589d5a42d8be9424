package ecrapi

import (
	"fmt"
	"net/http"
)

// A Type is the type of an error (Amazon ECR API Reference, "Common Errors" and the errors of each
// operation).
type Type string

// The types.
const (
	AccessDenied             Type = "AccessDeniedException"
	InvalidParameter         Type = "InvalidParameterException"
	RegistryPolicyNotFound   Type = "RegistryPolicyNotFoundException"
	RepositoryNotFound       Type = "RepositoryNotFoundException"
	RepositoryPolicyNotFound Type = "RepositoryPolicyNotFoundException"
	RequestTooLarge          Type = "RequestEntityTooLargeException"
	Serialization            Type = "SerializationException"
	Server                   Type = "ServerException"
	Throttling               Type = "ThrottlingException"
	UnknownOperation         Type = "UnknownOperationException"
	Unsupported              Type = "UnsupportedOperationException"
)

// An Error is the answer to a request that fails. It contains nothing secret.
type Error struct {
	Type    Type
	Message string
}

// NewError returns an error with a message.
func NewError(t Type, message string) *Error { return &Error{t, message} }

// invalid returns the error of a parameter, in AWS's words.
func invalid(name, problem string) *Error {
	return NewError(InvalidParameter, fmt.Sprintf("Invalid parameter at '%s' failed to satisfy constraint: '%s'", name, problem))
}

// status returns the HTTP status of the error.
func (e *Error) status() int {
	switch e.Type {
	case Server:
		return http.StatusServiceUnavailable
	case RequestTooLarge:
		return http.StatusRequestEntityTooLarge
	case AccessDenied, InvalidParameter, RegistryPolicyNotFound, RepositoryNotFound, RepositoryPolicyNotFound, Serialization, Throttling, UnknownOperation, Unsupported:
	}
	return http.StatusBadRequest
}

// Write writes the error. id is the ID of the request.
func (e *Error) Write(w http.ResponseWriter, id string) {
	w.Header().Set("X-Amzn-Errortype", string(e.Type))
	write(w, e.status(), id, struct {
		Type    Type   `json:"__type"`
		Message string `json:"message"`
	}{e.Type, e.Message})
}
