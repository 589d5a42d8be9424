package sts

import (
	"slices"
	"time"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity/oidc"
)

// A CallerIdentity is a principal with the condition keys that AWS derives from it. It is
// immutable and may be shared between requests.
type CallerIdentity struct {
	Principal       iam.Principal
	Context         iam.Context // aws:PrincipalArn and the like; append to a copy only
	SessionPolicies []*iam.Policy

	// Spec describes the caller: [Entities.Caller] makes the same caller of it again. It is
	// nil for an anonymous caller.
	Spec *CallerSpec
}

// A CallerSpec describes a caller: a principal and, for a session, what the session has. It
// has nothing that follows from the user or role.
type CallerSpec struct {
	Principal       string         // ARN of a user, a role session, a federated user or a root user, or the name of a service
	FederatedBy     string         // of a federated user: the ARN of the IAM user who federates it
	RolePath        string         // of a role session: the path at which the role must be; "" for any
	Tags            []Tag          // session tags
	SourceIdentity  string         // "" for none
	SessionPolicies []*iam.Policy  // of a session
	InlinePolicy    string         // of a session: the text of a session policy in addition to these; "" for none
	SourceResource  SourceResource // of a service: the resource for which it calls
	Provider        string         // of a role session: the identity provider whose token assumed the role; "" for none
	IssuedAt        time.Time      // when a session began, or the temporary credentials of a user were issued; zero if it is not known, and for a user without such credentials

	// TransitiveTagKeys are the keys of the session tags that are inherited by the sessions of
	// roles which the session assumes. Nothing else depends on them.
	TransitiveTagKeys []string
}

// Caller returns the caller that a spec describes. Session tags override those of the
// user or role. Trust policies are not evaluated. The error is a [NoSuchEntity] for a
// user or role that does not exist. Names beyond IAM's limits are errors, and so is what
// only sessions have for a principal without one.
func (e *Entities) Caller(s *CallerSpec) (CallerIdentity, error) {
	principal, entity, err := e.resolve(s.Principal, s.FederatedBy, s.RolePath)
	if err != nil {
		return CallerIdentity{}, err
	}
	if !HasSession(principal.Kind) && len(s.Tags)+len(s.SessionPolicies)+len(s.InlinePolicy) > 0 {
		return CallerIdentity{}, diag.Problemf("%q is not a session of a role, and only a session has session tags", oidc.Excerpt(s.Principal)).WithRemedy("write those of a user into principals.yaml")
	}
	if err := CheckTags(s.Tags); err != nil {
		return CallerIdentity{}, err
	}
	if s.SourceIdentity != "" {
		if err := CheckSourceIdentity(s.SourceIdentity); err != nil {
			return CallerIdentity{}, err
		}
	}
	if principal.Kind != iam.Service && s.SourceResource != (SourceResource{}) {
		return CallerIdentity{}, diag.Problemf("principal %q: sourceArn and sourceAccount are allowed only for an AWS service principal", oidc.Excerpt(principal.ARN)).WithRemedy("remove them")
	}
	if principal.Kind != iam.AssumedRole && s.Provider != "" {
		return CallerIdentity{}, diag.Problemf("principal %q is not a session of a role, and only such a session has an identity provider", oidc.Excerpt(principal.ARN)).WithRemedy("leave it out")
	}
	sourceAccount, err := s.SourceResource.account()
	if err != nil {
		return CallerIdentity{}, err
	}
	sessionPolicies, err := withInlinePolicy(s.SessionPolicies, s.InlinePolicy)
	if err != nil {
		return CallerIdentity{}, err
	}
	a := attributes{
		tags: s.Tags, sourceIdentity: s.SourceIdentity, provider: s.Provider, sessionPolicies: sessionPolicies,
		sourceARN: s.SourceResource.ARN, sourceAccount: sourceAccount,
	}
	if entity != nil {
		a.tags = mergeTags(entity.Tags, s.Tags)
	}
	spec := *s
	spec.RolePath = "" // of the role that was found
	caller := e.newCaller(principal, a)
	caller.Spec = &spec
	if s.IssuedAt.IsZero() {
		return caller, nil
	}
	return caller.withTemporaryCredentials(s.IssuedAt), nil
}

