package iam

import (
	"math"
	"slices"
)

// Extent is how many of the requests that an [OpenRequest] describes have a property.
type Extent uint8

const (
	// Never means that no request has it.
	Never Extent = iota
	// Sometimes means that a request with it is not ruled out: it depends on what is not known.
	Sometimes
	// Always means that every request has it.
	Always
)

// String returns the word in lower case.
func (e Extent) String() string {
	switch e {
	case Sometimes:
		return "sometimes"
	case Always:
		return "always"
	case Never:
	}
	return "never"
}

// An OpenRequest describes all requests of a caller for an action that agree in what is
// known of them.
type OpenRequest struct {
	// Request has the values that are known. A key that is neither in Context nor unknown
	// is absent from every request. Policy variables need no wildcards: the caller is known.
	Request
	// Unknown are the keys that a request may lack or have with any value. What Context has
	// of them does not count.
	Unknown KeySet
	// Pattern reports that Resource is an ARN whose last segment may have the wildcards * and
	// ?, and that the requests are those for all resources that match it. Policies of single
	// repositories do not belong to such a request.
	Pattern bool
	// AnyIdentity reports that the identity policies, the permissions boundary and the
	// session policies of the caller are not known.
	AnyIdentity bool
}

// A KeySet is a set of condition keys. The case of names does not matter.
type KeySet struct {
	Names    []string
	Prefixes []string // of names; "" is the prefix of every key
}

// Has reports whether a key is in the set.
func (s *KeySet) Has(key string) bool {
	return slices.ContainsFunc(s.Prefixes, func(p string) bool { return prefixIgnoringCase(key, p) >= 0 }) ||
		slices.ContainsFunc(s.Names, func(n string) bool { return equalIgnoringCase(key, n) })
}

// Without returns the entries of a context whose keys are not in the set.
func (s *KeySet) Without(c Context) Context {
	isIn := func(e ContextEntry) bool { return s.Has(e.Key) }
	if !slices.ContainsFunc(c, isIn) {
		return c
	}
	return slices.DeleteFunc(slices.Clone(c), isIn)
}

// An OpenMatch is a statement that applies to requests of an [OpenRequest].
type OpenMatch struct {
	Match
	Applies Extent // Sometimes or Always
	// OpenConditions are the conditions that depend on unknown keys. The numbers have the
	// order of [StatementSyntax].Conditions.
	OpenConditions []int
	// OpenResource reports that the statement covers only some of the resources, or that it
	// depends on unknown keys which ones.
	OpenResource bool
}

// An OpenDecision is the decision on the requests of an [OpenRequest].
type OpenDecision struct {
	// Allowed is Never only if every request is denied, and Always only if every request is
	// allowed. Otherwise it is Sometimes: what policies say about different keys, or about
	// the same key in several statements, is not combined.
	Allowed Extent
	// BlockedBy is the class that denies every request, if none is allowed.
	BlockedBy Class
	// Matched are the statements that apply to some of the requests, in the order of classes
	// and documents. Those of resource-based policies that grant nothing are left out.
	Matched []OpenMatch
}

// EvaluateOpen returns the decision on the requests that r describes. Unlike [Policies.Evaluate]
// it has no limit on steps, so that a request that exceeds the limit, and is denied for that,
// counts as decided by the policies.
func (p *Policies) EvaluateOpen(r *OpenRequest) OpenDecision {
	known := r.Request
	known.Context = r.Unknown.Without(known.Context)
	q, ok := p.newQuery(&known)
	if !ok {
		return OpenDecision{}
	}
	q.meter = meter{left: math.MaxInt}
	o := openEvaluation{request: r, query: &q, policies: p}
	return o.decide()
}

// An openEvaluation evaluates an OpenRequest by two sets of facts between which those of
// every request are: an Allow that applies to more requests never denies one, and a Deny that
// applies to more never allows one.
type openEvaluation struct {
	request     *OpenRequest
	query       *query
	policies    *Policies
	most, least facts // most has each Allow that may apply and only the Denies that always do; least is the opposite
	matched     []OpenMatch

	unitsOf string // the resource of units
	units   units
}

func (o *openEvaluation) decide() OpenDecision {
	o.most, o.least = o.newFacts(), o.newFacts()
	for _, list := range o.policies.applicable(o.query) {
		o.add(&list)
	}
	if o.request.AnyIdentity { // which may also deny
		o.most.identity, o.most.boundary, o.most.session = true, true, true
		o.least.denial.Class = IdentityClass
	}
	d := OpenDecision{Matched: o.matched}
	most, blockedBy := o.most.decide()
	least, _ := o.least.decide()
	switch {
	case least == Allowed:
		d.Allowed = Always
	case most == Allowed:
		d.Allowed = Sometimes
	default:
		d.BlockedBy = blockedBy
	}
	return d
}

