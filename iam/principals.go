package iam

import (
	"strings"
)

// principalElement is a Principal or NotPrincipal element.
type principalElement struct {
	not     bool
	entries []principalEntry
	byKey   map[principalKey][]int32 // the numbers of entries, if they are many
}

// principalEntry is one principal that an element lists.
type principalEntry struct {
	kind               entryKind
	text               string // as written, compared byte for byte where the kind is exact
	partition, account string // of its ARN
	role               string // the role's name without its path
}

type entryKind uint8

const (
	opaqueEntry    entryKind = iota // the id of a deleted user or role, which does not match any caller
	everyoneEntry                   // "*"
	accountEntry                    // an account id or its root ARN
	userEntry                       // a user's ARN
	roleEntry                       // a role's ARN: all its sessions
	sessionEntry                    // one assumed-role session
	federatedEntry                  // one federated-user session
	serviceEntry                    // an AWS service
	providerEntry                   // an identity provider, in trust policies
)

// grant is how an element of a resource-based policy matches the caller. It decides
// what an Allow grants within one account. The values are ordered by strength.
type grant uint8

const (
	noGrant   grant = iota // does not match
	mentioned              // a Deny applies, but an Allow grants nothing
	delegated              // names the account: the caller's own policies must allow
	limited                // names the role or the federating user: boundary and session policy still limit
	direct                 // names the caller or everyone: needs no further Allow
)

// grantTo returns the strongest way in which an entry matches the caller.
func (e *principalElement) grantTo(q *query) grant {
	strongest := noGrant
	if e.byKey == nil {
		for i := range e.entries {
			strongest = max(strongest, e.entries[i].grantTo(q))
		}
		return strongest
	}
	for r := byEveryone + 1; r < routes; r++ {
		for _, i := range find(e.byKey, r, q) {
			strongest = max(strongest, e.entries[i].grantTo(q))
		}
	}
	return strongest
}

// matches reports whether the element covers the caller. A NotPrincipal covers
// every caller except those it lists, and in a Deny every caller that has a
// permissions boundary, whatever it lists (IAM User Guide, "AWS JSON policy
// elements: NotPrincipal", Key points).
func (e *principalElement) matches(q *query) bool {
	if e.not {
		return q.bounded || !e.lists(q)
	}
	return e.grantTo(q) != noGrant
}

// lists reports whether the element names every principal of the request, so that a Deny
// with NotPrincipal exempts the caller. A request of a user has two principals: the
// account and the user. That of a role session has the account, the role and the session.
// That of a federated user has the account, the user who requested the session, and the
// session (IAM User Guide, "AWS JSON policy
// elements: NotPrincipal", Key points and both examples; AWS re:Post Knowledge
// Center, "explicit-deny-principle-elements-s3": each session is listed by its
// own name). A caller without a name is listed by "*" only.
func (e *principalElement) lists(q *query) bool {
	caller := q.request.Principal.Kind
	var account, parent, self bool // parent is the role, or the user who requested the session
	for i := range e.entries {
		entry := &e.entries[i]
		if entry.kind == everyoneEntry && caller != FederatedProvider {
			return true
		}
		switch entry.grantTo(q) {
		case delegated:
			account = true
		case limited:
			parent = true
		case direct:
			self = true
		case noGrant, mentioned:
		}
	}
	switch caller {
	case RootUser:
		return account
	case User:
		return account && self
	case AssumedRole, FederatedUser:
		return account && parent && self
	case Service, FederatedProvider:
		return self
	case UnknownPrincipal, Anonymous, UnnamedPrincipal:
	}
	return false
}

// grantTo returns how the entry matches the caller (IAM User Guide, "AWS JSON policy
// elements: Principal", and "Policy evaluation logic" for what each form grants).
func (e *principalEntry) grantTo(q *query) grant {
	caller := q.request.Principal
	switch e.kind {
	case everyoneEntry:
		switch {
		case caller.Kind == FederatedProvider:
			return mentioned
		case q.trust: // a trust policy grants directly only to callers that it names
			return limited
		}
		return direct
	case accountEntry:
		return grantIf(q.isOfAccount(e), delegated)
	case roleEntry:
		return grantIf(q.isSessionOf(e), limited)
	case userEntry:
		if caller.Kind == FederatedUser {
			return grantIf(caller.UserARN == e.text, limited)
		}
		return grantIf(caller.Kind == User && caller.ARN == e.text, direct)
	case sessionEntry:
		return grantIf(caller.Kind == AssumedRole && caller.ARN == e.text, direct)
	case federatedEntry:
		return grantIf(caller.Kind == FederatedUser && caller.ARN == e.text, direct)
	case serviceEntry:
		return grantIf(caller.Kind == Service && caller.ARN == e.text, direct)
	case providerEntry:
		return grantIf(caller.Kind == FederatedProvider && caller.ARN == e.text, direct)
	case opaqueEntry:
	}
	return noGrant
}

func grantIf(matches bool, g grant) grant {
	if matches {
		return g
	}
	return noGrant
}

// compilePrincipalEntry reads one entry below the given name ("AWS",
// "Service", "Federated" or "CanonicalUser").
func compilePrincipalEntry(name, text string) (principalEntry, error) {
	e := principalEntry{text: text}
	switch {
	case text == "*" && name == "AWS":
		e.kind = everyoneEntry
		return e, nil
	case strings.ContainsAny(text, "*?"):
		return e, invalid(text, "contains a wildcard", "a principal is named in full, or is \"*\" alone for everyone")
	case text == "":
		return e, invalid(text, "does not name a principal", "write an ARN, an account id or a service name")
	case name == "Service":
		e.kind = serviceEntry
		return e, nil
	case name == "Federated":
		e.kind = providerEntry
		return e, nil
	case name == "CanonicalUser" || IsUniqueID(text):
		return e, nil
	}
	return e.compileAWS()
}

// compileAWS reads an account id or the ARN of an identity.
func (e principalEntry) compileAWS() (principalEntry, error) {
	if IsAccount(e.text) {
		e.kind, e.account = accountEntry, e.text
		return e, nil
	}
	arn, ok := splitARN(e.text)
	identity, known := identityKind(arn)
	if !ok || !known {
		return e, invalid(e.text, "is not a principal", "write a twelve-digit account id or the ARN of an account root, user, role, assumed-role session or federated-user session")
	}
	e.partition, e.account = arn.Partition, arn.Account
	switch identity {
	case rootIdentity:
		e.kind = accountEntry
	case userIdentity:
		e.kind = userEntry
	case roleIdentity:
		e.kind = roleEntry
		e.role = LastSegment(arn.Resource)
	case sessionIdentity:
		e.kind = sessionEntry
	case federatedIdentity:
		e.kind = federatedEntry
	}
	return e, nil
}

// beginsAsUniqueID reports whether s has the prefix of the ids of users or roles.
func beginsAsUniqueID(s string) bool {
	return strings.HasPrefix(s, "AIDA") || strings.HasPrefix(s, "AROA")
}

// IsUniqueID reports whether s is the unique id of an IAM entity, as AWS shows
// it instead of the ARN once the entity is deleted (IAM User Guide, "IAM
// identifiers"). It never matches a caller again.
func IsUniqueID(s string) bool {
	if len(s) < 16 || len(s) > 128 || !beginsAsUniqueID(s) {
		return false
	}
	for i := range len(s) {
		if !isAlphanumeric(s[i]) {
			return false
		}
	}
	return true
}
