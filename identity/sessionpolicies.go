package identity

import (
	"strings"
	"sync"

	"extauthz/iam"
)

// sessionPolicies are the managed policies that limit sessions, by name. Those of credentials and
// issuers have names from the beginning, and others when a caller of AWS STS first passes their
// ARN for a user or role of an account. A client can invent accounts, but a session cannot be of
// one that has no user and no role: its policies get no names, of which there would be any number.
type sessionPolicies struct {
	other      func(name string) *iam.Policy // nil has none
	hasAccount func(account string) bool

	mu     sync.RWMutex // guards what follows
	byName map[string]*iam.Policy
	names  map[*iam.Policy]string
}

func newSessionPolicies(hasAccount func(string) bool) *sessionPolicies {
	return &sessionPolicies{hasAccount: hasAccount, byName: map[string]*iam.Policy{}, names: map[*iam.Policy]string{}}
}

// NameSessionPolicy gives a session policy a name, by which session tokens refer to it. The
// same name must mean the same policy in all snapshots, as far as the operator's files do.
func (auth *Authenticator) NameSessionPolicy(name string, p *iam.Policy) { auth.policies.add(name, p) }

// FindSessionPolicies sets what returns the policy of a name, ACCOUNT:ARN, that no credential and
// no issuer has; nil if it does not exist. It returns the same policy for the same name.
func (auth *Authenticator) FindSessionPolicies(other func(name string) *iam.Policy) {
	auth.policies.other = other
}

func (s *sessionPolicies) add(name string, p *iam.Policy) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byName[name] = p
	if s.names[p] == "" {
		s.names[p] = name
	}
}

// find returns the policy of a name, nil if it does not exist.
func (s *sessionPolicies) find(name string) *iam.Policy {
	s.mu.RLock()
	p := s.byName[name]
	s.mu.RUnlock()
	if p == nil && s.other != nil {
		account, _, _ := strings.Cut(name, ":")
		if p = s.other(name); p != nil && s.hasAccount(account) {
			s.addOther(name, p)
		}
	}
	return p
}

// addOther gives a policy a name if it has none: the one without a path, if that is of the same
// policy. A client chooses the path. If each had a name, clients could fill the memory with them,
// or make the tokens of others too large.
func (s *sessionPolicies) addOther(name string, p *iam.Policy) {
	if s.nameOf(p) != "" {
		return
	}
	if before, resource, found := strings.Cut(name, ":policy/"); found {
		if plain := before + ":policy/" + iam.LastSegment(resource); s.other(plain) == p {
			name = plain
		}
	}
	s.add(name, p)
}

// nameOf returns the name of a policy, "" if it has none.
func (s *sessionPolicies) nameOf(p *iam.Policy) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.names[p]
}
