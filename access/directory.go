package access

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"extauthz/iam"
	"extauthz/identity"
	"extauthz/identity/sts"
	"extauthz/policystore"
)

// A Directory is the principals and policies of a snapshot, for questions about all of them. It
// is not for concurrent use.
type Directory struct {
	snapshot *policystore.Snapshot
	contents policystore.Contents
	callers  []*caller              // ordered by name
	listed   map[string]bool        // their names, and the roles of sessions in the form of roleOf
	digests  map[*iam.Policy]string // of the texts of policies; filled when they are compared
	sessions []string               // the ARNs of sessions and federated users that policies of resources name, sorted
}

// New returns the directory of a snapshot, which must contain the documents of its policies
// (see [policystore.LoadDocuments]).
func New(s *policystore.Snapshot) (*Directory, error) {
	d := &Directory{snapshot: s, contents: s.Contents(), digests: map[*iam.Policy]string{}}
	d.sessions = d.namedSessions()
	l := newCallerList(d)
	for _, add := range []func() error{l.addUsers, l.addCredentials, l.addIssuers, l.addAssumedRoles, l.addOtherRoles, l.addRootUsers, l.addAnonymous} {
		if err := add(); err != nil {
			return nil, fmt.Errorf("list the callers: %w", err)
		}
	}
	d.callers, d.listed = l.sorted(), map[string]bool{}
	for _, c := range d.callers {
		d.listed[c.name] = true
		if c.Principal.Kind == iam.AssumedRole {
			d.listed[roleOf(&c.Principal)] = true
		}
	}
	return d, nil
}

// Principals returns the names of the principals of the directory, sorted.
func (d *Directory) Principals() []string {
	names := make([]string, len(d.callers))
	for i, c := range d.callers {
		names[i] = c.name
	}
	return slices.Compact(names)
}

// namedSessions returns the sessions that policies of resources name.
func (d *Directory) namedSessions() []string {
	named := map[string]bool{}
	for _, policy := range d.contents.Policies {
		if policy.Kind == iam.RepositoryPolicy || policy.Kind == iam.RegistryPolicy {
			for p := range d.principalsIn(policy) {
				if strings.Contains(p, ":sts::") {
					named[p] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(named))
}

// principalsIn yields the entries of Principal and NotPrincipal of a policy.
func (d *Directory) principalsIn(policy *iam.Policy) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, s := range d.contents.Documents[policy].Statements {
			for _, p := range s.Principals {
				if !yield(p.Text) {
					return
				}
			}
		}
	}
}

// A callerList collects the callers of a directory.
type callerList struct {
	*Directory
	byKey map[string]*caller
	roles map[string][]*caller // by the role's ARN

	bound []boundToken // the principals that tokens are bound to
}

func newCallerList(d *Directory) *callerList {
	return &callerList{Directory: d, byKey: map[string]*caller{}, roles: map[string][]*caller{}}
}

// sorted returns all callers.
func (l *callerList) sorted() []*caller {
	all := slices.Collect(maps.Values(l.byKey))
	slices.SortFunc(all, func(a, b *caller) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.Principal.ARN, b.Principal.ARN), slices.CompareFunc(a.credentials, b.credentials, Credential.compare))
	})
	return all
}

// add returns the caller with a key. If it is new, it is made from a spec.
func (l *callerList) add(key string, spec *sts.CallerSpec, make func(*identity.Caller) *caller) (*caller, error) {
	if c := l.byKey[key]; c != nil {
		return c, nil
	}
	from, err := l.snapshot.CallerOf(spec)
	if err != nil {
		return nil, err
	}
	c := make(from)
	c.Caller = from
	l.byKey[key] = c
	if from.Principal.RoleARN != "" {
		l.roles[from.Principal.RoleARN] = append(l.roles[from.Principal.RoleARN], c)
	}
	return c, nil
}

// addNamed adds a user, a root user or a service.
func (l *callerList) addNamed(arn string, kind Kind) (*caller, error) {
	return l.add(arn, &sts.CallerSpec{Principal: arn}, func(*identity.Caller) *caller {
		return &caller{name: arn, kind: kind, unknown: iam.KeySet{Names: l.temporaryKeys()}}
	})
}

func (l *callerList) addUsers() error {
	for _, p := range l.contents.Principals {
		if !p.IsRole() {
			if _, err := l.addNamed(p.ARN, User); err != nil {
				return err
			}
		}
	}
	return nil
}

// addRootUsers adds the root users of the registries' accounts, which have access without a
// policy.
func (l *callerList) addRootUsers() error {
	for _, name := range l.snapshot.RegistryNames() {
		r := l.snapshot.RegistryNamed(name)
		if _, err := l.addNamed("arn:"+r.Partition+":iam::"+r.Account+":root", RootUser); err != nil {
			return err
		}
	}
	return nil
}

// addAnonymous adds the caller of requests without a credential.
func (l *callerList) addAnonymous() error {
	c := &caller{name: "anonymous", kind: Anonymous, Caller: &identity.Caller{CallerIdentity: sts.NewEntities(nil, nil).Anonymous()}}
	for _, name := range l.snapshot.RegistryNames() {
		if l.snapshot.RegistryNamed(name).Authentication.Anonymous {
			c.credentials = append(c.credentials, Credential{Kind: "none", Name: "registry " + name, Place: "registries.yaml"})
		}
	}
	l.byKey[c.name] = c
	return nil
}

// addOtherRoles adds the sessions of roles that no credential authenticates.
func (l *callerList) addOtherRoles() error {
	for _, p := range l.contents.Principals {
		if p.IsRole() && len(l.roles[p.ARN]) == 0 {
			if _, err := l.addRole(p.Entity, nil, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// addRole adds the sessions of a role that have these session policies, and returns the
// callers: a caller for each session that policies of resources name, and one for all others.
// hasOpenTags means that the sessions can have any tags.
func (l *callerList) addRole(role *sts.Entity, session []*iam.Policy, hasOpenTags bool) ([]*caller, error) {
	arn := role.ParsedARN()
	prefix := fmt.Sprintf("arn:%s:sts::%s:assumed-role/%s/", arn.Partition, arn.Account, iam.LastSegment(role.ARN))
	unknown := iam.KeySet{Names: sessionKeys}
	if hasOpenTags {
		unknown.Prefixes = []string{tagKeys}
	}
	key := fmt.Sprintf(" %p %v", session, hasOpenTags)
	named := withPrefix(l.sessions, prefix)
	var all []*caller
	for _, name := range append([]string{l.otherSession(prefix)}, named...) {
		c, err := l.add(name+key, &sts.CallerSpec{Principal: name, SessionPolicies: session}, func(*identity.Caller) *caller {
			if !slices.Contains(named, name) {
				return &caller{name: role.ARN, kind: Role, unknown: unknown, except: named}
			}
			return &caller{name: name, kind: Session, unknown: unknown}
		})
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// otherSession returns the ARN of a session that no policy of a resource names.
func (d *Directory) otherSession(prefix string) string {
	name := prefix + "ANY"
	for {
		if _, found := slices.BinarySearch(d.sessions, name); !found {
			return name
		}
		name += "_"
	}
}

// withPrefix returns the elements of a sorted list with a prefix.
func withPrefix(sorted []string, prefix string) []string {
	from, _ := slices.BinarySearch(sorted, prefix)
	to := from
	for to < len(sorted) && strings.HasPrefix(sorted[to], prefix) {
		to++
	}
	return sorted[from:to]
}
