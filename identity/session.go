package identity

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity/basic"
	"extauthz/identity/session"
	"extauthz/identity/sts"
)

// SessionToken authenticates by a session token, which a caller receives by signing in: as
// a Bearer token, or as the password of the user AWS. The token endpoint also accepts the
// refresh token of a session.
const SessionToken Source = "session"

func sessionSource() source {
	usable := func(auth *Authenticator) bool { return auth.sessions != nil }
	return source{
		name: SessionToken, authenticate: attempt.bySession, isDefault: usable, isUsable: usable,
		missing: "no sessions in registries.yaml", isBearer: true,
	}
}

// Sessions are the sessions that an Authenticator accepts.
type Sessions struct {
	Service     *session.Service
	MaxDuration time.Duration // of a new session
}

// AcceptSessions makes session tokens credentials, and new sessions possible.
func (auth *Authenticator) AcceptSessions(s Sessions) {
	auth.sessions = &s
	auth.callers.clear()
	auth.setDefaults()
}

// NewSession returns a session of a caller at a registry, which begins when the credential
// of the caller was issued, and ends after the longest time that is allowed. An error means
// that the caller cannot have one.
func (auth *Authenticator) NewSession(c *Caller, registry string, now time.Time) (*session.Session, error) {
	switch {
	case auth.sessions == nil:
		return nil, diag.Problemf("sessions are not configured").WithRemedy("add sessions to registries.yaml")
	case c.Session != nil:
		return nil, errors.New("a session token cannot be exchanged for another")
	case c.Principal.Kind == iam.Service:
		return nil, errors.New("an AWS service has no session")
	}
	begin := c.SessionBegin(now) // of a token with it, so that a session which a policy revokes by its age stays revoked
	if begin.IsZero() {
		begin = now
	}
	s, err := auth.newSession(&c.CallerIdentity, begin)
	if err != nil {
		return nil, err
	}
	s.Registry = registry
	s.Expires = now.Add(auth.entities.MaxSessionDuration(&c.Principal, min(auth.sessions.MaxDuration, session.MaxDuration)))
	if c.Temporary != nil && c.Temporary.Session.Expires.Before(s.Expires) {
		s.Expires = c.Temporary.Session.Expires
	}
	return s, nil
}

// newSession returns a session of a caller without an end, and for no registry.
func (auth *Authenticator) newSession(c *sts.CallerIdentity, begin time.Time) (*session.Session, error) {
	s := &session.Session{ID: session.NewID(), Principal: session.Anonymous, IssuedAt: begin}
	if c.Principal.Kind == iam.Anonymous {
		return s, nil
	}
	if c.Spec == nil {
		return nil, errors.New("the caller has no session")
	}
	s.Principal, s.UserID, s.RoleARN = c.Principal.ARN, c.Principal.UserID, c.Principal.RoleARN
	s.FederatedBy, s.FederatedByID = c.Spec.FederatedBy, auth.idOf(c.Spec.FederatedBy)
	s.Provider, s.SourceIdentity = c.Spec.Provider, c.Spec.SourceIdentity
	for _, tag := range c.Spec.Tags {
		if s.Tags == nil {
			s.Tags = map[string]string{}
		}
		s.Tags[tag.Key] = tag.Value
	}
	s.TransitiveTags = c.Spec.TransitiveTagKeys
	for _, policy := range c.SessionPolicies {
		name := auth.policies.nameOf(policy)
		switch {
		case name != "":
			s.SessionPolicies = append(s.SessionPolicies, name)
		case policy.Source.File == sts.InlinePolicySource && c.Spec.InlinePolicy != "" && s.InlinePolicy == "":
			s.InlinePolicy = c.Spec.InlinePolicy
		default:
			return nil, errors.New("a session policy of the caller has no name, so that a session token cannot refer to it")
		}
	}
	return s, nil
}

// SignSession returns the token of a session for a use. The error is [session.ErrNoKey], or
// says that the session does not fit into a token.
func (auth *Authenticator) SignSession(use session.Use, s *session.Session, now time.Time) (string, error) {
	return auth.sessions.Service.Sign(use, s, now)
}

// bySession finds the caller by a session token. Other credentials are left to the sources
// that follow.
func (a attempt) bySession() (*Caller, *Failure) {
	if a.auth.sessions == nil {
		return nil, nil
	}
	if a.credentials.RefreshToken != "" {
		found, f := a.bySessionToken(session.Refresh, a.credentials.RefreshToken)
		return found.caller, f
	}
	user, raw, f := a.sessionToken()
	if raw == "" || f != nil {
		return nil, f
	}
	if user != "" && user != tokenUser {
		return nil, invalid(SessionToken, "a session token is the password of the user "+tokenUser+" only")
	}
	return a.cached(SessionToken, raw, nil, func() (authentication, *Failure) { return a.bySessionToken(session.Access, raw) })
}

