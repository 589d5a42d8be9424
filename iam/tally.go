package iam

import "math"

// A tally is what the statements of one list of policies decide together.
type tally struct {
	class       Class
	level       int
	deny, allow Match // the first statements that apply; without a Statement if none does
	denyNumber  int   // of deny, in the list
	allowNumber int
	granted     grant // the strongest one of the ResourceClass, which is that of allow
}

func (t *tally) allows() bool { return t.allow.Statement != nil }

// tallyOf returns the tally of a list, whose index may be nil.
func tallyOf(class Class, level int, policies []*Policy, x *Index, q *query) tally {
	t := tally{class: class, level: level, denyNumber: math.MaxInt, allowNumber: math.MaxInt}
	if x.isOf(policies) {
		for _, p := range x.large {
			t.addPolicy(p.offset, p.Policy, q)
		}
		q.meter.nextIndex()
		x.rest.visit(q, func(at *place) { t.add(at.number, at.policy, at.statement, q) })
		return t
	}
	offset := 0
	for _, p := range policies {
		if p != nil {
			t.addPolicy(offset, p, q)
			offset += len(p.Statements)
		}
	}
	return t
}

// addPolicy adds the statements of a policy, whose numbers begin with offset.
func (t *tally) addPolicy(offset int, p *Policy, q *query) {
	q.meter.nextPolicy()
	if p.index != nil {
		p.index.visit(q, func(at *place) { t.add(offset+at.number, p, at.statement, q) })
		return
	}
	for i := range p.Statements {
		if s := &p.Statements[i]; s.covered.has(q.action) {
			t.add(offset+i, p, s, q)
		}
	}
}

// add adds a statement, unless it can change nothing. number is its place in the list.
func (t *tally) add(number int, p *Policy, s *Statement, q *query) {
	switch {
	case s.Effect == Deny:
		if number < t.denyNumber && s.applies(q) {
			t.deny, t.denyNumber = Match{t.class, t.level, p, s}, number
		}
	case t.deny.Statement != nil:
		// A Deny overrides it.
	case t.class == ResourceClass:
		t.addGrant(number, p, s, q)
	case t.class != RCPClass && number < t.allowNumber && !p.Kind.HasPrincipal() && s.applies(q):
		// A document that names principals is not in a class that is evaluated this way.
		t.allow, t.allowNumber = Match{t.class, t.level, p, s}, number
	}
}

// addGrant adds an Allow of a resource-based policy. An action of ECR without a resource
// type is granted by identity-based policies only.
func (t *tally) addGrant(number int, p *Policy, s *Statement, q *query) {
	if q.resourceless || s.principals == nil || t.granted == direct && number > t.allowNumber || !s.applies(q) {
		return
	}
	g := s.principals.grantTo(q)
	if g > t.granted || g == t.granted && number < t.allowNumber {
		t.allow, t.allowNumber, t.granted = Match{t.class, t.level, p, s}, number, g
	}
}
