package authz

import (
	"extauthz/iam"
	"extauthz/mapping"
)

// A Permission is one action on one resource and the decision on it.
type Permission struct {
	Action   string
	Resource string
	Decision iam.Decision
	Optional bool // its denial changes the request and does not refuse it
}

// decide evaluates the permissions of a mapping, led by the right to log in,
// up to the first that denies the request. The resource of that right is "*",
// so that only identity policies can grant it (Amazon ECR User Guide, "Private
// registry authentication"). It fills in the result's
// permissions, and tells whether the request is allowed and whether an optional
// permission is not.
func (p *pass) decide(m *mapping.Mapping) (allowed, optionalDenied bool) {
	if !p.decideOne(mapping.Permission{Action: mapping.GetAuthorizationToken, Resource: "*"}) {
		return false, false
	}
	for _, permission := range m.Permissions {
		if permission.Action == mapping.GetAuthorizationToken {
			continue
		}
		ok := p.decideOne(permission)
		switch {
		case ok:
		case permission.Optional:
			optionalDenied = true
		default:
			return false, optionalDenied
		}
	}
	return true, optionalDenied
}

// decideOne evaluates one permission. Where its action is denied only
// implicitly, the alternative action may grant it.
func (p *pass) decideOne(wanted mapping.Permission) bool {
	decided := Permission{Action: wanted.Action, Resource: wanted.Resource, Optional: wanted.Optional}
	decided.Decision = p.snapshot.Decisions.Decide(p.question(wanted.Action, wanted.Resource))
	if decided.Decision == iam.ImplicitDeny && wanted.Alternative != "" {
		if d := p.snapshot.Decisions.Decide(p.question(wanted.Alternative, wanted.Resource)); d != iam.ImplicitDeny {
			decided.Action, decided.Decision = wanted.Alternative, d
		}
	}
	p.result.Permissions = append(p.result.Permissions, decided)
	return decided.Decision == iam.Allowed
}

func (p *pass) question(action, resource string) *iam.Request {
	return &iam.Request{Principal: &p.caller.Principal, Action: action, Resource: resource, Context: p.context}
}