// sessionToken returns a token that claims to be of a session, "" if the request has none,
// and the user whose password it is.
func (a attempt) sessionToken() (user, raw string, f *Failure) {
	scheme, credential, f := a.authorization()
	switch {
	case f != nil:
		return "", "", f
	case strings.EqualFold(scheme, "bearer"):
		raw = credential
	case strings.EqualFold(scheme, "basic"):
		var err error
		if user, raw, err = basic.ParseCredential(credential); err != nil {
			return "", "", nil // the source basic refuses it
		}
	}
	if session.UseOf(raw) == "" {
		return "", "", nil
	}
	return user, raw, nil
}

// bySessionToken finds the caller by a token for a use, which it verifies.
func (a attempt) bySessionToken(use session.Use, raw string) (authentication, *Failure) {
	service := a.auth.sessions.Service
	token, err := service.Verify(use, raw, a.config.Registry, a.credentials.Time)
	if err != nil {
		return authentication{}, invalid(SessionToken, err.Error())
	}
	caller, err := a.callerOfSession(token.Session)
	if err != nil {
		f := noPrincipal(SessionToken, err)
		f.Issuer, f.KeyID = service.Issuer, token.KeyID
		return authentication{}, f
	}
	caller.Source, caller.Issuer, caller.KeyID, caller.Session = string(SessionToken), service.Issuer, token.KeyID, token.Session
	if token.Session.InlinePolicy != "" {
		return authentication{caller: caller}, nil // not cached: clients write such policies, of any number and size
	}
	return authentication{caller, func(a attempt) bool { return service.Covers(token, a.credentials.Time) }}, nil
}

// callerOfSession returns the caller of a session: the principal, if it still exists, as the
// files describe it now, in the session.
func (a attempt) callerOfSession(s *session.Session) (*Caller, error) {
	if s.Principal == session.Anonymous {
		if !a.config.Anonymous {
			return nil, errors.New("the registry accepts no anonymous callers")
		}
		return &Caller{CallerIdentity: a.auth.entities.Anonymous()}, nil
	}
	policies, err := a.auth.policiesOf(s)
	if err != nil {
		return nil, err
	}
	spec := &sts.CallerSpec{
		Principal: s.Principal, FederatedBy: s.FederatedBy, Provider: s.Provider,
		SourceIdentity: s.SourceIdentity, SessionPolicies: policies, InlinePolicy: s.InlinePolicy, IssuedAt: s.IssuedAt,
		TransitiveTagKeys: s.TransitiveTags,
	}
	for _, key := range slices.Sorted(maps.Keys(s.Tags)) {
		spec.Tags = append(spec.Tags, sts.Tag{Key: key, Value: s.Tags[key]})
	}
	caller, err := a.auth.entities.Caller(spec)
	if err != nil {
		return nil, hideEntity(err)
	}
	if caller.Principal.UserID != s.UserID || caller.Principal.RoleARN != s.RoleARN || a.auth.idOf(s.FederatedBy) != s.FederatedByID {
		return nil, &sts.AccessDenied{
			Reason: "the principal of the session no longer exists; sign in again",
			Detail: fmt.Sprintf("%q was created again, or has another id or path than when the session began", s.Principal),
		}
	}
	return &Caller{CallerIdentity: caller}, nil
}

// idOf returns the unique id of the user or role with an ARN, "" if it is not known.
func (auth *Authenticator) idOf(arn string) string {
	if e := auth.entities.Find(arn); e != nil {
		return e.ID
	}
	return ""
}

// policiesOf returns the session policies of a session. Without one of them the session
// would have more rights, and so has no caller.
func (auth *Authenticator) policiesOf(s *session.Session) ([]*iam.Policy, error) {
	var policies []*iam.Policy
	for _, name := range s.SessionPolicies {
		policy := auth.policies.find(name)
		if policy == nil {
			return nil, &sts.AccessDenied{
				Reason: "a session policy of the session no longer exists; sign in again",
				Detail: fmt.Sprintf("no credential and no issuer has the session policy %q any more, and no managed policy has that ARN", name),
			}
		}
		policies = append(policies, policy)
	}
	return policies, nil
}
