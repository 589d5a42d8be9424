package authz

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"extauthz/iam"
	"extauthz/identity"
	"extauthz/identity/session"
	"extauthz/identity/sts"
	"extauthz/mapping"
)

// The operations of AWS STS that issue no credentials, as actions.
const (
	GetCallerIdentity          = "sts:GetCallerIdentity"
	DecodeAuthorizationMessage = "sts:DecodeAuthorizationMessage"
)

// An STSCall is a call of AWS STS.
type STSCall struct {
	Call
	Credentials      *identity.CredentialsRequest // nil for an operation that issues none
	WebIdentityToken string                       // the credential of AssumeRoleWithWebIdentity
}

// An STSAnswer is what a call of AWS STS returns.
type STSAnswer struct {
	Called
	Issued      *identity.Issued      // the credentials; nil for an operation that issues none
	WebIdentity *identity.WebIdentity // of AssumeRoleWithWebIdentity, in addition
}

// CallSTS decides a call of AWS STS, and issues the credentials that it is for. The role's trust
// policy and the caller's policies decide who assumes a role. GetFederationToken and
// DecodeAuthorizationMessage need the permission of their name. GetCallerIdentity and
// GetSessionToken need none (STS API Reference). The errors are those of CallECR, a
// *[sts.AccessDenied] and other errors of packages sts and session. CallSTS never panics.
func (c *Checker) CallSTS(ctx context.Context, call *STSCall) (answer *STSAnswer, result *Result, err error) {
	result, err = c.call(&call.Call, func(k *check) (err error) {
		s := &stsCheck{k, call, new(STSAnswer)}
		if call.Credentials != nil && call.Credentials.Operation == session.AssumeRoleWithWebIdentity {
			err = s.webIdentity(ctx)
		} else {
			err = s.signed(ctx)
		}
		if err != nil {
			return err
		}
		s.answer.Called = *k.called()
		if issued := s.answer.Issued; issued != nil {
			k.result.IssuedTo, k.result.IssuedKeyID = issued.Caller.Principal.ARN, issued.AccessKeyID
		}
		answer = s.answer
		return nil
	})
	return answer, result, err
}

// An stsCheck is the check of a call of AWS STS.
type stsCheck struct {
	*check
	call   *STSCall
	answer *STSAnswer
}

// find finds the registry whose settings apply to the call. AWS STS belongs to no registry, so that
// the region and the account count only if they distinguish registries.
func (s *stsCheck) find(account string) (err error) {
	for _, at := range [][2]string{{account, s.call.Region}, {account, ""}, {"", ""}} {
		if err = s.findCalled(s.call.Host, at[0], at[1]); err == nil || s.registry != nil {
			return err
		}
	}
	return err
}

// accountOfRole returns the account of the role in the request, "" for none.
func (s *stsCheck) accountOfRole() string {
	if s.call.Credentials == nil {
		return ""
	}
	role, _ := iam.ParseARN(s.call.Credentials.RoleARN) // an invalid ARN is of no account
	return role.Account
}

// requestCredentials returns what operations need of the request.
func (s *stsCheck) requestCredentials() *identity.Credentials {
	return &identity.Credentials{Context: s.context, Time: s.request.Time, ClientAddress: s.result.Client}
}

// webIdentity issues credentials to the holder of a token.
func (s *stsCheck) webIdentity(ctx context.Context) error {
	if err := s.find(s.accountOfRole()); err != nil {
		return err
	}
	if accepts := s.snapshot.Callers.Accepts; !accepts(&s.registry.Authentication, identity.Bearer) && !accepts(&s.registry.Authentication, identity.BasicAuth) {
		return errUnsupported(identity.Bearer)
	}
	web, failure := s.snapshot.Callers.AssumeRoleWithWebIdentity(ctx, &s.registry.Authentication, s.requestCredentials(), s.call.WebIdentityToken, s.call.Credentials)
	if failure != nil {
		return failure
	}
	s.answer.WebIdentity, s.answer.Issued = web, &web.Issued
	s.result.Principal, s.result.Source, s.result.Issuer, s.result.KeyID = web.Caller.Principal.ARN, string(identity.Bearer), web.Issuer, web.Token.KeyID
	return nil
}

// signed decides a signed call.
func (s *stsCheck) signed(ctx context.Context) error {
	caller, err := s.authenticateCall(ctx, &s.call.Call)
	if err != nil {
		return err
	}
	if err := s.find(cmp.Or(s.accountOfRole(), caller.Principal.Account)); err != nil {
		return err
	}
	of := s.requestCredentials() // trust policies see the context without the caller's keys
	s.setCaller(caller)
	s.image = s.context
	if s.call.Operation == GetCallerIdentity {
		return nil
	}
	if err := s.mayCall(caller); err != nil {
		return err
	}
	if s.call.Credentials == nil {
		return s.permit(mapping.Permission{Action: s.call.Operation, Resource: "*"}, "")
	}
	return s.issue(caller, of)
}

// mayCall returns an error if the operation cannot be called with the temporary credentials of the
// caller, whatever the policies (IAM User Guide, "Compare AWS STS credentials").
func (s *stsCheck) mayCall(caller *identity.Caller) error {
	if caller.Temporary == nil {
		return nil
	}
	switch caller.Temporary.Operation {
	case session.GetFederationToken:
		return &CallDenied{"Cannot call " + s.operation() + " with federation credentials"}
	case session.GetSessionToken:
		if s.operation() != string(session.AssumeRole) {
			return &CallDenied{"Cannot call " + s.operation() + " with session credentials"}
		}
	case session.AssumeRole, session.AssumeRoleWithWebIdentity:
	}
	return nil
}

// operation returns the name of the operation.
func (s *stsCheck) operation() string { return strings.TrimPrefix(s.call.Operation, "sts:") }

// issue issues credentials to the caller of a signed call.
func (s *stsCheck) issue(caller *identity.Caller, of *identity.Credentials) (err error) {
	r, callers := s.call.Credentials, s.snapshot.Callers
	switch r.Operation {
	case session.AssumeRole:
		s.answer.Issued, err = callers.AssumeRole(caller, r, of)
	case session.GetSessionToken:
		s.answer.Issued, err = callers.SessionOfUser(caller, r, of.Time)
	case session.GetFederationToken:
		err = s.federate(caller, r)
	case session.AssumeRoleWithWebIdentity: // is not signed
		err = errors.New("the operation is not signed")
	}
	if errors.Is(err, sts.ErrTemporaryCredentials) {
		return &CallDenied{fmt.Sprintf("Cannot call %s with %v", s.operation(), err)}
	}
	return err
}

// federate issues credentials of a federated user. The permissions are those to call the operation
// and to pass tags, on the federated user (IAM User Guide, "Permissions for GetFederationToken").
func (s *stsCheck) federate(caller *identity.Caller, r *identity.CredentialsRequest) error {
	f, err := s.snapshot.Callers.FederatedUser(caller, r, s.request.Time)
	if err != nil {
		return err
	}
	s.image = append(s.context[:len(s.context):len(s.context)], sts.RequestTagKeys(r.Tags)...)
	actions := []string{s.call.Operation}
	if len(r.Tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	for _, action := range actions {
		if err := s.permit(mapping.Permission{Action: action, Resource: f.User.Principal.ARN}, ""); err != nil {
			return err
		}
	}
	s.answer.Issued, err = s.snapshot.Callers.FederateUser(f, s.request.Time)
	return err
}
