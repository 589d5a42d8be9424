package identity

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity/oidc"
	"extauthz/identity/session"
	"extauthz/identity/sts"
)

// A CredentialsRequest is a request for temporary credentials, as in the API of AWS STS. It has
// what the operation has.
type CredentialsRequest struct {
	Operation session.Operation

	RoleARN, SessionName string        // of the operations that assume a role
	Name                 string        // of a federated user
	Duration             time.Duration // 0 means the default

	Policy            string   // the text of a session policy; "" for none
	PolicyARNs        []string // of managed session policies
	Tags              []sts.Tag
	TransitiveTagKeys []string
	SourceIdentity    string // "" for none
	ExternalID        string // "" for none
}

// Issued are temporary credentials that were issued, and the caller that they authenticate.
type Issued struct {
	*session.Credentials
	Caller sts.CallerIdentity
}

// AssumeRole returns credentials of a session of a role, if the policies allow the caller to assume
// it ([sts.Entities.AssumeRole]). c has the context and the time of the request.
func (auth *Authenticator) AssumeRole(by *Caller, r *CredentialsRequest, c *Credentials) (*Issued, error) {
	policies, missing := auth.policiesOfARNs(r.PolicyARNs, r.RoleARN)
	output, err := auth.entities.AssumeRole(&by.CallerIdentity, &sts.AssumeRoleInput{
		RoleARN: r.RoleARN, SessionName: r.SessionName, Tags: r.Tags, TransitiveTagKeys: r.TransitiveTagKeys,
		SourceIdentity: r.SourceIdentity, ExternalID: r.ExternalID, SessionPolicies: policies, InlinePolicy: r.Policy,
		Context: c.Context, IssuedAt: c.Time,
	})
	if err := cmp.Or(err, missing); err != nil {
		return nil, err
	}
	return auth.issueForRole(r, &output.Caller, by.Principal.Kind == iam.AssumedRole, c.Time)
}

// issueForRole returns credentials of the session of a role.
func (auth *Authenticator) issueForRole(r *CredentialsRequest, c *sts.CallerIdentity, chained bool, now time.Time) (*Issued, error) {
	duration, err := auth.entities.RoleSessionDuration(c.Principal.RoleARN, r.Duration, chained)
	if err != nil {
		return nil, err
	}
	return auth.issue(r.Operation, c, duration, now)
}

func (auth *Authenticator) issue(o session.Operation, c *sts.CallerIdentity, duration time.Duration, now time.Time) (*Issued, error) {
	credentials, err := auth.NewCredentials(o, c, now.Add(duration).Truncate(time.Second), now)
	if err != nil {
		return nil, err
	}
	return &Issued{credentials, *c}, nil
}

// A Federation is a request for credentials of a federated user.
type Federation struct {
	User     sts.CallerIdentity
	duration time.Duration
	missing  error // a managed policy does not exist
}

// FederatedUser returns the federated user of a request for credentials. The policies of the caller
// are not evaluated.
func (auth *Authenticator) FederatedUser(by *Caller, r *CredentialsRequest, now time.Time) (*Federation, error) {
	policies, missing := auth.policiesOfARNs(r.PolicyARNs, by.Principal.ARN)
	user, err := auth.entities.FederatedUser(&by.CallerIdentity, &sts.FederationInput{
		Name: r.Name, Tags: r.Tags, SessionPolicies: policies, InlinePolicy: r.Policy, IssuedAt: now,
	})
	if err != nil {
		return nil, err
	}
	duration, err := sts.UserSessionDuration(&by.Principal, r.Duration)
	return &Federation{user, duration, missing}, err
}

// FederateUser returns credentials of a federated user, if the policies of the caller allow it.
func (auth *Authenticator) FederateUser(f *Federation, now time.Time) (*Issued, error) {
	if f.missing != nil {
		return nil, f.missing
	}
	return auth.issue(session.GetFederationToken, &f.User, f.duration, now)
}

