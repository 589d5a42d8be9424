package iam

import "math"

// A listID identifies one of the lists of [Policies].
type listID struct {
	class    Class
	registry bool // the list is Policies.Registry and not Policies.Resource
	level    int  // for SCPs and RCPs
}

// A tally is what the statements of one list of policies decide together.
type tally struct {
	listID
	deny, allow Match // the first statements that apply; without a Statement if none does
	denyNumber  int   // of deny, in the list
	allowNumber int
	granted     grant // the strongest one of the ResourceClass, which is that of allow
}

func (t *tally) allows() bool { return t.allow.Statement != nil }

// tallyOf returns the tally of a list, whose index may be nil. If the query has a residue, it
// adds the statements of the list that are in it.
func tallyOf(id listID, policies []*Policy, x *Index, q *query) (t tally) {
	t.listID, t.denyNumber, t.allowNumber = id, math.MaxInt, math.MaxInt
	if q.residue != nil {
		for i := range q.residue.places {
			if at := &q.residue.places[i]; at.list == id {
				t.add(at.number, at.policy, at.statement, q)
			}
		}
		return t
	}
	visitStatements(policies, x, q, func(number int, p *Policy, s *Statement) { t.add(number, p, s, q) })
	return t
}

// visitStatements calls f for each statement of a list that could apply and its number in the
// list. It begins the passes of the meter.
func visitStatements(policies []*Policy, x *Index, q *query, f func(int, *Policy, *Statement)) {
	if x.isOf(policies) {
		for _, p := range x.large {
			p.visitStatements(p.offset, q, f)
		}
		q.meter.nextIndex()
		x.rest.visit(q, func(at *place) { f(at.number, at.policy, at.statement) })
		return
	}
	offset := 0
	for _, p := range policies {
		if p != nil {
			p.visitStatements(offset, q, f)
			offset += len(p.Statements)
		}
	}
}

// visitStatements is the function visitStatements for a policy, whose statements have numbers
// from offset on.
func (p *Policy) visitStatements(offset int, q *query, f func(int, *Policy, *Statement)) {
	q.meter.nextPolicy()
	if p.index != nil {
		p.index.visit(q, func(at *place) { f(offset+at.number, p, at.statement) })
		return
	}
	for i := range p.Statements {
		if s := &p.Statements[i]; s.covered.has(q.action) {
			f(offset+i, p, s)
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
