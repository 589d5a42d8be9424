package iam

import (
	"math"
	"slices"
)

// A residue is what remains of policies for requests with one caller, action and resource:
// the statements that may apply to them. Whether they do depends on the context. It is what
// partial evaluation calls a residual program.
//
// A decision by the residue is that by the policies, as long as the latter does not take more
// steps than are allowed. Both evaluate the statements of the residue in the same order, and
// the steps for all others are known.
type residue struct {
	places []residuePlace
	steps  int // that the other statements can take together
}

// A residuePlace is a statement of one of the lists.
type residuePlace struct {
	list listID
	place
}

// Evaluate returns what p.Evaluate returns for a request that has the same caller, action and
// resource as the one to which in belongs. p must have the same policies. It takes less time,
// because it evaluates only the statements that may apply.
func (in *Inputs) Evaluate(p *Policies, r *Request) Decision {
	var q query
	if in.residue == nil || !q.parse(p, r) {
		return p.Evaluate(r)
	}
	// If all policies together take no more steps than one may, no limit is exceeded.
	q.residue, q.meter = in.residue, meter{left: policySteps - in.residue.steps}
	if f := p.facts(&q); !f.exhausted {
		decision, _ := f.decide()
		return decision
	}
	return p.Evaluate(r)
}

// maxResidue is the limit on the statements of a residue, so that one takes 640 bytes at most: a
// cache has many thousand of them.
const maxResidue = 16

// isUseful reports whether evaluating the residue can take less time.
func (r *residue) isUseful() bool { return len(r.places) <= maxResidue && r.steps <= policySteps }

// residue returns the residue of the policies for a query. It does not read the context. The
// meter of the query is not charged, so that each statement is visited.
func (p *Policies) residue(q *query) *residue {
	r, free := new(residue), *q
	free.meter = meter{left: math.MaxInt}
	p.visitLists(q, func(list listID, policies []*Policy, x *Index) {
		visitStatements(policies, x, q, func(number int, p *Policy, s *Statement) {
			if s.mayApply(&free) {
				r.places = append(r.places, residuePlace{list, place{number, p, s}})
				return
			}
			r.steps = min(r.steps+s.stepsOfElements(&free), policySteps+1)
		})
	})
	r.places = slices.Clip(r.places)
	return r
}

// visitLists calls f for each list that evaluation looks at.
func (p *Policies) visitLists(q *query, f func(listID, []*Policy, *Index)) {
	if p.hasSCPs(q) {
		for level, policies := range p.SCPs {
			f(listID{class: SCPClass, level: level}, policies, nil)
		}
	}
	if p.hasRCPs(q) {
		for level, policies := range p.RCPs {
			f(listID{class: RCPClass, level: level}, policies, nil)
		}
	}
	f(listID{class: ResourceClass}, p.Resource, nil)
	f(listID{class: ResourceClass, registry: true}, p.Registry, nil)
	if q.request.Principal.Kind.hasIdentity() {
		f(listID{class: IdentityClass}, p.Identity, p.IdentityIndex)
		f(listID{class: BoundaryClass}, p.Boundary, nil)
		f(listID{class: SessionClass}, p.Session, nil)
	}
}

// stepsOfElements returns how many steps it takes to find that the statement does not apply
// to the caller, action and resource of a query. If this depends on policy variables, they
// are more than a policy may take.
func (s *Statement) stepsOfElements(q *query) int {
	if s.resources.hasVariables() {
		return policySteps + 1
	}
	before := q.meter.left
	q.meter.charge(statementSteps)
	s.concerns(q)
	return before - q.meter.left
}
