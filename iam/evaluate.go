package iam

import "fmt"

// Decision is the result of evaluating a request. The zero value denies it.
type Decision uint8

const (
	// ImplicitDeny means that no policy allows the request, or that a class of
	// policies that must allow it does not.
	ImplicitDeny Decision = iota
	// ExplicitDeny means that a Deny statement applies.
	ExplicitDeny
	// Allowed means that the request may proceed.
	Allowed
)

// String returns the words of the IAM policy simulator.
func (d Decision) String() string {
	switch d {
	case Allowed:
		return "allowed"
	case ExplicitDeny:
		return "explicitDeny"
	case ImplicitDeny:
	}
	return "implicitDeny"
}

// UnmarshalText parses the name of a decision.
func (d *Decision) UnmarshalText(text []byte) error {
	for decision := ImplicitDeny; decision <= Allowed; decision++ {
		if string(text) == decision.String() {
			*d = decision
			return nil
		}
	}
	return fmt.Errorf("%q is not a decision", text)
}

// Request is one action on one resource by a principal. A registry request that requires
// several actions is evaluated as several Requests.
type Request struct {
	// Principal is the caller; nil is denied.
	Principal *Principal
	// Action is the full name, such as ecr:BatchGetImage.
	Action string
	// Resource is an ARN, or "*" for actions without a resource.
	Resource string
	// Context contains the values of all condition keys. Evaluation does not derive keys
	// from the other fields.
	Context Context
}

// Policies are the applicable policies for one request, by class: the type of policy. A
// class may be empty.
type Policies struct {
	// Identity are the policies attached to the caller and its groups.
	Identity []*Policy
	// Boundary is the caller's permissions boundary.
	Boundary []*Policy
	// Session are the session policies of a role or federated-user session.
	Session []*Policy
	// Resource are the repository policy and, unless Registry has it, the registry policy.
	Resource []*Policy
	// Registry is the registry policy. Its class is that of Resource.
	Registry []*Policy
	// SCPs are the service control policies above the caller's account, a
	// list for each level, root first; a level without policies allows nothing.
	SCPs [][]*Policy
	// RCPs are the resource control policies above the resource's account,
	// a list for each level, root first. AWS attaches RCPFullAWSAccess at
	// every level, so that they only deny.
	RCPs [][]*Policy
	// ResourceAccount owns the resource; "" means the account in the
	// resource's ARN or, if that has none, the caller's.
	ResourceAccount string
	// ManagementAccount is the organization's management account: its
	// principals are exempt from SCPs, its resources from RCPs.
	ManagementAccount string

	// IdentityIndex is the index of Identity, which can be a long list. It may be nil, and is
	// used only for the list from which it was made. It changes only how long a decision takes:
	// without it, each policy is looked at.
	IdentityIndex *Index
}

// A Ruling is a decision and what determines it.
type Ruling struct {
	Decision Decision
	// BlockedBy is the class that refused: the one with the explicit Deny, or
	// the first one whose Allow is missing. NoClass if the request is allowed,
	// or its action or resource is not valid.
	BlockedBy Class
	// Exhausted reports that the decision takes more steps than are allowed, so that
	// the request is denied.
	Exhausted bool
	// Match is the statement that determines the decision: the first Deny that applies or,
	// if the request is allowed, the first Allow that is enough. Its Statement is nil for
	// an implicit denial, and for what a root user may do without a policy.
	Match Match
}

// Evaluate returns the decision. It reads only its arguments, never panics, and does not
// allocate.
func (p *Policies) Evaluate(r *Request) Decision { return p.Decide(r).Decision }

// Decide is Evaluate with the statement that determines the decision.
func (p *Policies) Decide(r *Request) Ruling {
	var q query
	if !q.parse(p, r) {
		return Ruling{}
	}
	f := p.facts(&q)
	return f.ruling()
}

// facts are the results of each policy type for a request.
type facts struct {
	caller      PrincipalKind
	wellFormed  bool
	sameAccount bool
	trust       bool  // the request is to assume a role
	denial      Match // the first Deny that applies; without a class if none does
	exhausted   bool  // evaluation would take too many steps; the rest is not valid

	scps     bool // every level allows, or none apply
	identity bool
	boundary bool // allows, or there is none
	session  bool // allows, or there is none and none is needed
	granted  grant

	identityMatch, grantMatch Match // the first Allow of identity, and that of granted
}

