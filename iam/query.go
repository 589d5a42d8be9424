package iam

import "strings"

// query is a request as evaluation uses it: parsed once, before any statement. It is on
// the stack.
type query struct {
	request      *Request
	caller       ARN    // of a caller that has an account
	role         string // name of an AssumedRole's role
	resource     ARN    // zero for requests without a resource
	hasSegments  bool   // the resource has five colons
	resourceName string // what follows the fifth colon
	action       int    // the number of the action
	wellFormed   bool   // action and resource are ones that an Allow could cover
	sameAccount  bool
	trust        bool // the request is to assume a role or to tag its session
	bounded      bool // the caller has a permissions boundary
	serviceRole  bool // the caller is a session of a service-linked role
	resourceless bool // an action of ECR without a resource type

	residue *residue // of the policies; nil if all their statements are to be evaluated
	meter   meter    // of the evaluation's work
}

// newQuery parses a request. It returns false if the request does not have a caller, or
// one whose parts contradict each other.
func (p *Policies) newQuery(r *Request) (q query, known bool) {
	known = q.parse(p, r)
	return q, known
}

// parse sets q, which is zero, to what newQuery returns. A copy of a query would make the
// stack of a decision so large that it has to grow.
func (q *query) parse(p *Policies, r *Request) (known bool) {
	if p == nil || r == nil || r.Principal == nil {
		return false
	}
	q.request, q.meter, q.bounded = r, newMeter(), len(p.Boundary) > 0 && r.Principal.Kind.hasIdentity()
	if !q.identify() {
		return false
	}
	resource, isARN := splitARN(r.Resource)
	if isARN {
		q.resource = resource
	}
	q.resourceName, q.hasSegments = resource.Resource, isARN || strings.Count(r.Resource, ":") >= arnColons
	isAction := q.setAction()
	q.trust = q.isTrust()
	q.wellFormed = isAction && (isARN || r.Resource == noResource)
	q.sameAccount = q.caller.Account == p.accountOfResource(q) &&
		(!isARN || q.caller.Partition == resource.Partition)
	return true
}

// setAction sets the number of the action, and reports whether it can be an action.
func (q *query) setAction() bool {
	text := q.request.Action
	q.action = numberedActions.number(text)
	if q.action != otherAction {
		q.resourceless = numberedActions.resourceless.has(q.action)
		return true
	}
	q.resourceless = IsResourceless(text)
	return isAction(text)
}

// resourceFor is the resource that a statement's patterns are compared with.
// An Allow of an action without a resource type has none. A Deny is compared with the
// resource of the request, so that it is never lost.
func (q *query) resourceFor(effect Effect) string {
	if q.resourceless && effect == Allow {
		return noResource
	}
	return q.request.Resource
}

// isTrust reports whether the request is an action of AWS STS on a role, which only the
// role's trust policy can allow.
func (q *query) isTrust() bool {
	kind, known := identityKind(q.resource)
	return known && kind == roleIdentity && prefixIgnoringCase(q.request.Action, "sts:") >= 0
}

// identify checks the caller and splits its ARN, if it has one.
func (q *query) identify() bool {
	switch caller := q.request.Principal; caller.Kind {
	case Anonymous:
		return true
	case Service, FederatedProvider:
		return caller.ARN != ""
	case RootUser, User, AssumedRole, FederatedUser, UnnamedPrincipal:
		return q.identifyARN(caller)
	case UnknownPrincipal:
	}
	return false
}

// identifyARN checks a caller that has the ARN of its kind, and splits the ARN.
func (q *query) identifyARN(caller *Principal) bool {
	arn, ok := splitARN(caller.ARN)
	kind, known := identityKind(arn)
	if !ok || !known || !kind.isOf(caller.Kind) || caller.Account != "" && caller.Account != arn.Account {
		return false
	}
	q.caller = arn
	if caller.Kind == AssumedRole {
		return q.identifyRole(caller.RoleARN)
	}
	if caller.Kind != FederatedUser || caller.UserARN == "" {
		return true
	}
	_, ok = q.colleague(caller.UserARN, userIdentity)
	return ok
}

// colleague splits the ARN of an identity of that kind in the caller's account and
// partition. It returns false for another ARN.
func (q *query) colleague(text string, kind identity) (ARN, bool) {
	arn, ok := splitARN(text)
	named, known := identityKind(arn)
	return arn, ok && known && named == kind && arn.Account == q.caller.Account && arn.Partition == q.caller.Partition
}

// identifyRole reads the role's name from the session's ARN and checks that the role's
// own ARN, if known, has the same name.
func (q *query) identifyRole(roleARN string) bool {
	_, name, _ := strings.Cut(q.caller.Resource, "/")
	q.role, _, _ = strings.Cut(name, "/")
	if roleARN == "" {
		return true
	}
	arn, ok := q.colleague(roleARN, roleIdentity)
	q.serviceRole = strings.HasPrefix(arn.Resource, "role/aws-service-role/")
	return ok && equalIgnoringCase(LastSegment(arn.Resource), q.role)
}

// accountOfResource is the account that owns the resource.
func (p *Policies) accountOfResource(q *query) string {
	switch {
	case p.ResourceAccount != "":
		return p.ResourceAccount
	case q.resource.Account != "":
		return q.resource.Account
	}
	return q.caller.Account
}

// isOfAccount reports whether the caller belongs to the account of an entry.
// An entry that is a bare account id means the account in the resource's own
// partition.
func (q *query) isOfAccount(e *principalEntry) bool {
	partition := e.partition
	if partition == "" {
		partition = q.resource.Partition
	}
	return q.caller.Account != "" && q.caller.Account == e.account &&
		(partition == "" || partition == q.caller.Partition)
}

// isSessionOf reports whether the caller is a session of the role of an entry.
// A session's ARN lacks the role's path, so that the names are compared; the
// names of an account's roles differ by more than case.
func (q *query) isSessionOf(e *principalEntry) bool {
	return q.request.Principal.Kind == AssumedRole && q.caller.Account == e.account &&
		q.caller.Partition == e.partition && equalIgnoringCase(q.role, e.role)
}

// hasSCPs reports whether service control policies bind the caller.
func (p *Policies) hasSCPs(q *query) bool {
	exempt := q.serviceRole || p.ManagementAccount != "" && p.ManagementAccount == q.caller.Account
	return len(p.SCPs) > 0 && q.request.Principal.Kind.hasIdentity() && !exempt
}

// hasRCPs reports whether resource control policies bind the resource.
func (p *Policies) hasRCPs(q *query) bool {
	exempt := q.serviceRole || p.ManagementAccount != "" && p.ManagementAccount == p.accountOfResource(q)
	return len(p.RCPs) > 0 && !exempt
}
