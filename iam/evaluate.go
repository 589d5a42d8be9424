package iam

// Decision is the answer to a request. The zero value refuses.
type Decision uint8

const (
	// ImplicitDeny means that nothing allows the request, or that a policy
	// class which must allow it does not.
	ImplicitDeny Decision = iota
	// ExplicitDeny means that a Deny statement applies.
	ExplicitDeny
	// Allowed means that the request may proceed.
	Allowed
)

// String gives the words of the IAM policy simulator.
func (d Decision) String() string {
	switch d {
	case Allowed:
		return "allowed"
	case ExplicitDeny:
		return "explicitDeny"
	}
	return "implicitDeny"
}

// Request is one question: may this principal perform this action on this
// resource? A request that permits several actions asks once for each.
type Request struct {
	// Principal is the caller; nil is denied.
	Principal *Principal
	// Action is the full name, such as ecr:BatchGetImage.
	Action string
	// Resource is an ARN, or "*" for actions without a resource.
	Resource string
	// Context holds the condition keys. Nothing is derived from the other
	// fields: what a policy may ask for has to be in it.
	Context Context
}

// Policies are the policies in play for one request, by class. An empty class
// means that there is no policy of that class.
type Policies struct {
	// Identity holds every policy attached to the caller and its groups.
	Identity []*Policy
	// Boundary holds the caller's permissions boundary.
	Boundary []*Policy
	// Session holds the session policies of a role or federated-user session.
	Session []*Policy
	// Resource holds the repository policy and the registry policy.
	Resource []*Policy
	// SCPs holds the service control policies above the caller's account, a
	// list for each level, root first; a level without policies allows nothing.
	SCPs [][]*Policy
	// RCPs holds the resource control policies above the resource's account,
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

// Evaluate decides. It is pure and total: it reads nothing but its arguments,
// never panics, and allocates nothing.
func (p *Policies) Evaluate(r *Request) Decision {
	return ImplicitDeny
}

// Explain gives the same decision as Evaluate with the reasons for it.
func (p *Policies) Explain(r *Request) Explanation {
	return Explanation{}
}
