package iam

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Class is a class of policies in an evaluation.
type Class uint8

const (
	// NoClass is the zero value: no class in particular.
	NoClass Class = iota
	// IdentityClass is the caller's identity-based policies.
	IdentityClass
	// ResourceClass is the policies of the repository and its registry.
	ResourceClass
	// BoundaryClass is the caller's permissions boundary.
	BoundaryClass
	// SessionClass is the policies of the caller's session.
	SessionClass
	// SCPClass is the service control policies of the caller's account.
	SCPClass
	// RCPClass is the resource control policies of the resource's account.
	RCPClass
)

// String names the class as AWS's messages of denial do.
func (c Class) String() string {
	switch c {
	case IdentityClass:
		return "identity-based policy"
	case ResourceClass:
		return "resource-based policy"
	case BoundaryClass:
		return "permissions boundary"
	case SessionClass:
		return "session policy"
	case SCPClass:
		return "service control policy"
	case RCPClass:
		return "resource control policy"
	case NoClass:
	}
	return "policy"
}

// Explanation is a decision with its reasons.
type Explanation struct {
	// Ruling is the decision. If it is exhausted, the other fields are not complete.
	Ruling
	// Matched are the statements that apply, Deny before Allow, in the
	// order of classes and documents. If finding them takes more steps than a
	// decision may take, the last classes are absent here and in Classes.
	Matched []Match
	// Classes are the decisions of each class.
	Classes []ClassDecision
	// MissingContextKeys names the condition keys, as written in the policies
	// and sorted, that statements about this action, resource and caller
	// mention and the context lacks.
	MissingContextKeys []string
}

// Match is a statement that applies to the request.
type Match struct {
	Class Class
	// Level is the place in the hierarchy, for SCPs and RCPs; the root is 0.
	Level     int
	Policy    *Policy
	Statement *Statement
}

// ClassDecision is what the policies of one class decide by themselves.
type ClassDecision struct {
	Class Class
	// Level is the place in the hierarchy, for SCPs and RCPs; the root is 0.
	Level    int
	Decision Decision
}

// Explain returns the same decision as Evaluate, with the reasons for it.
func (p *Policies) Explain(r *Request) Explanation {
	q, e, complete := p.beginExplanation(r)
	if complete {
		return e
	}
	missing := map[string]string{}
	for _, list := range p.applicable(&q) {
		matched := list.matched(&q)
		list.missingKeys(&q, missing)
		if q.meter.exhausted() {
			break
		}
		e.Classes = append(e.Classes, ClassDecision{list.class, list.level, list.decide(&q, matched)})
		e.Matched = append(e.Matched, matched...)
	}
	sortMatched(e.Matched)
	e.MissingContextKeys = slices.Sorted(maps.Values(missing))
	return e
}

// ExplainMatched is Explain without Classes and MissingContextKeys, which a line of a log
// does not need.
func (p *Policies) ExplainMatched(r *Request) Explanation {
	q, e, complete := p.beginExplanation(r)
	if complete {
		return e
	}
	for _, list := range p.applicable(&q) {
		matched := list.matched(&q)
		if q.meter.exhausted() {
			break
		}
		e.Matched = append(e.Matched, matched...)
	}
	sortMatched(e.Matched)
	return e
}

// beginExplanation returns the decision, and the query with which to find its reasons. It
// reports whether the explanation is complete, because nothing else can be explained.
func (p *Policies) beginExplanation(r *Request) (q query, e Explanation, complete bool) {
	q, known := p.newQuery(r)
	if !known {
		return query{}, Explanation{}, true
	}
	f := p.facts(&q)
	e.Ruling = f.ruling()
	q.meter = newMeter() // finding the reasons has its own limit
	return q, e, e.Exhausted
}

// sortMatched sorts statements: Deny before Allow, and else in the given order.
func sortMatched(matched []Match) {
	slices.SortStableFunc(matched, func(a, b Match) int {
		return cmp.Compare(a.Statement.Effect, b.Statement.Effect)
	})
}

// policyList is the policies of one class at one level.
type policyList struct {
	listID
	policies []*Policy
	index    *Index // may be nil
}

// applicable returns the policies that evaluation compares with the request. The registry
// policy is in the list of all resource-based policies. A level without policies is a list,
// because it allows nothing.
func (p *Policies) applicable(q *query) (lists []policyList) {
	p.visitLists(q, func(id listID, policies []*Policy, x *Index) {
		if id == (listID{class: ResourceClass}) {
			policies = p.resource()
		}
		if id.registry || len(policies) == 0 && id.class != SCPClass && id.class != RCPClass {
			return
		}
		lists = append(lists, policyList{id, policies, x})
	})
	return lists
}

// resource returns all resource-based policies.
func (p *Policies) resource() []*Policy {
	if len(p.Registry) == 0 {
		return p.Resource
	}
	return slices.Concat(p.Resource, p.Registry)
}

// decide returns what the list decides by itself, by its statements that apply.
// Resource control policies allow what they do not deny.
func (l *policyList) decide(q *query, matched []Match) Decision {
	allowed := l.class == RCPClass
	for i := range matched {
		switch m := &matched[i]; {
		case m.Statement.Effect == Deny:
			return ExplicitDeny
		case l.class == ResourceClass:
			s := m.Statement
			allowed = allowed || !q.resourceless && s.principals != nil && s.principals.grantTo(q) > mentioned
		case !m.Policy.Kind.HasPrincipal():
			allowed = true
		}
	}
	if allowed && q.wellFormed {
		return Allowed
	}
	return ImplicitDeny
}

// candidates returns the statements that could apply, in the order of the list. With
// withVariables it also returns those whose resources contain policy variables.
func (l *policyList) candidates(q *query, withVariables bool) []place {
	var found []place
	ofPolicy := func(p *Policy, offset int) {
		if p.index == nil {
			found = appendPlaces(found, p, offset)
			return
		}
		for _, at := range p.index.candidates(q, withVariables) {
			found = append(found, place{offset + at.number, p, at.statement})
		}
	}
	if x := l.index; x.isOf(l.policies) {
		for _, p := range x.large {
			ofPolicy(p.Policy, p.offset)
		}
		found = append(found, x.rest.candidates(q, withVariables)...)
	} else {
		offset := 0
		for _, p := range l.policies {
			if p != nil {
				ofPolicy(p, offset)
				offset += len(p.Statements)
			}
		}
	}
	slices.SortFunc(found, func(a, b place) int { return cmp.Compare(a.number, b.number) })
	return found
}

// matched lists the statements that apply.
func (l *policyList) matched(q *query) []Match {
	var found []Match
	var before *Policy
	for _, at := range l.candidates(q, false) {
		if at.policy != before {
			before = at.policy
			q.meter.nextPolicy()
		}
		if at.statement.applies(q) {
			found = append(found, Match{l.class, l.level, at.policy, at.statement})
		}
	}
	return found
}

// missingKeys adds the keys that the context lacks, by their lower-cased name.
func (l *policyList) missingKeys(q *query, missing map[string]string) {
	var before *Policy
	for _, at := range l.candidates(q, true) {
		if at.policy != before {
			before = at.policy
			q.meter.nextPolicy()
		}
		if at.statement.couldConcern(q) {
			at.statement.missingKeys(q.request.Context, missing)
		}
	}
}

func (s *Statement) missingKeys(ctx Context, missing map[string]string) {
	for key := range s.keys() {
		if _, found := ctx.Lookup(key); !found {
			missing[strings.ToLower(key)] = key
		}
	}
}
