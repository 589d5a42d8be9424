package identity

import (
	"time"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity/nametemplate"
	"extauthz/identity/oidc"
	"extauthz/identity/sts"
)

// byClaims finds the caller by a verified token: the session of the role that the
// client names, else of the issuer's role, else the principal that the token's claims
// are bound to. While the token is valid, it has this caller in every request, unless a
// policy that lets it assume a role depends on the request.
func (a attempt) byClaims(source Source, i *compiledIssuer, token *oidc.Token, role string) (authentication, *Failure) {
	w, err := a.webIdentity(source, i, token)
	if err != nil {
		return authentication{}, i.failure(source, token, err)
	}
	if role == "" {
		role = i.role
	}
	var caller *Caller
	switch {
	case len(i.bindings) > 0:
		caller, err = w.principal(role)
	case role != "":
		caller, err = w.assumeRole(role)
	default:
		err = diag.Problemf("issuer %q has no role of its own", i.name).WithRemedy("log in as ACCOUNT/ROLE, with the token as password")
	}
	if err != nil {
		return authentication{}, i.failure(source, token, err)
	}
	caller.Issuer, caller.KeyID = i.name, token.KeyID
	if !w.repeatable {
		return authentication{caller: caller}, nil
	}
	return authentication{caller, inEveryRequest}, nil
}

// webIdentity returns the holder of a verified token, whose claims must match those that the
// issuer's tokens must have.
func (a attempt) webIdentity(source Source, i *compiledIssuer, token *oidc.Token) (*webIdentity, error) {
	captures, matches, err := i.claims.match(token.Claims)
	if err == nil && !matches {
		err = i.otherClaims(token.Claims)
	}
	if err != nil {
		return nil, err
	}
	return &webIdentity{
		entities: a.auth.entities, source: source, issuer: i, token: token, captures: captures, context: a.credentials.Context,
		policies: i.sessionPolicies,
	}, nil
}

// failure returns the failure of a valid token that maps to no principal because of err.
func (i *compiledIssuer) failure(source Source, token *oidc.Token, err error) *Failure {
	f := noPrincipal(source, err)
	f.Issuer, f.KeyID = i.name, token.KeyID
	return f
}

// A webIdentity is the holder of a verified token.
type webIdentity struct {
	entities *sts.Entities
	source   Source
	issuer   *compiledIssuer
	token    *oidc.Token
	captures nametemplate.Captures // of the issuer's claims
	context  iam.Context           // condition keys of the request

	// What the sessions of roles have. The name is used if the operator gives them none.
	name     string
	policies []*iam.Policy
	inline   string

	repeatable bool // another request with the token has the same caller; set with the caller
	chained    bool // a session of a role has assumed another role; set with the caller
}

// principal returns the principal that the token is bound to or, if the client names a
// role, the session in which that principal assumes it.
func (w *webIdentity) principal(role string) (*Caller, error) {
	caller, err := w.issuer.callerOf(w.source, w.token.Claims, w.entities)
	switch {
	case err != nil:
		return nil, err
	case caller == nil:
		return nil, w.issuer.noBinding(w.token.Claims)
	}
	caller.CallerIdentity = caller.CallerIdentity.IssuedAt(w.issuedAt())
	if role == "" {
		w.repeatable = true
		return caller, nil
	}
	w.chained = caller.Principal.Kind == iam.AssumedRole
	input, err := w.assumeRoleInput(role)
	if err != nil {
		return nil, err
	}
	return w.authenticated(w.entities.AssumeRole(&caller.CallerIdentity, input))
}

// assumeRole returns the session of the role that the token itself assumes.
func (w *webIdentity) assumeRole(role string) (*Caller, error) {
	input, err := w.assumeRoleInput(role)
	if err != nil {
		return nil, err
	}
	return w.authenticated(w.entities.AssumeRoleWithWebIdentity(w.issuer.provider, input))
}

// assumeRoleInput returns the request for a session of the role, with the name, tags
// and policies that the issuer gives its sessions.
func (w *webIdentity) assumeRoleInput(role string) (*sts.AssumeRoleInput, error) {
	tags, err := tagsFrom(w.issuer.tagClaims, w.token.Claims)
	if err != nil {
		return nil, err
	}
	return &sts.AssumeRoleInput{
		RoleARN: role, SessionName: w.sessionName(), Token: w.token, Tags: tags,
		SessionPolicies: w.policies, InlinePolicy: w.inline, Context: w.context, IssuedAt: w.issuedAt(),
	}, nil
}

// sessionName returns the name of the session of a role. If the operator wrote one, the client
// cannot choose another.
func (w *webIdentity) sessionName() string {
	if w.name != "" && !w.issuer.hasSessionName {
		return w.name
	}
	return w.issuer.sessionName.Expand(w.captures)
}

// authenticated returns the caller of a session.
func (w *webIdentity) authenticated(session sts.AssumeRoleOutput, err error) (*Caller, error) {
	if err != nil {
		return nil, err
	}
	w.repeatable = session.Repeatable
	return &Caller{CallerIdentity: session.Caller, Source: string(w.source)}, nil
}

// issuedAt returns when the sessions of the token begin. A token without iat and nbf
// counts as issued in 1970, so that sessions which a policy revokes by their age
// (aws:TokenIssueTime) stay revoked.
func (w *webIdentity) issuedAt() time.Time {
	switch {
	case !w.token.IssuedAt.IsZero():
		return w.token.IssuedAt
	case !w.token.NotBefore.IsZero():
		return w.token.NotBefore
	}
	return time.Unix(0, 0)
}