// decide combines the results of each policy type as IAM does (IAM User Guide, "Policy
// evaluation logic", for one account and for several). The class is the one that denies.
func (f *facts) decide() (Decision, Class) {
	switch {
	case f.exhausted:
		return ImplicitDeny, NoClass
	case f.denial.Class != NoClass:
		return ExplicitDeny, f.denial.Class
	case !f.wellFormed:
		return ImplicitDeny, NoClass
	case !f.caller.hasIdentity():
		return allowedIf(f.granted == direct, ResourceClass)
	case !f.scps:
		return ImplicitDeny, SCPClass
	case f.caller == RootUser && f.trust:
		// "Roles may not be assumed by root accounts" (answer of AWS STS).
		return ImplicitDeny, IdentityClass
	case f.sameAccount && f.granted == direct:
		return Allowed, NoClass
	case f.sameAccount && (f.granted == limited || f.caller == RootUser):
		// No identity policy is needed; the limits below apply.
	case !f.identity:
		return ImplicitDeny, IdentityClass
	case (!f.sameAccount || f.trust) && f.granted < delegated:
		return ImplicitDeny, ResourceClass
	}
	if !f.boundary {
		return ImplicitDeny, BoundaryClass
	}
	return allowedIf(f.session, SessionClass)
}

func allowedIf(allowed bool, otherwise Class) (Decision, Class) {
	if allowed {
		return Allowed, NoClass
	}
	return ImplicitDeny, otherwise
}

// ruling returns the decision with the statement that determines it.
func (f *facts) ruling() Ruling {
	r := Ruling{Exhausted: f.exhausted}
	r.Decision, r.BlockedBy = f.decide()
	switch {
	case r.Decision == ExplicitDeny:
		r.Match = f.denial
	case r.Decision == ImplicitDeny:
	case !f.caller.hasIdentity(), f.sameAccount && f.granted >= limited:
		r.Match = f.grantMatch
	case f.caller != RootUser || !f.sameAccount:
		r.Match = f.identityMatch
	}
	return r
}

// facts evaluates every applicable class.
func (p *Policies) facts(q *query) (f facts) {
	f.caller, f.wellFormed, f.sameAccount, f.trust, f.scps = q.request.Principal.Kind, q.wellFormed, q.sameAccount, q.trust, true
	p.evaluate(q, &f)
	f.exhausted = q.meter.exhausted()
	return f
}

// evaluate looks at the statements of each class once, up to the first class that denies,
// which overrides every Allow.
func (p *Policies) evaluate(q *query, f *facts) {
	if p.hasSCPs(q) && p.evaluateSCPs(q, f) || p.hasRCPs(q) && p.evaluateRCPs(q, f) || p.evaluateResource(q, f) {
		return
	}
	if !f.caller.hasIdentity() {
		return
	}
	t := tallyOf(listID{class: IdentityClass}, p.Identity, p.IdentityIndex, q)
	if f.identity, f.identityMatch = t.allows(), t.allow; f.denies(&t) {
		return
	}
	t = tallyOf(listID{class: BoundaryClass}, p.Boundary, nil, q)
	if f.boundary = len(p.Boundary) == 0 || t.allows(); f.denies(&t) {
		return
	}
	t = tallyOf(listID{class: SessionClass}, p.Session, nil, q)
	f.session = len(p.Session) == 0 && f.caller != FederatedUser || t.allows()
	f.denies(&t)
}

// denies notes a Deny of the class, and reports whether there is one.
func (f *facts) denies(t *tally) bool {
	if t.deny.Statement != nil {
		f.denial = t.deny
	}
	return t.deny.Statement != nil
}

// evaluateSCPs evaluates all levels, each of which must allow. It reports whether one
// denies.
func (p *Policies) evaluateSCPs(q *query, f *facts) bool {
	for level, policies := range p.SCPs {
		t := tallyOf(listID{class: SCPClass, level: level}, policies, nil, q)
		if f.denies(&t) {
			return true
		}
		f.scps = f.scps && t.allows()
	}
	return false
}

// evaluateRCPs reports whether a level denies.
func (p *Policies) evaluateRCPs(q *query, f *facts) bool {
	for level, policies := range p.RCPs {
		if t := tallyOf(listID{class: RCPClass, level: level}, policies, nil, q); f.denies(&t) {
			return true
		}
	}
	return false
}

// evaluateResource sets the strongest grant of the resource-based policies. It reports
// whether one denies.
func (p *Policies) evaluateResource(q *query, f *facts) bool {
	t := tallyOf(listID{class: ResourceClass}, p.Resource, nil, q)
	f.granted, f.grantMatch = t.granted, t.allow
	if f.denies(&t) {
		return true
	}
	t = tallyOf(listID{class: ResourceClass, registry: true}, p.Registry, nil, q)
	if t.granted > f.granted {
		f.granted, f.grantMatch = t.granted, t.allow
	}
	return f.denies(&t)
}
