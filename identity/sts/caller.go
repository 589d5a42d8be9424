package sts

import (
	"slices"
	"time"

	"extauthz/iam"
)

// A Caller is a principal with the condition keys that AWS derives from it. It is
// immutable and may be shared between requests.
type Caller struct {
	Principal       iam.Principal
	Context         iam.Context   // aws:PrincipalArn and the like; callers append to a copy
	SessionPolicies []*iam.Policy // session policies, which limit the caller
}

// attributes are what a caller has beside its principal.
type attributes struct {
	tags           []Tag // of the user or role, and of the session over them
	sourceIdentity string
	provider       string // on whose word the role was assumed
	policies       []*iam.Policy
	source         SourceResource // of a service
}

// newCaller derives the condition keys of a caller as AWS fills them in (IAM
// User Guide, "AWS global condition context keys": properties of the principal
// and of a role session).
func (e *Entities) newCaller(p iam.Principal, a attributes) Caller {
	c := Caller{Principal: p, Context: make(iam.Context, 0, 12+len(a.tags)), SessionPolicies: a.policies}
	c.setKind()
	c.set("aws:PrincipalAccount", p.Account)
	c.Context = append(c.Context, e.organization.principalKeys(p.Account)...)
	c.set("aws:userid", p.UserID)
	c.set("aws:ViaAWSService", "false")
	for _, tag := range a.tags { // an empty value is a value
		c.Context = append(c.Context, iam.ContextEntry{Key: "aws:PrincipalTag/" + tag.Key, Value: tag.Value})
	}
	c.set("aws:SourceIdentity", a.sourceIdentity)
	c.set("aws:FederatedProvider", a.provider)
	c.Context = append(c.Context, e.sourceKeys(a.source)...)
	return c
}

// setKind sets the keys that depend on the kind of principal. aws:PrincipalArn
// of a role session is the role's ARN with its path, never the session's ARN.
func (c *Caller) setKind() {
	p := &c.Principal
	switch p.Kind {
	case iam.Anonymous:
		c.set("aws:PrincipalType", p.Kind.String())
		return
	case iam.Service:
		c.set("aws:PrincipalIsAWSService", "true")
		c.set("aws:PrincipalServiceName", p.ARN)
		return
	case iam.AssumedRole:
		c.set("aws:PrincipalArn", p.RoleARN)
	default:
		c.set("aws:PrincipalArn", p.ARN)
	}
	c.set("aws:PrincipalType", p.Kind.String())
	c.set("aws:PrincipalIsAWSService", "false")
	if p.Kind == iam.User {
		c.set("aws:username", lastSegment(p.ARN))
	}
	if HasSession(p.Kind) {
		c.set("aws:MultiFactorAuthPresent", "false")
	}
}

// set adds a key, unless it has no value.
func (c *Caller) set(key, value string) {
	if value != "" {
		c.Context = append(c.Context, iam.ContextEntry{Key: key, Value: value})
	}
}

// IssuedAt is the caller with a session that began then. Who has no session is
// the same at all times.
func (c Caller) IssuedAt(begin time.Time) Caller {
	if HasSession(c.Principal.Kind) {
		c.Context = append(slices.Clip(c.Context), iam.ContextEntry{Key: "aws:TokenIssueTime", Value: begin.UTC().Format(time.RFC3339)})
	}
	return c
}

// Anonymous is who shows no credential.
func (e *Entities) Anonymous() Caller {
	return e.newCaller(iam.Principal{Kind: iam.Anonymous, UserID: "anonymous"}, attributes{})
}
