package sts

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"extauthz/iam"
	"extauthz/identity/oidc"
)

// An AssumeRoleInput is a request for a session of a role, as in the API of AWS STS.
type AssumeRoleInput struct {
	RoleARN         string
	SessionName     string      // RoleSessionName
	Token           *oidc.Token // verified; it passes tags and a source identity in AWS's claims. nil without a token
	Tags            []Tag       // session tags in addition to those of the token
	SessionPolicies []*iam.Policy
	InlinePolicy    string      // the text of a session policy in addition to these; "" for none
	Context         iam.Context // condition keys of the request without those of its resource; trust policies see them
	IssuedAt        time.Time   // when the session begins

	TransitiveTagKeys []string // of Tags, for sessions that the session assumes
	SourceIdentity    string   // "" for that of the token or of the caller
	ExternalID        string   // sts:ExternalId of sts:AssumeRole; "" for none
}

// An AssumeRoleOutput is the session of a role.
type AssumeRoleOutput struct {
	Caller CallerIdentity
	// Repeatable reports that the same input has the same output in every request: its
	// Context and the clock have no part in the decision.
	Repeatable bool
}

// AssumeRoleWithWebIdentity returns the session of the role that the token itself
// assumes. Only the role's trust policy decides (STS API Reference,
// AssumeRoleWithWebIdentity). It must also allow sts:TagSession and
// sts:SetSourceIdentity if tags or a source identity are passed. The error is an
// [AccessDenied] if the policy does not allow it or the role does not exist. An invalid
// request is another error, whatever the role.
func (e *Entities) AssumeRoleWithWebIdentity(p *Provider, input *AssumeRoleInput) (AssumeRoleOutput, error) {
	const call = "sts:AssumeRoleWithWebIdentity"
	who := fmt.Sprintf("the token of issuer %q", p.Name)
	s, err := e.newSessionRequest(input)
	if err != nil {
		return AssumeRoleOutput{}, err
	}
	keys, err := p.trustKeys(input.Token)
	if err != nil {
		return AssumeRoleOutput{}, err
	}
	if err := s.findRole(call, who); err != nil {
		return AssumeRoleOutput{}, err
	}
	provider := p.PrincipalFor(s.role)
	keys = append(keys, iam.ContextEntry{Key: "aws:FederatedProvider", Value: provider})
	err = s.checkPermissions(call, who,
		&iam.Policies{Resource: []*iam.Policy{s.role.Trust}}, &iam.Principal{Kind: iam.FederatedProvider, ARN: provider}, keys)
	if err != nil {
		return AssumeRoleOutput{}, err
	}
	return s.session(provider)
}

// AssumeRole returns the session of the role that another caller assumes by
// sts:AssumeRole. The trust policy is the role's resource-based policy, and the caller's
// own policies apply as in every other request. Only users and sessions of roles can
// assume roles. The source identity and the transitive tags of the caller's session are
// passed on to the new one. The errors are those of [Entities.AssumeRoleWithWebIdentity].
func (e *Entities) AssumeRole(by *CallerIdentity, input *AssumeRoleInput) (AssumeRoleOutput, error) {
	const call = "sts:AssumeRole"
	who := "User: " + by.Principal.ARN // as in AWS's message
	owner := e.owner(&by.Principal)
	if owner == nil {
		return AssumeRoleOutput{}, fmt.Errorf("%q cannot assume roles, because it is neither a user nor a session of a role", by.Principal.ARN)
	}
	s, err := e.newSessionRequest(input)
	if err != nil {
		return AssumeRoleOutput{}, err
	}
	if err := s.inherit(by); err != nil {
		return AssumeRoleOutput{}, err
	}
	if err := s.findRole(call, who); err != nil {
		return AssumeRoleOutput{}, err
	}
	err = s.checkPermissions(call, who,
		&iam.Policies{Identity: owner.Identity, Boundary: owner.Boundary, Session: by.SessionPolicies, Resource: []*iam.Policy{s.role.Trust}},
		&by.Principal, by.Context)
	if err != nil {
		return AssumeRoleOutput{}, err
	}
	return s.session("")
}