// newFacts returns the facts without any statement.
func (o *openEvaluation) newFacts() facts {
	q, p := o.query, o.policies
	caller := q.request.Principal.Kind
	return facts{
		caller: caller, wellFormed: q.wellFormed, sameAccount: q.sameAccount, trust: q.trust, scps: true,
		boundary: len(p.Boundary) == 0, session: len(p.Session) == 0 && caller != FederatedUser,
	}
}

// add adds the statements of a list.
func (o *openEvaluation) add(l *policyList) {
	allows, denies := Never, Never
	var denial Match
	for _, at := range o.candidates(l) {
		m := o.match(l, &at)
		switch {
		case m.Applies == Never:
			continue
		case at.statement.Effect == Deny:
			if m.Applies > denies {
				denies, denial = m.Applies, m.Match
			}
		case l.class == ResourceClass:
			if !o.addGrant(&m) {
				continue
			}
		case l.class == RCPClass || at.policy.Kind.HasPrincipal():
			continue
		default:
			allows = max(allows, m.Applies)
		}
		o.matched = append(o.matched, m)
	}
	o.most.addList(l, allows >= Sometimes, denies == Always, denial)
	o.least.addList(l, allows == Always, denies >= Sometimes, denial)
}

// addList adds what a list of policies decides, except the grants of resource-based policies.
func (f *facts) addList(l *policyList, allows, denies bool, denial Match) {
	if denies && f.denial.Class == NoClass {
		f.denial = denial
	}
	switch l.class {
	case SCPClass:
		f.scps = f.scps && allows
	case IdentityClass:
		f.identity = allows
	case BoundaryClass:
		f.boundary = allows
	case SessionClass:
		f.session = allows
	case NoClass, ResourceClass, RCPClass:
	}
}

// addGrant adds an Allow of a resource-based policy, and reports whether it grants something.
func (o *openEvaluation) addGrant(m *OpenMatch) bool {
	if o.query.resourceless || m.Statement.principals == nil {
		return false
	}
	g := m.Statement.principals.grantTo(o.query)
	o.most.granted = max(o.most.granted, g)
	if m.Applies == Always {
		o.least.granted = max(o.least.granted, g)
	}
	return g > mentioned
}

// candidates returns the statements that could apply. An index does not find those for only
// some of the resources of a pattern.
func (o *openEvaluation) candidates(l *policyList) (places []place) {
	if !o.request.Pattern {
		return l.candidates(o.query, false)
	}
	for _, policy := range l.policies {
		if policy != nil {
			places = appendPlaces(places, policy, len(places))
		}
	}
	return places
}

// match returns the requests to which a statement applies.
func (o *openEvaluation) match(l *policyList, at *place) OpenMatch {
	m, s := OpenMatch{Match: Match{l.class, l.level, at.policy, at.statement}}, at.statement
	if !s.covers(o.query) || s.principals != nil && !s.principals.matches(o.query) {
		return m
	}
	m.Applies = o.resources(s)
	m.OpenResource = m.Applies == Sometimes
	for i := range s.conditions() {
		if m.Applies == Never {
			return m
		}
		holds := o.condition(&s.conditions()[i], s.Effect)
		m.Applies = min(m.Applies, holds)
		if holds == Sometimes {
			m.OpenConditions = append(m.OpenConditions, i)
		}
	}
	return m
}

// condition returns the requests for which a condition is true.
func (o *openEvaluation) condition(c *condition, effect Effect) Extent {
	unknown := &o.request.Unknown
	if unknown.Has(c.key) || slices.ContainsFunc(c.operands, func(operand operand) bool {
		p := patternOf(operand)
		return p != nil && p.dependsOn(unknown)
	}) {
		return Sometimes
	}
	return extentIf(c.holds(o.query.request.Context, effect, &o.query.meter))
}

func extentIf(all bool) Extent {
	if all {
		return Always
	}
	return Never
}

// dependsOn reports whether a variable of the pattern has one of the keys.
func (p *pattern) dependsOn(keys *KeySet) bool {
	return p.variables && slices.ContainsFunc(p.tokens, func(t token) bool { return t.kind == variableToken && keys.Has(t.text) })
}
