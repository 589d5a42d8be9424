package stsapi

import (
	"encoding/xml"
	"fmt"
	"net/http"
)

// A Code is the code of an error (STS API Reference, "Common Errors" and the errors of each
// operation).
type Code string

// The codes.
const (
	AccessDenied             Code = "AccessDenied"
	ExpiredToken             Code = "ExpiredTokenException"
	ExpiredCredentials       Code = "ExpiredToken"
	IDPCommunicationError    Code = "IDPCommunicationError"
	IDPRejectedClaim         Code = "IDPRejectedClaim"
	IncompleteSignature      Code = "IncompleteSignature"
	InternalFailure          Code = "InternalFailure"
	InvalidAction            Code = "InvalidAction"
	InvalidAuthorization     Code = "InvalidAuthorizationMessageException"
	InvalidClientTokenID     Code = "InvalidClientTokenId"
	InvalidIdentityToken     Code = "InvalidIdentityToken"
	InvalidParameterValue    Code = "InvalidParameterValue"
	MalformedInput           Code = "MalformedInput"
	MalformedPolicyDocument  Code = "MalformedPolicyDocument"
	MissingAuthenticationKey Code = "MissingAuthenticationToken"
	PackedPolicyTooLarge     Code = "PackedPolicyTooLarge"
	RequestEntityTooLarge    Code = "RequestEntityTooLarge"
	ServiceUnavailable       Code = "ServiceUnavailable"
	SignatureDoesNotMatch    Code = "SignatureDoesNotMatch"
	Throttling               Code = "Throttling"
	ValidationError          Code = "ValidationError"
)

// status returns the HTTP status of a code.
func (c Code) status() int {
	switch c {
	case AccessDenied, IDPRejectedClaim, ExpiredCredentials, InvalidClientTokenID, MissingAuthenticationKey, SignatureDoesNotMatch:
		return http.StatusForbidden
	case RequestEntityTooLarge:
		return http.StatusRequestEntityTooLarge
	case ServiceUnavailable:
		return http.StatusServiceUnavailable
	case InternalFailure:
		return http.StatusInternalServerError
	case ExpiredToken, IDPCommunicationError, IncompleteSignature, InvalidAction, InvalidAuthorization, InvalidIdentityToken, InvalidParameterValue, MalformedInput,
		MalformedPolicyDocument, PackedPolicyTooLarge, Throttling, ValidationError:
	}
	return http.StatusBadRequest
}

// An Error is the answer to a request that fails. It contains nothing secret.
type Error struct {
	Code    Code
	Message string
}

// NewError returns an error with a message.
func NewError(code Code, message string) *Error { return &Error{code, message} }

// validation returns the error of a parameter, in AWS's words.
func validation(format string, arguments ...any) *Error {
	return NewError(ValidationError, "1 validation error detected: "+fmt.Sprintf(format, arguments...))
}

// Write writes the error. id is the ID of the request.
func (e *Error) Write(w http.ResponseWriter, id string) {
	status, fault := e.Code.status(), "Sender"
	if status >= http.StatusInternalServerError {
		fault = "Receiver"
	}
	write(w, status, id, struct {
		XMLName   xml.Name `xml:"ErrorResponse"`
		Namespace string   `xml:"xmlns,attr"`
		Type      string   `xml:"Error>Type"`
		Code      Code     `xml:"Error>Code"`
		Message   string   `xml:"Error>Message"`
		ID        string   `xml:"RequestId"`
	}{Namespace: namespace, Type: fault, Code: e.Code, Message: e.Message, ID: id})
}