// owner returns the user or role whose policies a principal has when it assumes roles,
// nil for a principal that cannot.
func (e *Entities) owner(p *iam.Principal) *Entity {
	switch p.Kind {
	case iam.User:
		return e.Find(p.ARN)
	case iam.AssumedRole:
		return e.Find(p.RoleARN)
	case iam.UnknownPrincipal, iam.Anonymous, iam.RootUser, iam.FederatedUser, iam.Service, iam.FederatedProvider, iam.UnnamedPrincipal:
	}
	return nil
}

// A sessionRequest is an AssumeRoleInput with what its token passes and the role that
// its ARN refers to.
type sessionRequest struct {
	*AssumeRoleInput
	entities       *Entities
	tags           sessionTags
	sourceIdentity string
	policies       []*iam.Policy // the session policies, with the inline policy
	role           *Entity       // nil before findRole
	repeatable     bool          // as in AssumeRoleOutput; false before checkPermissions
}

// newSessionRequest checks all of the request except the role, so that an invalid
// request does not show which roles exist.
func (e *Entities) newSessionRequest(input *AssumeRoleInput) (*sessionRequest, error) {
	s := &sessionRequest{AssumeRoleInput: input, entities: e, sourceIdentity: input.SourceIdentity}
	var claims oidc.Claims
	if input.Token != nil {
		claims = input.Token.Claims
	}
	if err := cmp.Or(CheckSessionName(input.SessionName), checkExternalID(input.ExternalID), s.setSourceIdentity(claims)); err != nil {
		return nil, err
	}
	var err error
	if s.policies, err = withInlinePolicy(input.SessionPolicies, input.InlinePolicy); err != nil {
		return nil, err
	}
	s.tags, err = sessionTagsOf(claims, input.Tags, input.TransitiveTagKeys)
	return s, err
}

// setSourceIdentity sets the source identity that the request or its token passes.
func (s *sessionRequest) setSourceIdentity(claims oidc.Claims) error {
	if s.sourceIdentity != "" {
		return CheckSourceIdentity(s.sourceIdentity)
	}
	var err error
	s.sourceIdentity, err = sourceIdentityOf(claims)
	return err
}

// inherit adds what a session passes on to the session of a role that it assumes. Its source
// identity cannot be changed (IAM User Guide, "Monitor and control actions taken with assumed
// roles"), and neither can its transitive tags ("Pass session tags in AWS STS", "Chaining roles
// with session tags").
func (s *sessionRequest) inherit(from *CallerIdentity) error {
	if set, found := from.Context.Lookup("aws:SourceIdentity"); found {
		if s.sourceIdentity != "" && s.sourceIdentity != set.Value {
			return fmt.Errorf("the source identity %q is not that of the calling session, %q", s.sourceIdentity, set.Value)
		}
		s.sourceIdentity = set.Value
	}
	if from.Spec == nil {
		return nil
	}
	return s.tags.inherit(from.Spec)
}

// findRole finds the role. The error for one that does not exist has the same text as
// for one whose trust policy denies.
func (s *sessionRequest) findRole(call, who string) error {
	s.role = s.entities.Find(s.RoleARN)
	switch {
	case s.role == nil || !s.role.IsRole():
		return notAuthorized(who, call, s.RoleARN, "the role is not among the principals")
	case s.role.Trust == nil:
		return notAuthorized(who, call, s.RoleARN, "the role has no trust policy, so that it cannot be assumed")
	}
	return nil
}

// checkPermissions evaluates the policies for every action that the request needs. who
// is the caller's name in a denial, and keys are the caller's condition keys.
func (s *sessionRequest) checkPermissions(call, who string, p *iam.Policies, by *iam.Principal, keys iam.Context) error {
	s.entities.controls.Bind(p, by.Account, s.role.parsed.Account)
	own := s.context(keys, s.entities.roleKeys(s.role))
	r := iam.Request{Principal: by, Resource: s.role.ARN, Context: slices.Concat(own, s.Context)}
	s.repeatable = true
	for _, r.Action = range s.actions(call) {
		if decision := p.Evaluate(&r); decision != iam.Allowed {
			denied := notAuthorized(who, r.Action, s.role.ARN, denialReason(p, &r))
			denied.IsExplicit = decision == iam.ExplicitDeny
			return denied
		}
		s.repeatable = s.repeatable && dependsOnlyOn(own, p, &r)
	}
	return nil
}

