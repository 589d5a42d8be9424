package iam

import (
	"iter"
	"slices"
)

// concerns reports whether the statement is about the request's action, resource and
// caller. It ignores the conditions.
func (s *Statement) concerns(q *query) bool {
	return s.covers(q) &&
		s.resources.matches(q.resourceFor(s.Effect), s.Effect, q.request.Context, &q.meter) &&
		(s.principals == nil || s.principals.matches(q))
}

// couldConcern is concerns for a context that had every key: a policy variable
// without a value leaves open which resources the statement is about.
func (s *Statement) couldConcern(q *query) bool {
	return s.concerns(q) || !s.resources.resolvable(q.request.Context) &&
		s.covers(q) && (s.principals == nil || s.principals.matches(q))
}

// applies reports whether the statement takes effect. It does not for a
// request whose evaluation has taken too many steps, which is denied.
func (s *Statement) applies(q *query) bool {
	if !s.covered.has(q.action) {
		return false
	}
	q.meter.charge(statementSteps)
	return !q.meter.exhausted() && s.concerns(q) && s.conditionsHold(q.request.Context, &q.meter) && !q.meter.exhausted()
}

// keys returns the condition keys that the statement mentions, as it writes them.
func (s *Statement) keys() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, key := range s.resources.keys {
			if !yield(key) {
				return
			}
		}
		for i := range s.conditions() {
			c := &s.conditions()[i]
			if !yield(c.name) {
				return
			}
			for _, key := range c.variables {
				if !yield(key) {
					return
				}
			}
		}
	}
}

// conditions returns the conditions of the statement, one for each operator and key.
func (s *Statement) conditions() []condition {
	if s.condition == nil {
		return nil
	}
	return *s.condition
}

// conditionsHold reports whether every condition is true.
func (s *Statement) conditionsHold(c Context, m *meter) bool {
	for i := range s.conditions() {
		if !s.conditions()[i].holds(c, s.Effect, m) {
			return false
		}
	}
	return true
}

// ConditionHolds reports whether a condition is true for a context. The conditions have the
// order of [StatementSyntax].Conditions.
func (s *Statement) ConditionHolds(i int, c Context) bool {
	m := newMeter()
	return s.conditions()[i].holds(c, s.Effect, &m)
}

// RequiresKey reports whether a condition of the statement is false in each request
// without the key, if the statement is an Allow. A request with a tag has aws:TagKeys.
func (s *Statement) RequiresKey(key string) bool {
	m := newMeter()
	return slices.ContainsFunc(s.conditions(), func(c condition) bool {
		implied := equalIgnoringCase(c.key, key) || equalIgnoringCase(key, "aws:TagKeys") && prefixIgnoringCase(c.key, "aws:RequestTag/") >= 0
		return implied && !c.holds(nil, Allow, &m)
	})
}