// SessionOfUser returns temporary credentials of a user who has a long-term access key. No
// permission is needed (STS API Reference, GetSessionToken).
func (auth *Authenticator) SessionOfUser(by *Caller, r *CredentialsRequest, now time.Time) (*Issued, error) {
	user, err := auth.entities.SessionOfUser(&by.CallerIdentity, now)
	if err != nil {
		return nil, err
	}
	duration, err := sts.UserSessionDuration(&by.Principal, r.Duration)
	if err != nil {
		return nil, err
	}
	return auth.issue(session.GetSessionToken, &user, duration, now)
}

// policiesOfARNs returns the managed policies with some ARNs, that are of AWS or of the account of a
// user or role. The error, about one that does not exist, is only for callers who may make the
// request: others must not find out which policies exist.
func (auth *Authenticator) policiesOfARNs(arns []string, of string) ([]*iam.Policy, error) {
	var policies []*iam.Policy
	owner, _ := iam.ParseARN(of) // an invalid ARN has no account, in which no policy is
	for _, arn := range arns {
		policy := auth.policies.find(owner.Account + ":" + arn)
		if !strings.HasPrefix(arn, "arn:") || policy == nil {
			return nil, diag.Problemf("a policy in PolicyArns does not exist").WithRemedy("give the ARN of a managed policy of AWS or of the account")
		}
		policies = append(policies, policy)
	}
	return policies, nil
}

// A WebIdentity is the holder of a token who has assumed a role.
type WebIdentity struct {
	Issued
	Token    *oidc.Token
	Provider string // as AWS names it: the issuer's URL without https://
	Issuer   string // its name
}

// AssumeRoleWithWebIdentity returns credentials of a session of the role that a token assumes, at a
// registry with that configuration. If principals.yaml maps the tokens of the issuer to principals,
// such a principal assumes the role. If it gives sessions of the issuer a name, they have that name
// and not the one in the request. If it gives them session policies, the request cannot pass
// others: session policies add up, and so would be no limit.
func (auth *Authenticator) AssumeRoleWithWebIdentity(ctx context.Context, config *Config, c *Credentials, raw string, r *CredentialsRequest) (*WebIdentity, *Failure) {
	a := attempt{ctx: ctx, auth: auth, config: config, credentials: c}
	i, token, f := a.verifyToken(Bearer, raw)
	if f != nil {
		f.Cause = &InvalidToken{f.Cause}
		return nil, f
	}
	w, err := a.webIdentity(Bearer, i, token)
	if err != nil {
		f := i.failure(Bearer, token, err)
		f.Cause = &RejectedClaim{f.Reason}
		return nil, f
	}
	issued, err := auth.assumeWith(w, r, c.Time)
	if err != nil {
		f := i.failure(Bearer, token, err)
		f.Cause = err
		return nil, f
	}
	return &WebIdentity{*issued, token, i.provider.URL, i.name}, nil
}

// An InvalidToken is the error of a token that could not be verified.
type InvalidToken struct{ Err error } // may be nil

func (e *InvalidToken) Error() string { return "the token is not valid" }

// Unwrap returns the error of the verification.
func (e *InvalidToken) Unwrap() error { return e.Err }

// A RejectedClaim is the error of a token with a claim that principals.yaml does not accept.
type RejectedClaim struct{ Reason string }

func (e *RejectedClaim) Error() string { return e.Reason }

// assumeWith returns credentials of the session in which the holder of a token assumes a role.
func (auth *Authenticator) assumeWith(w *webIdentity, r *CredentialsRequest, now time.Time) (*Issued, error) {
	policies, missing := auth.policiesOfARNs(r.PolicyARNs, r.RoleARN)
	if len(w.issuer.sessionPolicies) > 0 {
		if len(r.PolicyARNs) > 0 || r.Policy != "" {
			return nil, errors.New("the sessions of this issuer have session policies already, and others cannot be added")
		}
		policies = w.issuer.sessionPolicies
	}
	w.name, w.policies, w.inline = r.SessionName, policies, r.Policy
	assume := w.assumeRole
	if len(w.issuer.bindings) > 0 {
		assume = w.principal
	}
	caller, err := assume(r.RoleARN)
	if err := cmp.Or(err, missing); err != nil {
		return nil, err
	}
	return auth.issueForRole(r, &caller.CallerIdentity, w.chained, now)
}
