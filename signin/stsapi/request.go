package stsapi

import (
	"fmt"
	"strings"

	"extauthz/identity"
	"extauthz/identity/session"
	"extauthz/identity/sts"
)

// Version is the version of the API.
const Version = "2011-06-15"

// An Action is what a request wants. Its value is the name of the operation.
type Action string

// The actions in addition to those that issue credentials, which are session.Operation.
const (
	GetCallerIdentity          Action = "GetCallerIdentity"
	DecodeAuthorizationMessage Action = "DecodeAuthorizationMessage"
)

// A Request is a request to AWS STS.
type Request struct {
	Action Action

	// Credentials is what a request for temporary credentials contains; nil for others.
	Credentials *identity.CredentialsRequest
	// WebIdentityToken is the credential of AssumeRoleWithWebIdentity.
	WebIdentityToken string
	// EncodedMessage is the message of DecodeAuthorizationMessage.
	EncodedMessage string
}

// Parse parses the form of a request.
func Parse(form []byte) (*Request, *Error) {
	p, problem := parseForm(form)
	if problem != nil {
		return nil, problem
	}
	r := &Request{Action: Action(p.take("Action"))}
	if version := p.take("Version"); version != Version {
		return nil, NewError(InvalidAction, fmt.Sprintf("the version of the API is not %s, that of AWS STS; Amazon ECR and AWS STS are the only APIs of AWS here", Version))
	}
	if problem = r.read(p); problem == nil {
		problem = p.finish()
	}
	if problem != nil {
		return nil, problem
	}
	return r, nil
}

// read reads the parameters of the action.
func (r *Request) read(p parameters) (problem *Error) {
	switch r.Action {
	case GetCallerIdentity:
	case DecodeAuthorizationMessage:
		r.EncodedMessage, problem = p.need("EncodedMessage")
	case Action(session.AssumeRole), Action(session.AssumeRoleWithWebIdentity), Action(session.GetFederationToken), Action(session.GetSessionToken):
		r.Credentials = &identity.CredentialsRequest{Operation: session.Operation(r.Action)}
		problem = r.readCredentials(p)
	default:
		return NewError(InvalidAction, "the operation is not supported here")
	}
	return problem
}

// readCredentials reads the parameters of a request for credentials.
func (r *Request) readCredentials(p parameters) (problem *Error) {
	c := r.Credentials
	if c.Duration, problem = p.seconds("DurationSeconds"); problem != nil {
		return problem
	}
	switch c.Operation {
	case session.AssumeRole:
		problem = readAssumeRole(c, p)
	case session.AssumeRoleWithWebIdentity:
		if r.WebIdentityToken, problem = p.need("WebIdentityToken"); problem == nil {
			problem = readRole(c, p)
		}
	case session.GetFederationToken:
		c.Name, problem = p.need("Name")
	case session.GetSessionToken:
		return nil // has no policies
	}
	if problem == nil {
		problem = readPolicies(c, p)
	}
	if problem == nil && c.Operation != session.AssumeRoleWithWebIdentity { // whose token passes them
		problem = readTags(c, p)
	}
	return problem
}

// readAssumeRole reads what only AssumeRole has, and the role.
func readAssumeRole(c *identity.CredentialsRequest, p parameters) (problem *Error) {
	if c.ExternalID, problem = p.text("ExternalId"); problem != nil {
		return problem
	}
	if c.SourceIdentity, problem = p.text("SourceIdentity"); problem != nil {
		return problem
	}
	if c.TransitiveTagKeys, problem = p.texts("TransitiveTagKeys", "", maxTags); problem != nil {
		return problem
	}
	return readRole(c, p)
}

func readRole(c *identity.CredentialsRequest, p parameters) (problem *Error) {
	if c.RoleARN, problem = p.need("RoleArn"); problem != nil {
		return problem
	}
	if !strings.HasPrefix(c.RoleARN, "arn:") {
		return NewError(ValidationError, "RoleArn is not an ARN")
	}
	c.SessionName, problem = p.need("RoleSessionName")
	return problem
}

// Limits on lists (IAM User Guide, "IAM and AWS STS quotas").
const (
	maxPolicyARNs = 10
	maxTags       = 50
)

// readPolicies reads the session policies of a request.
func readPolicies(c *identity.CredentialsRequest, p parameters) (problem *Error) {
	if c.Policy, problem = p.text("Policy"); problem != nil {
		return problem
	}
	c.PolicyARNs, problem = p.texts("PolicyArns", "arn", maxPolicyARNs)
	return problem
}

// readTags reads the session tags of a request.
func readTags(c *identity.CredentialsRequest, p parameters) *Error {
	elements, problem := p.list("Tags", maxTags)
	for _, element := range elements {
		key, hasKey := element["Key"]
		value, hasValue := element["Value"]
		if !hasKey || !hasValue || len(element) != 2 {
			return NewError(MalformedInput, "a tag is not a Key and a Value")
		}
		c.Tags = append(c.Tags, sts.Tag{Key: key, Value: value})
	}
	return problem
}
