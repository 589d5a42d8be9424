package session

import (
	"errors"
	"time"

	"extauthz/diag"
)

// A Use is what a token is for. Its value is the token's typ header (RFC 8725, section
// 3.11). The zero Use is that of no token.
type Use string

const (
	// Access is the use of a token that is the credential of requests to the registry.
	Access Use = "extauthz-session+jwt"
	// Refresh is the use of a token that the token endpoint alone accepts, for another
	// token of the same session.
	Refresh Use = "extauthz-refresh+jwt"
)

// Anonymous is the principal of a session without a caller.
const Anonymous = "anonymous"

// MaxDuration is the longest time that a session lasts (Amazon ECR API Reference,
// GetAuthorizationToken: "The authorization token is valid for 12 hours").
const MaxDuration = 12 * time.Hour

// A Session is what a session token, or the session token of temporary credentials, says about
// its holder. Tokens of one session differ in their use only.
type Session struct {
	ID        string // random, so that no two sessions have one token
	Registry  string // the name of the registry that the token is for; of temporary credentials ""
	Principal string // ARN, or [Anonymous]
	UserID    string // aws:userid; "" if it is not known. It changes if a role or user is created again.
	RoleARN   string // of a session of a role: that role, with its path

	FederatedBy     string            // of a federated user: the ARN of the user who federates it
	FederatedByID   string            // the unique id of that user; "" if it is not known. It changes if the user is created again.
	Provider        string            // aws:FederatedProvider; "" for none
	SourceIdentity  string            // aws:SourceIdentity; "" for none
	Tags            map[string]string // session tags, without those of the user or role
	TransitiveTags  []string          // the keys of those session tags that the session passes on in a chain of roles
	SessionPolicies []string          // the names of managed policies
	InlinePolicy    string            // the text of a session policy that was passed inline; "" for none

	// IssuedAt is when the session began: aws:TokenIssueTime. It is the time of the first
	// credential, and every other token of the session has the same.
	IssuedAt time.Time
	Expires  time.Time // in whole seconds
}

// claims are the claims of a token. A reader rejects claims that it does not know, because
// one of them may limit the session.
type claims struct {
	Issuer   string `json:"iss"`
	Audience string `json:"aud"`
	Subject  string `json:"sub"`
	ID       string `json:"jti"`
	IssuedAt int64  `json:"iat"`
	Expires  int64  `json:"exp"`

	UserID          string            `json:"user_id,omitempty"`
	RoleARN         string            `json:"role,omitempty"`
	FederatedBy     string            `json:"federated_by,omitempty"`
	FederatedByID   string            `json:"federated_by_id,omitempty"`
	Provider        string            `json:"provider,omitempty"`
	SourceIdentity  string            `json:"source_identity,omitempty"`
	Tags            map[string]string `json:"tags,omitempty"`
	TransitiveTags  []string          `json:"transitive_tags,omitempty"`
	SessionPolicies []string          `json:"session_policies,omitempty"`
	InlinePolicy    string            `json:"inline_policy,omitempty"`
}

func claimsOf(issuer string, s *Session) claims {
	return claims{
		Issuer: issuer, Audience: s.Registry, Subject: s.Principal, ID: s.ID,
		IssuedAt: s.IssuedAt.Unix(), Expires: s.Expires.Unix(),
		UserID: s.UserID, RoleARN: s.RoleARN, FederatedBy: s.FederatedBy, FederatedByID: s.FederatedByID, Provider: s.Provider,
		SourceIdentity: s.SourceIdentity, Tags: s.Tags, TransitiveTags: s.TransitiveTags, SessionPolicies: s.SessionPolicies, InlinePolicy: s.InlinePolicy,
	}
}

func (c *claims) session() *Session {
	return &Session{
		ID: c.ID, Registry: c.Audience, Principal: c.Subject,
		IssuedAt: time.Unix(c.IssuedAt, 0).UTC(), Expires: time.Unix(c.Expires, 0).UTC(),
		UserID: c.UserID, RoleARN: c.RoleARN, FederatedBy: c.FederatedBy, FederatedByID: c.FederatedByID, Provider: c.Provider,
		SourceIdentity: c.SourceIdentity, Tags: c.Tags, TransitiveTags: c.TransitiveTags, SessionPolicies: c.SessionPolicies, InlinePolicy: c.InlinePolicy,
	}
}

// An Expired is the error of a token whose session has ended.
type Expired struct{ At time.Time }

func (e *Expired) Error() string {
	return diag.Problemf("the session expired at %s", e.At.Format(time.RFC3339)).WithRemedy("sign in again").Error()
}

// leeway is how far the clocks of two replicas may differ.
const leeway = time.Minute

// check checks what does not depend on the key.
func (c *claims) check(issuer, registry string, now time.Time) error {
	expires, issuedAt := time.Unix(c.Expires, 0).UTC(), time.Unix(c.IssuedAt, 0).UTC()
	switch {
	case c.Issuer != issuer:
		return errors.New("the session token is of another issuer")
	case c.Audience != registry || registry == "":
		return errors.New("the session token is for another registry")
	case c.Subject == "" || c.Expires <= 0 || c.IssuedAt < 0:
		return errors.New("the session token is incomplete")
	case !now.Before(expires.Add(leeway)):
		return &Expired{expires}
	case now.Add(leeway).Before(issuedAt):
		return errors.New("the session begins in the future")
	}
	return nil
}
