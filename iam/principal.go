package iam

import (
	"fmt"
	"strings"
)

// PrincipalKind is the kind of a caller. It decides which
// policy classes apply and which elements of a resource-based policy can
// name the caller.
type PrincipalKind uint8

const (
	// UnknownPrincipal is the zero value: it matches nothing and is denied.
	UnknownPrincipal PrincipalKind = iota
	// Anonymous is a caller without credentials.
	Anonymous
	// RootUser is the root user of an account. It has full access to its own
	// account, unless a Deny or a service control policy prevents it.
	RootUser
	// User is an IAM user.
	User
	// AssumedRole is the session of an IAM role.
	AssumedRole
	// FederatedUser is a session made by sts:GetFederationToken.
	FederatedUser
	// Service is an AWS service, such as replication.ecr.amazonaws.com.
	Service
	// FederatedProvider is an identity provider with whose token a role is
	// assumed. It occurs only while a trust policy is evaluated.
	FederatedProvider
	// UnnamedPrincipal is a principal of which only the account is known, as in a
	// simulation without a caller. Its ARN is that of the account's root user.
	// Elements that name the account or "*" match it. It has no access by itself.
	UnnamedPrincipal
)

// String returns the kind as in aws:PrincipalType, if AWS has it.
func (k PrincipalKind) String() string {
	switch k {
	case Anonymous:
		return "Anonymous"
	case RootUser:
		return "Account"
	case User:
		return "User"
	case AssumedRole:
		return "AssumedRole"
	case FederatedUser:
		return "FederatedUser"
	case Service:
		return "Service"
	case FederatedProvider:
		return "FederatedProvider"
	case UnnamedPrincipal:
		return "Unnamed"
	case UnknownPrincipal:
	}
	return "Unknown"
}

// hasIdentity reports whether identity policies, boundaries, session policies
// and service control policies can apply to callers of this kind.
func (k PrincipalKind) hasIdentity() bool {
	return k == RootUser || k == User || k == AssumedRole || k == FederatedUser || k == UnnamedPrincipal
}

// Principal is the caller of a request. The zero value is denied everything.
type Principal struct {
	Kind PrincipalKind

	// ARN is what AWS calls the caller: the ARN of a user, of an assumed-role
	// or federated-user session or of a root user (also for an UnnamedPrincipal);
	// the name of a Service; the ARN or domain of a FederatedProvider; "" for
	// Anonymous.
	ARN string

	// Account is the twelve-digit account of the caller. It must agree with
	// ARN; a caller for which the two differ is denied. "" means that of ARN.
	Account string

	// RoleARN is, for an AssumedRole, the ARN of the role with its path,
	// which the session's ARN lacks. "" if unknown. A role under the path
	// /aws-service-role/ is a service-linked role.
	RoleARN string

	// UserARN is, for a FederatedUser, the IAM user of the same account who
	// requested the session; "" if unknown.
	UserARN string

	// UserID is aws:userid, "" if unknown. Code that builds a request context
	// reads it; evaluation does not.
	UserID string
}

// ParsePrincipal returns the caller with an ARN. RoleARN, UserARN and UserID are empty,
// because the ARN does not contain them. It refuses ARNs that no caller has, such as
// those of roles, whose sessions are the callers, and of groups.
// Source: IAM User Guide, "IAM identifiers" and "AWS JSON policy elements:
// Principal".
func ParsePrincipal(arn string) (Principal, error) {
	a, err := ParseARN(arn)
	if err != nil {
		return Principal{}, err
	}
	kind, ok := identityKind(a)
	switch {
	case !ok:
		return Principal{}, invalid(arn, "is not the ARN of a caller", "write the ARN of a user, a root user, an assumed-role session or a federated-user session")
	case kind == roleIdentity:
		return Principal{}, invalid(arn, "is a role, and only sessions of roles are callers", fmt.Sprintf("write the ARN of a session, arn:%s:sts::%s:assumed-role/ROLE/SESSION", a.Partition, a.Account))
	}
	return Principal{Kind: kind.caller(), ARN: arn, Account: a.Account}, nil
}

// identity is what an ARN of the services iam and sts names.
type identity uint8

const (
	rootIdentity identity = iota + 1
	userIdentity
	roleIdentity
	sessionIdentity
	federatedIdentity
)

func (i identity) caller() PrincipalKind {
	switch i {
	case rootIdentity:
		return RootUser
	case userIdentity:
		return User
	case sessionIdentity:
		return AssumedRole
	case federatedIdentity:
		return FederatedUser
	case roleIdentity:
	}
	return UnknownPrincipal
}

// isOf reports whether callers of kind k have ARNs of this identity.
func (i identity) isOf(k PrincipalKind) bool {
	return k == i.caller() || k == UnnamedPrincipal && i == rootIdentity
}

// identityKind returns the kind of identity that an ARN names, by AWS's forms; false if
// it has none of them.
func identityKind(a ARN) (identity, bool) {
	if a.Region != "" || !IsAccount(a.Account) {
		return 0, false
	}
	kind, name, _ := strings.Cut(a.Resource, "/")
	switch {
	case a.Service == "iam" && a.Resource == "root":
		return rootIdentity, true
	case a.Service == "iam" && kind == "user":
		return userIdentity, isPathAndName(name)
	case a.Service == "iam" && kind == "role":
		return roleIdentity, isPathAndName(name)
	case a.Service == "sts" && kind == "assumed-role":
		role, session, found := strings.Cut(name, "/")
		return sessionIdentity, found && isName(role) && isName(session)
	case a.Service == "sts" && kind == "federated-user":
		return federatedIdentity, isName(name)
	}
	return 0, false
}

// isPathAndName reports whether s is an optional path and a name, as in
// "division/team/bob". A path may hold any printable ASCII character; a
// wildcard in it is refused, because nothing may look like a pattern here.
func isPathAndName(s string) bool {
	slash := strings.LastIndexByte(s, '/')
	for i := range slash + 1 {
		if s[i] <= ' ' || s[i] > '~' || s[i] == '*' || s[i] == '?' {
			return false
		}
	}
	return isName(s[slash+1:])
}

// isName reports whether s has only the characters of IAM's names:
// letters, digits and _+=,.@- (IAM User Guide, "IAM and AWS STS quotas").
func isName(s string) bool {
	for i := range len(s) {
		if !isAlphanumeric(s[i]) && strings.IndexByte("_+=,.@-", s[i]) < 0 {
			return false
		}
	}
	return s != ""
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
