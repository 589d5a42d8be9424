package sts

import (
	"fmt"
	"time"

	"extauthz/iam"
	"extauthz/identity/oidc"
)

// An AssumeRoleInput asks for a session of a role, as AWS STS takes it.
type AssumeRoleInput struct {
	RoleARN         string        // its ARN
	SessionName     string        // RoleSessionName
	Token           *oidc.Token   // verified; it passes tags and a source identity in AWS's claims
	Tags            []Tag         // session tags beside those of the token
	SessionPolicies []*iam.Policy // session policies
	Context         iam.Context   // condition keys of the request itself, none of its resource's; trust policies see them
	IssuedAt        time.Time     // when the session begins
}

// AssumeRoleWithWebIdentity assumes the role with the token itself, on the word of
// the role's trust policy alone (STS API Reference, AssumeRoleWithWebIdentity). It
// must allow sts:TagSession and sts:SetSourceIdentity too, where tags or a source
// identity are passed. The error is an [AccessDenied] if the policy does not allow
// it or the role does not exist. An invalid request is another error, whatever the
// role.
func (e *Entities) AssumeRoleWithWebIdentity(p *Provider, r *AssumeRoleInput) (Caller, error) {
	const call = "sts:AssumeRoleWithWebIdentity"
	who := fmt.Sprintf("the token of issuer %q", p.Name)
	s, err := e.asks(r)
	if err != nil {
		return Caller{}, err
	}
	keys, err := p.trustKeys(r.Token)
	if err != nil {
		return Caller{}, err
	}
	if err := s.find(call, who); err != nil {
		return Caller{}, err
	}
	provider := p.of(s.role)
	of := append(keys, iam.ContextEntry{Key: "aws:FederatedProvider", Value: provider})
	err = s.permitted(call, who,
		&iam.Policies{Resource: []*iam.Policy{s.role.Trust}}, &iam.Principal{Kind: iam.FederatedProvider, ARN: provider}, of)
	if err != nil {
		return Caller{}, err
	}
	return s.caller(provider)
}

// AssumeRole lets a caller assume the role, as by sts:AssumeRole: the trust policy
// is the role's resource-based policy, and the caller's own policies take part as
// in every other request. Only users and sessions of roles can. The source identity
// of the caller's session goes over to the new one. Errors are as those of
// [Entities.AssumeRoleWithWebIdentity].
func (e *Entities) AssumeRole(by *Caller, r *AssumeRoleInput) (Caller, error) {
	const call = "sts:AssumeRole"
	who := fmt.Sprintf("%q", by.Principal.ARN)
	owner := e.owner(&by.Principal)
	if owner == nil {
		return Caller{}, fmt.Errorf("%q cannot assume roles; users and sessions of roles can", by.Principal.ARN)
	}
	s, err := e.asks(r)
	if err != nil {
		return Caller{}, err
	}
	if err := s.inherit(by); err != nil {
		return Caller{}, err
	}
	if err := s.find(call, who); err != nil {
		return Caller{}, err
	}
	err = s.permitted(call, who,
		&iam.Policies{Identity: owner.Identity, Boundary: owner.Boundary, Session: by.SessionPolicies, Resource: []*iam.Policy{s.role.Trust}},
		&by.Principal, by.Context)
	if err != nil {
		return Caller{}, err
	}
	return s.caller("")
}

// owner is the user or role whose policies a principal has when it assumes roles,
// nil for one that cannot.
func (e *Entities) owner(p *iam.Principal) *Entity {
	switch p.Kind {
	case iam.User:
		return e.Find(p.ARN)
	case iam.AssumedRole:
		return e.Find(p.RoleARN)
	default:
		return nil
	}
}