// dependsOnlyOn reports whether the context has a value for every condition key on which
// the decision on a request depends. Then every context that begins with it has the same
// decision.
func dependsOnlyOn(c iam.Context, p *iam.Policies, r *iam.Request) bool {
	in := p.Inputs(r)
	return !in.Clock && !slices.ContainsFunc(in.Keys, func(key string) bool {
		entry, found := c.Lookup(key)
		return !found || entry.Ambiguous
	})
}

// actions returns the actions that must be allowed, the call itself first (IAM User
// Guide, "Pass session tags in AWS STS", and "Monitor and control actions taken with
// assumed roles" for the source identity).
func (s *sessionRequest) actions(call string) []string {
	actions := []string{call}
	if len(s.tags.tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	if s.sourceIdentity != "" {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	return actions
}

// context returns the condition keys that a trust policy sees (IAM User Guide, "IAM and
// AWS STS condition context keys"), without those of the request: the keys of the caller,
// of the role and of the session.
func (s *sessionRequest) context(caller, role iam.Context) iam.Context {
	c := slices.Concat(caller, role)
	c = append(c, iam.ContextEntry{Key: "sts:RoleSessionName", Value: s.SessionName})
	if s.sourceIdentity != "" {
		c = append(c, iam.ContextEntry{Key: "sts:SourceIdentity", Value: s.sourceIdentity})
	}
	if s.ExternalID != "" {
		c = append(c, iam.ContextEntry{Key: "sts:ExternalId", Value: s.ExternalID})
	}
	c = append(c, RequestTagKeys(s.tags.tags)...)
	if len(s.tags.transitive) > 0 {
		c = append(c, iam.ContextEntry{Key: "sts:TransitiveTagKeys", Values: s.tags.transitive, Multi: true})
	}
	return c
}

// roleKeys returns the condition keys of a role as the resource of a request: its
// account, that account's organization, and its tags (IAM User Guide, "Controlling access
// to and for IAM users and roles using tags").
func (e *Entities) roleKeys(role *Entity) iam.Context {
	c := append(e.membership.keys(role.parsed.Account, "aws:ResourceOrgID", "aws:ResourceOrgPaths"),
		iam.ContextEntry{Key: "aws:ResourceAccount", Value: role.parsed.Account})
	for _, tag := range role.Tags {
		c = append(c,
			iam.ContextEntry{Key: "aws:ResourceTag/" + tag.Key, Value: tag.Value},
			iam.ContextEntry{Key: "iam:ResourceTag/" + tag.Key, Value: tag.Value})
	}
	return c
}

// session returns the session. provider is the identity provider whose token assumed the
// role, "" if a caller did.
func (s *sessionRequest) session(provider string) (AssumeRoleOutput, error) {
	arn := s.role.parsed
	arn.Service, arn.Resource = "sts", "assumed-role/"+iam.LastSegment(s.role.ARN)+"/"+s.SessionName
	p, _, err := s.entities.resolve(arn.String(), "", "")
	if err != nil {
		return AssumeRoleOutput{}, err
	}
	caller := s.entities.newCaller(p, attributes{
		tags: mergeTags(s.role.Tags, s.tags.tags), sourceIdentity: s.sourceIdentity, provider: provider, sessionPolicies: s.policies,
	})
	caller.Spec = &CallerSpec{
		Principal: p.ARN, Tags: s.tags.tags, TransitiveTagKeys: s.tags.transitive, SourceIdentity: s.sourceIdentity,
		SessionPolicies: s.SessionPolicies, InlinePolicy: s.InlinePolicy, Provider: provider,
	}
	return AssumeRoleOutput{caller.IssuedAt(s.IssuedAt), s.repeatable}, nil
}
