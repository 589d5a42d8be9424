package identity

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"extauthz/iam"
)

// An assumption is the request for a session of a role, as AWS STS takes it.
type assumption struct {
	role           *Entity
	session        string // its name
	tags           sessionTags
	sourceIdentity string
}

// actions are what has to be allowed, beginning with the call itself (IAM User
// Guide, "Pass session tags in AWS STS", and "Monitor and control actions taken
// with assumed roles" for the source identity).
func (s *assumption) actions(call string) []string {
	actions := []string{call}
	if len(s.tags.tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	if s.sourceIdentity != "" {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	return actions
}

// context is what a trust policy can ask of the request (IAM User Guide, "IAM
// and AWS STS condition context keys"). of has the keys of who asks, role those
// of the role.
func (s *assumption) context(of, role iam.Context, e *Evidence) iam.Context {
	c := slices.Concat(of, role)
	c = append(c, iam.ContextEntry{Key: "sts:RoleSessionName", Value: s.session})
	if s.sourceIdentity != "" {
		c = append(c, iam.ContextEntry{Key: "sts:SourceIdentity", Value: s.sourceIdentity})
	}
	var keys []string
	for _, tag := range s.tags.tags {
		c = append(c, iam.ContextEntry{Key: "aws:RequestTag/" + tag.Key, Value: tag.Value})
		keys = append(keys, tag.Key)
	}
	if len(keys) > 0 {
		c = append(c, iam.ContextEntry{Key: "aws:TagKeys", Values: keys, Multi: true})
	}
	if len(s.tags.transitive) > 0 {
		c = append(c, iam.ContextEntry{Key: "sts:TransitiveTagKeys", Values: s.tags.transitive, Multi: true})
	}
	return append(c, e.Context...)
}

// keysOf are the condition keys of a role as the resource of a request: its
// account, that account's organization, and its tags (IAM User Guide, "Controlling
// access to and for IAM users and roles using tags").
func (e *Entities) keysOf(role *Entity) iam.Context {
	arn, _ := iam.ParseARN(role.ARN) // an entity's is well formed
	c := append(e.organization.resourceKeys(arn.Account), iam.ContextEntry{Key: "aws:ResourceAccount", Value: arn.Account})
	for _, tag := range role.Tags {
		c = append(c,
			iam.ContextEntry{Key: "aws:ResourceTag/" + tag.Key, Value: tag.Value},
			iam.ContextEntry{Key: "iam:ResourceTag/" + tag.Key, Value: tag.Value})
	}
	return c
}

// permitted asks the policies for every action that the assumption takes. who
// is how a failure calls the one who asks; of has the condition keys of it.
func (t *tokenHolder) permitted(s *assumption, call, who string, p *iam.Policies, by *iam.Principal, of iam.Context) error {
	role, _ := iam.ParseARN(s.role.ARN) // an entity's is well formed
	t.table.entities.organization.bind(p, by.Account, role.Account)
	r := iam.Request{Principal: by, Resource: s.role.ARN, Context: s.context(of, t.table.entities.keysOf(s.role), t.evidence)}
	for _, r.Action = range s.actions(call) {
		if p.Evaluate(&r) != iam.Allowed {
			return unassumed(who, r.Action, s.role.ARN, whyNot(p, &r))
		}
	}
	return nil
}

// caller is the session.
func (s *assumption) caller(source Source, provider string, policies []*iam.Policy, e *Entities) (*Caller, error) {
	arn, err := iam.ParseARN(s.role.ARN)
	if err != nil {
		return nil, err
	}
	arn.Service, arn.Resource = "sts", "assumed-role/"+lastSegment(s.role.ARN)+"/"+s.session
	p, _, err := e.resolve(arn.String(), "", "")
	if err != nil {
		return nil, err
	}
	caller := e.newCaller(source.String(), p, attributes{
		tags: MergeTags(s.role.Tags, s.tags.tags), sourceIdentity: s.sourceIdentity, provider: provider,
	})
	caller.Session = policies
	return caller, nil
}

// asks is what the token asks for, whatever the role: a session of that name, with
// the tags and the source identity that its claims have. It is judged before the
// role is looked at, so that a token that asks amiss tells nobody which roles
// there are.
func (t *tokenHolder) asks() (*assumption, error) {
	s := &assumption{session: t.issuer.session.Expand(t.captures)}
	if err := checkSessionName(s.session); err != nil {
		return nil, err
	}
	var err error
	if s.tags, err = readSessionTags(t.token.Claims, t.issuer.tagClaims); err != nil {
		return nil, err
	}
	s.sourceIdentity, err = readSourceIdentity(t.token.Claims)
	return s, err
}

// assumable finds the role. One that is not there is denied in the words of one
// that does not trust who asks.
func (t *tokenHolder) assumable(s *assumption, call, who, role string) error {
	s.role = t.table.entities.Find(role)
	switch {
	case s.role == nil || !s.role.isRole():
		return unassumed(who, call, role, "the role is not among the principals")
	case s.role.Trust == nil:
		return unassumed(who, call, role, "the role has no trust policy, so that nobody can assume it")
	}
	return nil
}

// issued is when the sessions of the token begin. A token that does not say when
// it was issued is as old as can be, so that sessions revoked by their age
// (aws:TokenIssueTime) stay so.
func (t *tokenHolder) issued() time.Time {
	switch {
	case !t.token.IssuedAt.IsZero():
		return t.token.IssuedAt
	case !t.token.NotBefore.IsZero():
		return t.token.NotBefore
	}
	return time.Unix(0, 0)
}

// webIdentity assumes the role with the token itself, on the word of the role's
// trust policy alone (STS API Reference, AssumeRoleWithWebIdentity).
func (t *tokenHolder) webIdentity(role string) (*Caller, error) {
	const call = "sts:AssumeRoleWithWebIdentity"
	who := fmt.Sprintf("the token of issuer %q", t.issuer.name)
	s, err := t.asks()
	if err != nil {
		return nil, err
	}
	if err := t.assumable(s, call, who, role); err != nil {
		return nil, err
	}
	provider := t.issuer.providerFor(s.role)
	of := append(t.issuer.trustKeys(t.token), iam.ContextEntry{Key: "aws:FederatedProvider", Value: provider})
	err = t.permitted(s, call, who,
		&iam.Policies{Resource: []*iam.Policy{s.role.Trust}}, &iam.Principal{Kind: iam.FederatedProvider, ARN: provider}, of)
	if err != nil {
		return nil, err
	}
	caller, err := s.caller(t.source, provider, t.issuer.policies, t.table.entities)
	if err != nil {
		return nil, err
	}
	return caller.issuedAt(t.issued()), nil
}

// providerFor is what a trust policy calls the issuer: the ARN of the identity
// provider in the role's own account, or the domain of one that AWS knows
// without such (IAM User Guide, "AWS JSON policy elements: Principal").
func (i *issuer) providerFor(role *Entity) string {
	switch i.provider {
	case "accounts.google.com", "cognito-identity.amazonaws.com":
		return i.provider
	}
	return strings.TrimSuffix(role.ARN, role.ARN[strings.Index(role.ARN, ":role/"):]) + ":oidc-provider/" + i.provider
}

// chain lets a bound principal assume the role, as by sts:AssumeRole: the trust
// policy is the role's resource-based policy, and the principal's own policies
// take part as in every other request.
func (t *tokenHolder) chain(by *Caller, role string) (*Caller, error) {
	const call = "sts:AssumeRole"
	who := fmt.Sprintf("%q", by.Principal.ARN)
	owner := t.table.entities.owner(&by.Principal)
	if owner == nil {
		return nil, fmt.Errorf("%q cannot assume roles; users and sessions of roles can", by.Principal.ARN)
	}
	s, err := t.asks()
	if err != nil {
		return nil, err
	}
	if err := s.inherit(by); err != nil {
		return nil, err
	}
	if err := t.assumable(s, call, who, role); err != nil {
		return nil, err
	}
	err = t.permitted(s, call, who,
		&iam.Policies{Identity: owner.Identity, Boundary: owner.Boundary, Session: by.Session, Resource: []*iam.Policy{s.role.Trust}},
		&by.Principal, by.Context)
	if err != nil {
		return nil, err
	}
	caller, err := s.caller(t.source, "", t.issuer.policies, t.table.entities)
	if err != nil {
		return nil, err
	}
	return caller.issuedAt(t.issued()), nil
}

// owner is the user or role whose policies a principal has when it assumes roles,
// nil for one that cannot.
func (e *Entities) owner(p *iam.Principal) *Entity {
	switch p.Kind {
	case iam.User:
		return e.Find(p.ARN)
	case iam.AssumedRole:
		return e.Find(p.RoleARN)
	}
	return nil
}

// inherit takes over the source identity of the session that assumes the role,
// which cannot be changed (IAM User Guide, "Monitor and control actions taken
// with assumed roles").
func (s *assumption) inherit(from *Caller) error {
	set, found := from.Context.Lookup("aws:SourceIdentity")
	switch {
	case !found:
		return nil
	case s.sourceIdentity != "" && s.sourceIdentity != set.Value:
		return fmt.Errorf("the token's source identity %q is not that of its session, %q", s.sourceIdentity, set.Value)
	}
	s.sourceIdentity = set.Value
	return nil
}
