package iam

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
	}
	return "policy"
}

// Explanation is a decision with its reasons.
type Explanation struct {
	Decision Decision
	// BlockedBy is the class that refused: the one with the explicit Deny, or
	// the first one whose Allow is missing. NoClass if the request is allowed,
	// or is itself not a well-formed question.
	BlockedBy Class
	// Matched holds every statement that applies, Deny before Allow, in the
	// order of classes and documents.
	Matched []Match
	// Classes says for each class in play what it decided by itself.
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
