package iam

import (
	"fmt"

	"extauthz/diag"
)

// Kind is the kind of a policy document. It decides which elements the
// document must, may and must not have.
type Kind uint8

const (
	_ Kind = iota // the zero Kind is refused by Compile
	// IdentityPolicy is attached to a user, group or role.
	IdentityPolicy
	// RepositoryPolicy is attached to one ECR repository (SetRepositoryPolicy).
	RepositoryPolicy
	// RegistryPolicy is attached to an ECR registry (PutRegistryPolicy).
	RegistryPolicy
	// PermissionsBoundary limits what identity policies can grant.
	PermissionsBoundary
	// SessionPolicy is passed when a role is assumed or a user federated.
	SessionPolicy
	// ServiceControlPolicy limits the principals of an organization's accounts.
	ServiceControlPolicy
	// ResourceControlPolicy limits the resources of an organization's accounts.
	ResourceControlPolicy
	// TrustPolicy allows principals to assume a role.
	TrustPolicy
)

// String names the kind as AWS's documentation does.
func (k Kind) String() string {
	switch k {
	case IdentityPolicy:
		return "identity-based policy"
	case RepositoryPolicy:
		return "repository policy"
	case RegistryPolicy:
		return "registry policy"
	case PermissionsBoundary:
		return "permissions boundary"
	case SessionPolicy:
		return "session policy"
	case ServiceControlPolicy:
		return "service control policy"
	case ResourceControlPolicy:
		return "resource control policy"
	case TrustPolicy:
		return "trust policy"
	}
	return fmt.Sprintf("unknown policy kind %d", uint8(k))
}

// HasPrincipal reports whether statements of the kind name a principal.
func (k Kind) HasPrincipal() bool {
	return k == RepositoryPolicy || k == RegistryPolicy || k == TrustPolicy || k == ResourceControlPolicy
}

// AttachesToIdentity reports whether documents of the kind belong to a
// principal itself. They share one grammar.
func (k Kind) AttachesToIdentity() bool {
	return k == IdentityPolicy || k == PermissionsBoundary || k == SessionPolicy
}

// Effect is what a statement does when it applies.
type Effect uint8

const (
	// Deny is the zero value.
	Deny Effect = iota
	// Allow grants.
	Allow
)

// String returns the word of the policy language.
func (e Effect) String() string {
	switch e {
	case Allow:
		return "Allow"
	case Deny:
		return "Deny"
	}
	return "invalid"
}

// Policy is a compiled document with its source. It is immutable: its fields are for reading.
type Policy struct {
	// Source is where the text came from.
	Source diag.Source
	*Compiled
}

// Compiled is what a document is compiled into. Policies with the same text share it.
type Compiled struct {
	Kind Kind
	// ID is the document's Id element, "" if absent.
	ID string
	// Version is "2008-10-17" or "2012-10-17"; absent counts as the former.
	Version string
	// Statements are all statements in the document's order.
	Statements []Statement

	index    *statementIndex // nil for few statements
	mentions *mentions       // which equal policies share
}

// In returns the policy of a document with the same text in another source.
func (p *Policy) In(source diag.Source) *Policy { return &Policy{source, p.Compiled} }

// Statement is one compiled statement of a policy.
type Statement struct {
	// Sid is the statement's id, "" if absent.
	Sid    string
	Effect Effect
	// Start is the place of the statement's opening brace, End that of the
	// closing one.
	Start, End diag.Point

	// covered is that of actions. It is also here because most statements are about other
	// actions than a request, and reading memory takes longer than the comparison.
	covered actionSet

	// Equal statements of several policies can share these.
	actions    *actionElement
	resources  *resourceElement
	principals *principalElement // nil where the kind of policy has none
	condition  *[]condition      // nil without a Condition element
}
