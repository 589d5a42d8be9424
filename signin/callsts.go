package signin

import (
	"context"
	"errors"
	"net/http"

	"extauthz/authz"
	"extauthz/diag"
	"extauthz/identity"
	"extauthz/identity/oidc"
	"extauthz/identity/session"
	"extauthz/identity/sts"
	"extauthz/signin/sigv4"
	"extauthz/signin/stsapi"
)

// awsSTS is the protocol of AWS STS.
type awsSTS struct{}

// serve serves an action.
func (awsSTS) serve(ctx context.Context, c *call) {
	r, problem := stsapi.Parse(c.body)
	if problem != nil {
		c.observe(Refused)
		problem.Write(c.ResponseWriter, newRequestID())
		return
	}
	room := c.calls
	if r.WebIdentityToken != "" { // which may wait for the keys of its issuer, and others must not wait with it
		room = c.tokens
	}
	if !c.enter(ctx, room) {
		return
	}
	defer room.leave()
	call, err := c.stsCall(r)
	if err != nil {
		c.fail(Unauthenticated, err)
		return
	}
	answer, result, err := c.CallSTS(ctx, call)
	if !c.record(ctx, result, err) {
		return
	}
	text, outcome, err := c.answerSTS(answer, r)
	c.observe(outcome)
	if err != nil {
		stsapi.NewError(stsapi.InvalidAuthorization, err.Error()).Write(c.ResponseWriter, result.ID)
		return
	}
	text.Write(c.ResponseWriter, r.Action, result.ID)
}

// stsCall returns the call as authz reads it. The holder of a token does not sign.
func (c *call) stsCall(r *stsapi.Request) (*authz.STSCall, error) {
	var call *authz.Call
	var err error
	if r.WebIdentityToken != "" {
		call, err = c.unsigned()
	} else {
		call, err = c.signed("sts")
	}
	if err != nil {
		return nil, err
	}
	call.Operation = "sts:" + string(r.Action)
	return &authz.STSCall{Call: *call, Credentials: r.Credentials, WebIdentityToken: r.WebIdentityToken}, nil
}

// answerSTS returns the answer to a request that is allowed.
func (c *call) answerSTS(a *authz.STSAnswer, r *stsapi.Request) (*stsapi.Answer, Outcome, error) {
	if a.Issued != nil {
		return issued(a, r), Issued, nil
	}
	if r.Action == stsapi.DecodeAuthorizationMessage {
		text, err := c.decode(r.EncodedMessage)
		if err != nil {
			return nil, Refused, err
		}
		return &stsapi.Answer{DecodedMessage: string(text)}, Answered, nil
	}
	p := &a.Caller.Principal
	return &stsapi.Answer{UserID: &p.UserID, Account: p.Account, Arn: p.ARN}, Answered, nil
}

// errNotDecoded is the error of a sidecar without the secret key, as in AWS's words.
var errNotDecoded = diag.Problemf("messages cannot be read here").WithRemedy("the operator reads them with `extauthz decode`")

// decode returns the JSON of an encoded authorization message.
func (c *call) decode(message string) ([]byte, error) {
	if c.Decode == nil {
		return nil, errNotDecoded
	}
	return c.Decode(message)
}

// issued returns the answer with credentials.
func issued(a *authz.STSAnswer, r *stsapi.Request) *stsapi.Answer {
	p, spec := &a.Issued.Caller.Principal, a.Issued.Caller.Spec
	answer := &stsapi.Answer{Credentials: stsapi.NewCredentials(a.Issued.Credentials), SourceIdentity: spec.SourceIdentity}
	switch r.Credentials.Operation {
	case session.AssumeRole, session.AssumeRoleWithWebIdentity:
		answer.AssumedRoleUser = &stsapi.AssumedRoleUser{AssumedRoleID: p.UserID, Arn: p.ARN}
	case session.GetFederationToken:
		answer.FederatedUser = &stsapi.FederatedUser{FederatedUserID: p.UserID, Arn: p.ARN}
	case session.GetSessionToken:
	}
	if len(spec.Tags)+len(spec.SessionPolicies)+len(spec.InlinePolicy) > 0 {
		answer.PackedPolicySize = a.Issued.PackedSize()
	}
	if a.WebIdentity != nil {
		answer.Subject, _ = a.WebIdentity.Token.Claims.Text("sub")
		answer.Provider, answer.Audience = a.WebIdentity.Provider, a.WebIdentity.Token.Audience
	}
	return answer
}

// refuse answers a call with an error.
func (awsSTS) refuse(w http.ResponseWriter, id string, err error) { stsError(err).Write(w, id) }

// stsError returns the error of AWS STS for an error.
func stsError(err error) *stsapi.Error {
	var signature *sigv4.Error
	switch {
	case errors.As(err, &signature):
		return stsapi.NewError(stsapi.Code(signature.Code.Query()), err.Error())
	case errors.Is(err, identity.ErrExpiredCredentials):
		return stsapi.NewError(stsapi.ExpiredCredentials, expiredMessage)
	case errors.Is(err, identity.ErrUnknownAccessKey):
		return stsapi.NewError(stsapi.InvalidClientTokenID, unknownMessage)
	case errors.Is(err, errTooLarge):
		return stsapi.NewError(stsapi.RequestEntityTooLarge, err.Error())
	case errors.Is(err, errOverloaded):
		return stsapi.NewError(stsapi.Throttling, err.Error())
	case errors.As(err, new(*authz.CallUnavailable)), errors.Is(err, session.ErrNoKey):
		return stsapi.NewError(stsapi.ServiceUnavailable, err.Error())
	case errors.As(err, new(*authz.CallDenied)):
		return stsapi.NewError(stsapi.AccessDenied, err.Error())
	}
	return stsapi.NewError(codeOfCredentials(err), err.Error())
}

// codeOfCredentials returns the code of an error about the credentials that a request wants, or
// about the token that it has.
func codeOfCredentials(err error) stsapi.Code {
	var policy *sts.InvalidPolicy
	switch {
	case errors.As(err, &policy) && !policy.TooLong:
		return stsapi.MalformedPolicyDocument
	case errors.As(err, new(*session.TooLarge)):
		return stsapi.PackedPolicyTooLarge
	case errors.As(err, new(*sts.TransitiveTagConflict)):
		return stsapi.InvalidParameterValue
	case errors.Is(err, oidc.ErrUnavailable):
		return stsapi.IDPCommunicationError
	case errors.Is(err, oidc.ErrExpired):
		return stsapi.ExpiredToken
	case errors.As(err, new(*identity.RejectedClaim)):
		return stsapi.IDPRejectedClaim
	case errors.As(err, new(*identity.InvalidToken)):
		return stsapi.InvalidIdentityToken
	}
	return stsapi.ValidationError
}
