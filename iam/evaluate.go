package iam

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
	// Resource are the repository policy and the registry policy.
	Resource []*Policy
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
}

// Evaluate returns the decision. It reads only its arguments, never panics, and does not
// allocate.
func (p *Policies) Evaluate(r *Request) Decision {
	q, known := p.newQuery(r)
	if !known {
		return ImplicitDeny
	}
	f := p.facts(&q)
	decision, _ := f.decide()
	return decision
}

// facts are the results of each policy type for a request.
type facts struct {
	caller      PrincipalKind
	wellFormed  bool
	sameAccount bool
	trust       bool  // the request is to assume a role
	deniedBy    Class // class with an explicit Deny, or NoClass
	exhausted   bool  // evaluation would take too many steps; the rest is not valid

	scps     bool // every level allows, or none apply
	identity bool
	boundary bool // allows, or there is none
	session  bool // allows, or there is none and none is needed
	granted  grant
}

// decide combines the results of each policy type as IAM does (IAM User Guide, "Policy
// evaluation logic", for one account and for several). The class is the one that denies.
func (f *facts) decide() (Decision, Class) {
	switch {
	case f.exhausted:
		return ImplicitDeny, NoClass
	case f.deniedBy != NoClass:
		return ExplicitDeny, f.deniedBy
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

// facts evaluates every applicable class.
func (p *Policies) facts(q *query) facts {
	f := facts{
		caller:      q.request.Principal.Kind,
		wellFormed:  q.wellFormed,
		sameAccount: q.sameAccount,
		trust:       q.trust,
		deniedBy:    p.deniedBy(q),
	}
	if f.deniedBy == NoClass {
		p.evaluateAllows(q, &f)
	}
	f.exhausted = q.meter.exhausted()
	return f
}

// evaluateAllows sets which classes allow the request.
func (p *Policies) evaluateAllows(q *query, f *facts) {
	f.granted = grants(p.Resource, q)
	if f.caller.hasIdentity() {
		f.scps = !p.hasSCPs(q) || everyLevelAllows(p.SCPs, q)
		f.identity = allows(p.Identity, q)
		f.boundary = len(p.Boundary) == 0 || allows(p.Boundary, q)
		f.session = len(p.Session) == 0 && f.caller != FederatedUser || allows(p.Session, q)
	}
}

// deniedBy returns a class with an explicit Deny, which overrides every Allow.
func (p *Policies) deniedBy(q *query) Class {
	switch identity := q.request.Principal.Kind.hasIdentity(); {
	case p.hasSCPs(q) && anyLevelDenies(p.SCPs, q):
		return SCPClass
	case p.hasRCPs(q) && anyLevelDenies(p.RCPs, q):
		return RCPClass
	case denies(p.Resource, q):
		return ResourceClass
	case identity && denies(p.Identity, q):
		return IdentityClass
	case identity && denies(p.Boundary, q):
		return BoundaryClass
	case identity && denies(p.Session, q):
		return SessionClass
	}
	return NoClass
}

func anyLevelDenies(levels [][]*Policy, q *query) bool {
	for _, level := range levels {
		if denies(level, q) {
			return true
		}
	}
	return false
}

func everyLevelAllows(levels [][]*Policy, q *query) bool {
	for _, level := range levels {
		if !allows(level, q) {
			return false
		}
	}
	return true
}
