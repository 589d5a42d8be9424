package iam

// concerns reports whether the statement is about the request's action,
// resource and caller, whatever its conditions say.
func (s *Statement) concerns(q *query) bool {
	return s.actions.matches(q.request.Action) &&
		s.resources.matches(q.request.Resource, s.Effect, q.request.Context) &&
		(s.principals == nil || s.principals.matches(q))
}

// couldConcern is concerns for a context that had every key: a policy variable
// without a value leaves open which resources the statement is about.
func (s *Statement) couldConcern(q *query) bool {
	return s.concerns(q) || !s.resources.resolvable(q.request.Context) &&
		s.actions.matches(q.request.Action) && (s.principals == nil || s.principals.matches(q))
}

// applies reports whether the statement takes effect.
func (s *Statement) applies(q *query) bool {
	return s.concerns(q) && s.conditionsHold(q.request.Context)
}

// conditionsHold reports whether every condition is true.
func (s *Statement) conditionsHold(c Context) bool {
	for i := range s.conditions {
		if !s.conditions[i].holds(c, s.Effect) {
			return false
		}
	}
	return true
}

// covers reports whether the policy is consulted for the request at all: a
// repository's policy has no say in an action without a resource.
func (p *Policy) covers(q *query) bool {
	return p != nil && (p.Kind != RepositoryPolicy || q.request.Resource != noResource)
}

// denies reports whether a Deny applies in any of the policies.
func denies(policies []*Policy, q *query) bool {
	for _, p := range policies {
		if !p.covers(q) {
			continue
		}
		for i := range p.Statements {
			if s := &p.Statements[i]; s.Effect == Deny && s.applies(q) {
				return true
			}
		}
	}
	return false
}

// allows reports whether an Allow applies in any of the policies. A document
// that names principals does not belong to a class that is asked this way.
func allows(policies []*Policy, q *query) bool {
	for _, p := range policies {
		if !p.covers(q) || p.Kind.hasPrincipal() {
			continue
		}
		for i := range p.Statements {
			if s := &p.Statements[i]; s.Effect == Allow && s.applies(q) {
				return true
			}
		}
	}
	return false
}

// grants returns the strongest grant that the resource-based policies give
// the caller. Without a resource there is none: such actions are granted by
// identity-based policies only.
func grants(policies []*Policy, q *query) grant {
	strongest := noGrant
	if q.request.Resource == noResource {
		return strongest
	}
	for _, p := range policies {
		if !p.covers(q) {
			continue
		}
		for i := range p.Statements {
			if s := &p.Statements[i]; s.Effect == Allow && s.principals != nil && s.applies(q) {
				strongest = max(strongest, s.principals.grantTo(q))
			}
		}
	}
	return strongest
}
