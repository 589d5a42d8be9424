package authz

import (
	"context"
	"slices"

	"extauthz/decision"
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/mapping"
	"extauthz/policystore"
)

// A Permission is one action on one resource and the decision on it.
type Permission struct {
	Action   string
	Resource string
	Decision iam.Decision
	Optional bool // its denial changes the request and does not refuse it

	context iam.Context // in which it was decided
}

// login is the permission to log in. Its resource is "*", so that only identity
// policies can grant it (Amazon ECR User Guide, "Private registry
// authentication").
func login() mapping.Permission {
	return mapping.Permission{Action: mapping.GetAuthorizationToken, Resource: "*"}
}

// decide evaluates the permissions of a mapping up to the first that denies the
// request, led by the right to log in unless that is the very question or the
// registry asks it at the login only. It fills in the result's permissions, and
// tells whether the request is allowed and whether an optional permission is
// not. It stops when ctx ends, and then the request is not allowed.
func (p *pass) decide(ctx context.Context, m *mapping.Mapping) (allowed, optionalDenied bool) {
	p.result.Permissions = make([]Permission, 0, 1+len(m.Permissions))
	asksLogin := m.Operation != mapping.CheckAPI && !p.registry.AuthorizationTokenOnlyAtLogin
	if asksLogin && p.logsIn() && !p.decideOne(login(), p.context) {
		return false, false
	}
	for i := range 1 + len(m.Tags) { // one that writes several tags is decided for each
		image := imageContext(p.context, m, i)
		for _, permission := range m.Permissions {
			switch {
			case ctx.Err() != nil:
				return false, optionalDenied
			case p.decideOne(permission, image):
			case permission.Optional:
				optionalDenied = true
			default:
				return false, optionalDenied
			}
		}
	}
	return true, optionalDenied
}

// logsIn tells whether the caller is one whom identity policies allow to log in.
// Anonymous callers and services have none, so that nothing could allow them
// ecr:GetAuthorizationToken: a resource that allows them anything means it.
func (p *pass) logsIn() bool {
	return !p.isAnonymous() && p.caller.Principal.Kind != iam.Service
}

func (p *pass) isAnonymous() bool { return p.caller.Principal.Kind == iam.Anonymous }

// decideOne evaluates one permission. Where its action is denied only
// implicitly, the alternative action may grant it.
func (p *pass) decideOne(wanted mapping.Permission, context iam.Context) bool {
	decided := Permission{Action: wanted.Action, Resource: wanted.Resource, Optional: wanted.Optional, context: context}
	decided.Decision = p.ask(decided)
	if decided.Decision == iam.ImplicitDeny && wanted.Alternative != "" {
		alternative := decided
		alternative.Action = wanted.Alternative
		alternative.Decision = p.ask(alternative)
		if alternative.Decision != iam.ImplicitDeny {
			decided = alternative
		}
	}
	p.result.Permissions = append(p.result.Permissions, decided)
	return decided.Decision == iam.Allowed
}

// ask puts a permission to the engine.
func (p *pass) ask(about Permission) iam.Decision {
	p.asking = p.question(about)
	return p.snapshot.Decisions.Decide(&p.asking)
}

// question is what the engine is asked for a permission.
func (p *pass) question(about Permission) decision.Request {
	return question(p.registry, p.caller, about.Action, about.Resource, about.context)
}

// question adds to the context of a request the tags of the resource that is asked
// about: each of a request's resources has its own, as the source of a mount does.
func question(registry *policystore.Registry, caller *identity.Caller, action, resource string, c iam.Context) decision.Request {
	if tags := registry.ResourceTags(action, resource); len(tags) > 0 {
		c = slices.Concat(c, tags)
	}
	return decision.Request{
		Request: iam.Request{Principal: &caller.Principal, Action: action, Resource: resource, Context: c},
		Session: caller.SessionPolicies,
	}
}
