package iam

// concerns reports whether the statement is about the request's action, resource and
// caller. It ignores the conditions.
func (s *Statement) concerns(q *query) bool {
	return s.actions.matches(q.request.Action, &q.meter) &&
		s.resources.matches(q.resourceFor(s.Effect), s.Effect, q.request.Context, &q.meter) &&
		(s.principals == nil || s.principals.matches(q))
}

// couldConcern is concerns for a context that had every key: a policy variable
// without a value leaves open which resources the statement is about.
func (s *Statement) couldConcern(q *query) bool {
	return s.concerns(q) || !s.resources.resolvable(q.request.Context) &&
		s.actions.matches(q.request.Action, &q.meter) && (s.principals == nil || s.principals.matches(q))
}

// applies reports whether the statement takes effect. It does not for a
// request whose evaluation has taken too many steps, which is denied.
func (s *Statement) applies(q *query) bool {
	q.meter.charge(statementSteps)
	return !q.meter.exhausted() && s.concerns(q) && s.conditionsHold(q.request.Context, &q.meter) && !q.meter.exhausted()
}

// conditionsHold reports whether every condition is true.
func (s *Statement) conditionsHold(c Context, m *meter) bool {
	for i := range s.conditions {
		if !s.conditions[i].holds(c, s.Effect, m) {
			return false
		}
	}
	return true
}

// denies reports whether a Deny applies in any of the policies.
func denies(policies []*Policy, q *query) bool {
	for _, p := range policies {
		if p == nil {
			continue
		}
		q.meter.nextPolicy()
		for i := range p.Statements {
			if s := &p.Statements[i]; s.Effect == Deny && s.applies(q) {
				return true
			}
		}
	}
	return false
}

// allows reports whether an Allow applies in any of the policies. A document
// that names principals is not in a class that is evaluated this way.
func allows(policies []*Policy, q *query) bool {
	for _, p := range policies {
		if p == nil || p.Kind.hasPrincipal() {
			continue
		}
		q.meter.nextPolicy()
		for i := range p.Statements {
			if s := &p.Statements[i]; s.Effect == Allow && s.applies(q) {
				return true
			}
		}
	}
	return false
}

// grants returns the strongest grant that the resource-based policies give
// the caller. An action of ECR without a resource type is granted by
// identity-based policies only.
func grants(policies []*Policy, q *query) grant {
	strongest := noGrant
	if q.resourceless {
		return strongest
	}
	for _, p := range policies {
		if p == nil {
			continue
		}
		q.meter.nextPolicy()
		for i := range p.Statements {
			if s := &p.Statements[i]; s.Effect == Allow && s.principals != nil && s.applies(q) {
				strongest = max(strongest, s.principals.grantTo(q))
			}
		}
	}
	return strongest
}