// Anonymous returns the caller of a request without a credential.
func (e *Entities) Anonymous() CallerIdentity {
	return e.newCaller(iam.Principal{Kind: iam.Anonymous, UserID: "anonymous"}, attributes{})
}

// IssuedAt returns the caller with a session that began at that time. A caller without
// a session is returned unchanged.
func (c CallerIdentity) IssuedAt(begin time.Time) CallerIdentity {
	if HasSession(c.Principal.Kind) {
		spec := *c.Spec
		spec.IssuedAt = begin
		c.Spec = &spec
		c.Context = append(slices.Clip(c.Context), iam.ContextEntry{Key: "aws:TokenIssueTime", Value: begin.UTC().Format(time.RFC3339)})
	}
	return c
}

// withTemporaryCredentials returns the caller of a spec with temporary credentials that were
// issued at a time. A session has begun then. A user has the condition keys that temporary
// credentials of a user have (STS API Reference, GetSessionToken; IAM User Guide, "AWS global
// condition context keys", aws:TokenIssueTime and aws:MultiFactorAuthPresent).
func (c CallerIdentity) withTemporaryCredentials(issued time.Time) CallerIdentity {
	if HasSession(c.Principal.Kind) {
		return c.IssuedAt(issued)
	}
	c.Context = append(slices.Clip(c.Context),
		iam.ContextEntry{Key: "aws:MultiFactorAuthPresent", Value: "false"},
		iam.ContextEntry{Key: "aws:TokenIssueTime", Value: issued.UTC().Format(time.RFC3339)})
	return c
}

// attributes are what a caller has in addition to its principal.
type attributes struct {
	tags            []Tag // of the user or role, overridden by those of the session
	sourceIdentity  string
	provider        string // the identity provider whose token assumed the role
	sessionPolicies []*iam.Policy
	sourceARN       string // of a service: the resource for which it calls
	sourceAccount   string // of a service: that resource's account
}

// newCaller returns a caller with the condition keys that AWS sets (IAM User Guide, "AWS
// global condition context keys": properties of the principal and of a role session).
func (e *Entities) newCaller(p iam.Principal, a attributes) CallerIdentity {
	c := CallerIdentity{Principal: p, Context: make(iam.Context, 0, 12+len(a.tags)), SessionPolicies: a.sessionPolicies}
	c.setKindKeys()
	c.set("aws:PrincipalAccount", p.Account)
	c.Context = append(c.Context, e.membership.keys(p.Account, "aws:PrincipalOrgID", "aws:PrincipalOrgPaths")...)
	c.set("aws:userid", p.UserID)
	c.set("aws:ViaAWSService", "false")
	for _, tag := range a.tags { // whose values may be empty
		c.Context = append(c.Context, iam.ContextEntry{Key: "aws:PrincipalTag/" + tag.Key, Value: tag.Value})
	}
	c.set("aws:SourceIdentity", a.sourceIdentity)
	c.set("aws:FederatedProvider", a.provider)
	c.set("aws:SourceArn", a.sourceARN)
	c.set("aws:SourceAccount", a.sourceAccount)
	c.Context = append(c.Context, e.membership.keys(a.sourceAccount, "aws:SourceOrgID", "aws:SourceOrgPaths")...)
	return c
}

// setKindKeys sets the keys that depend on the kind of principal. aws:PrincipalArn of a
// role session is the role's ARN with its path, never the session's ARN.
func (c *CallerIdentity) setKindKeys() {
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
	case iam.RootUser, iam.User, iam.FederatedUser, iam.FederatedProvider, iam.UnnamedPrincipal, iam.UnknownPrincipal:
		c.set("aws:PrincipalArn", p.ARN)
	}
	c.set("aws:PrincipalType", p.Kind.String())
	c.set("aws:PrincipalIsAWSService", "false")
	if p.Kind == iam.User {
		c.set("aws:username", iam.LastSegment(p.ARN))
	}
	if HasSession(p.Kind) {
		c.set("aws:MultiFactorAuthPresent", "false")
	}
}

// set adds a key if its value is not empty.
func (c *CallerIdentity) set(key, value string) {
	if value != "" {
		c.Context = append(c.Context, iam.ContextEntry{Key: key, Value: value})
	}
}
