package sts

import (
	"fmt"
	"slices"

	"extauthz/iam"
)

// An assumption is a request for a session, on its way to the session.
type assumption struct {
	*AssumeRoleInput
	entities       *Entities
	tags           sessionTags
	sourceIdentity string
	role           *Entity // once it is found
}

// asks is what a request asks for, whatever the role: a session of that name, with
// the tags and the source identity that its token has. It is checked before the role
// is looked up, so that an invalid request does not show which roles exist.
func (e *Entities) asks(r *AssumeRoleInput) (*assumption, error) {
	s := &assumption{AssumeRoleInput: r, entities: e}
	if err := CheckSessionName(r.SessionName); err != nil {
		return nil, err
	}
	var err error
	if s.tags, err = readSessionTags(r.Token.Claims, r.Tags); err != nil {
		return nil, err
	}
	s.sourceIdentity, err = readSourceIdentity(r.Token.Claims)
	return s, err
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

// find finds the role. One that is not there is denied in the words of one that
// does not trust who asks.
func (s *assumption) find(call, who string) error {
	s.role = s.entities.Find(s.RoleARN)
	switch {
	case s.role == nil || !s.role.IsRole():
		return unassumed(who, call, s.RoleARN, "the role is not among the principals")
	case s.role.Trust == nil:
		return unassumed(who, call, s.RoleARN, "the role has no trust policy, so that nobody can assume it")
	}
	return nil
}

// permitted asks the policies for every action that the assumption takes. who
// is how a denial calls the one who asks; of has the condition keys of it.
func (s *assumption) permitted(call, who string, p *iam.Policies, by *iam.Principal, of iam.Context) error {
	role, _ := iam.ParseARN(s.role.ARN) // an entity's is well formed
	s.entities.organization.bind(p, by.Account, role.Account)
	r := iam.Request{Principal: by, Resource: s.role.ARN, Context: s.context(of, s.entities.keysOf(s.role))}
	for _, r.Action = range s.actions(call) {
		if p.Evaluate(&r) != iam.Allowed {
			return unassumed(who, r.Action, s.role.ARN, whyNot(p, &r))
		}
	}
	return nil
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
func (s *assumption) context(of, role iam.Context) iam.Context {
	c := slices.Concat(of, role)
	c = append(c, iam.ContextEntry{Key: "sts:RoleSessionName", Value: s.SessionName})
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
	return append(c, s.Context...)
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

// caller is the session; provider is on whose word the role is assumed.
func (s *assumption) caller(provider string) (Caller, error) {
	arn, err := iam.ParseARN(s.role.ARN)
	if err != nil {
		return Caller{}, err
	}
	arn.Service, arn.Resource = "sts", "assumed-role/"+lastSegment(s.role.ARN)+"/"+s.SessionName
	p, _, err := s.entities.resolve(arn.String(), "", "")
	if err != nil {
		return Caller{}, err
	}
	caller := s.entities.newCaller(p, attributes{
		tags: mergeTags(s.role.Tags, s.tags.tags), sourceIdentity: s.sourceIdentity, provider: provider, policies: s.SessionPolicies,
	})
	return caller.IssuedAt(s.IssuedAt), nil
}
