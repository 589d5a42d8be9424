package access

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"extauthz/iam"
	"extauthz/mapping"
)

// A Diff is the difference between the access that two policy directories grant.
type Diff struct {
	// New and Lost are accesses that only the new directory grants, and only the old one:
	// a witness for each principal, registry, action and direction, and for each group of
	// resources between which the policies make a difference.
	New  []Witness `json:"newAccess"`
	Lost []Witness `json:"lostAccess"`
	// NewCredentials and LostCredentials are ways to authenticate as a principal that only one
	// of the directories has. They are compared by their text.
	NewCredentials  []CredentialChange `json:"newCredentials"`
	LostCredentials []CredentialChange `json:"lostCredentials"`
	// NotSearched are questions of which not all combinations of values were tried, and for
	// which no difference was found.
	NotSearched []Question `json:"notSearched"`
}

// A Witness is a request that one of the directories allows and the other denies. Evaluation
// by both has confirmed it.
type Witness struct {
	Principal string `json:"principal"`
	Registry  string `json:"registry"`
	Action    string `json:"action"`
	Resource  string `json:"resource"`
	// Context has the condition keys that the request determines, and their values. Other
	// keys of requests are absent.
	Context map[string]string `json:"context"`
	// By are the statements of the directory that allows it.
	By []Statement `json:"by,omitempty"`
	// Credentials authenticate as the principal in the directory that allows it.
	Credentials []Credential `json:"credentials"`
}

// A CredentialChange is a way to authenticate as a principal.
type CredentialChange struct {
	Principal string `json:"principal"`
	Credential
}

// A Question is what was compared.
type Question struct {
	Principal string `json:"principal"`
	Registry  string `json:"registry"`
	Action    string `json:"action"`
	Resource  string `json:"resource"`
}

// HasNewAccess reports whether the new directory grants more, or may do so.
func (d *Diff) HasNewAccess() bool {
	return len(d.New)+len(d.NewCredentials)+len(d.NotSearched) > 0
}

// IsEmpty reports whether no difference was found.
func (d *Diff) IsEmpty() bool { return !d.HasNewAccess() && len(d.Lost)+len(d.LostCredentials) == 0 }

// Compare returns the difference between the access that two directories grant to the
// principals that a credential authenticates. progress is called with the number of principals
// that were compared, and of all.
func Compare(before, after *Directory, progress func(done, all int)) *Diff {
	c := comparison{before: before, after: after, diff: &Diff{New: []Witness{}, Lost: []Witness{}, NewCredentials: []CredentialChange{}, LostCredentials: []CredentialChange{}, NotSearched: []Question{}}}
	registries := map[string]bool{}
	for _, name := range slices.Concat(before.snapshot.RegistryNames(), after.snapshot.RegistryNames()) {
		registries[name] = true
	}
	c.registries = slices.Sorted(maps.Keys(registries))
	c.changed = c.changedRepositories()
	names := map[string]bool{}
	for _, d := range []*Directory{before, after} {
		for _, caller := range d.callers {
			if len(caller.credentials) > 0 {
				names[caller.name] = true
			}
		}
	}
	all := slices.Sorted(maps.Keys(names))
	for i, name := range all {
		c.comparePrincipal(name)
		progress(i+1, len(all))
	}
	c.compareCredentials()
	return c.diff
}

// A comparison compares two directories.
type comparison struct {
	before, after *Directory
	diff          *Diff
	registries    []string            // of both
	changed       map[string][]string // by registry: the repositories whose policy or tags differ
}

// comparePrincipal compares the access of one principal by each of its credentials. A credential
// that only one of the directories has is compared with all credentials of the other.
func (c *comparison) comparePrincipal(name string) {
	before, after := c.before.reachable(name), c.after.reachable(name)
	var compared [][2][]*caller
	for _, key := range slices.Sorted(maps.Keys(keysOf(before, after))) {
		pair := [2][]*caller{withCredential(before, key), withCredential(after, key)}
		if len(pair[0]) == 0 {
			pair[0] = before
		}
		if len(pair[1]) == 0 {
			pair[1] = after
		}
		if slices.ContainsFunc(compared, func(other [2][]*caller) bool {
			return slices.Equal(pair[0], other[0]) && slices.Equal(pair[1], other[1])
		}) {
			continue
		}
		compared = append(compared, pair)
		for _, registry := range c.registries {
			s := sides{comparison: c, name: name, registry: registry}
			s.before, s.after = c.before.viewsOf(pair[0], registry), c.after.viewsOf(pair[1], registry)
			s.compare()
		}
	}
}

// reachable returns the callers that a principal with a name can be, and that a credential
// authenticates.
func (d *Directory) reachable(name string) []*caller {
	return slices.DeleteFunc(slices.Clone(d.callersFor(name)), func(c *caller) bool { return len(c.credentials) == 0 })
}

// key identifies a credential in two directories.
func (c *Credential) key() string {
	plain := *c
	plain.Place, plain.By = "", nil
	return c.principal + " " + plain.String()
}

// keysOf returns the keys of the credentials of all callers.
func keysOf(lists ...[]*caller) map[string]bool {
	all := map[string]bool{}
	for _, c := range slices.Concat(lists...) {
		for i := range c.credentials {
			all[c.credentials[i].key()] = true
		}
	}
	return all
}

// withCredential returns the callers that have a credential.
func withCredential(callers []*caller, key string) (all []*caller) {
	for _, c := range callers {
		if slices.ContainsFunc(c.credentials, func(own Credential) bool { return own.key() == key }) {
			all = append(all, c)
		}
	}
	return all
}

// viewsOf returns what is known of the requests of callers to a registry.
func (d *Directory) viewsOf(callers []*caller, registry string) (views []*view) {
	r := d.snapshot.RegistryNamed(registry)
	if r == nil {
		return nil
	}
	for _, c := range callers {
		if c.kind != Anonymous || r.Authentication.Anonymous {
			views = append(views, d.view(c, r))
		}
	}
	return views
}

// callersFor returns the callers that a principal with a name can be: those with the name, and
// for a session, those of its role.
func (d *Directory) callersFor(name string) []*caller {
	found := d.callersNamed(name)
	p, err := iam.ParsePrincipal(name)
	if err != nil || p.Kind != iam.AssumedRole {
		return found
	}
	for _, c := range d.callers {
		if c.kind == Role && roleOf(&c.Principal) == roleOf(&p) && !slices.Contains(c.except, name) && !slices.Contains(found, c) {
			found = append(found, c)
		}
	}
	return found
}

// sides are the two sides of a comparison of one principal at one registry.
type sides struct {
	*comparison
	name, registry string
	before, after  []*view
}

func (s *sides) compare() {
	found := map[string]bool{} // differences that a witness is already about
	resources := s.changed[s.registry]
	if ownText(s.before) != ownText(s.after) {
		resources = s.resources()
		for _, action := range mapping.Actions() {
			if iam.IsResourceless(action) {
				s.compareUnlessFound(action, "*", found)
			}
		}
	}
	for _, resource := range resources {
		for _, action := range actions() {
			s.compareUnlessFound(action, resource, found)
		}
	}
}

// compareUnlessFound compares the decisions about an action on a resource, unless a resource
// with the same statements was compared before.
func (s *sides) compareUnlessFound(action, resource string, found map[string]bool) {
	before, after := s.signature(s.before, action, resource), s.signature(s.after, action, resource)
	if before == after {
		return
	}
	key := action + "\x00" + before + "\x00" + after
	if !found[key] {
		found[key] = true
		s.search(action, resource)
	}
}

// signature describes what determines the decisions of views about an action on a resource.
// Two signatures that are the same mean the same decision for every context.
func (s *sides) signature(views []*view, action, resource string) string {
	all := []string{}
	for _, v := range views {
		if signature := v.signature(action, resource); signature != iam.Never.String() {
			all = append(all, signature)
		}
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), "\x01")
}

// signature describes what determines the decision about an action on a resource.
func (v *view) signature(action, resource string) string {
	decided := v.decide(action, resource, false)
	if decided.Allowed != iam.Sometimes {
		return decided.Allowed.String()
	}
	policies := v.applicable(action, resource)
	var text strings.Builder
	fmt.Fprintf(&text, "%d %d %d %d", len(policies.SCPs), len(policies.Boundary), len(policies.Session), v.Principal.Kind)
	fmt.Fprintf(&text, " %q %q", v.unknown.Names, v.unknown.Prefixes)
	for i := range decided.Matched {
		m := &decided.Matched[i]
		syntax := v.syntaxOf(m)
		fmt.Fprintf(&text, "\x02%d %d %d %d", m.Class, m.Level, m.Statement.Effect, m.Applies)
		if m.Class == iam.ResourceClass && m.Statement.Effect == iam.Allow {
			fmt.Fprintf(&text, " %v", principalTexts(syntax))
		}
		if m.OpenResource {
			fmt.Fprintf(&text, " %s %v %q", m.Policy.Version, syntax.NotResource, texts(syntax.Resources))
		}
		for _, i := range m.OpenConditions {
			c := &syntax.Conditions[i]
			fmt.Fprintf(&text, " %s %s %s %q", m.Policy.Version, c.Operator, strings.ToLower(c.Key.Text), texts(c.Values))
			v.writeVariables(&text, c)
		}
	}
	return text.String()
}

// writeVariables writes the values of the known keys on which open conditions depend.
func (v *view) writeVariables(text *strings.Builder, c *iam.ConditionSyntax) {
	keys := []string{c.Key.Text}
	for _, value := range c.Values {
		keys = append(keys, iam.VariableKeys(value.Text)...)
	}
	for _, key := range keys {
		if entry, found := v.context.Lookup(key); found {
			fmt.Fprintf(text, " %s=%q%q", key, entry.Value, entry.Values)
		}
	}
}

func principalTexts(s *iam.StatementSyntax) (all []string) {
	for _, p := range s.Principals {
		all = append(all, p.Text)
	}
	return all
}

// search searches for requests that only one side allows.
func (s *sides) search(action, resource string) {
	needed := map[bool]bool{}
	before, after := extentOf(s.before, action, resource), extentOf(s.after, action, resource)
	needed[true] = after != iam.Never && before != iam.Always
	needed[false] = before != iam.Never && after != iam.Always
	tried := newAssignments(s, action, resource)
	for a := range tried.all {
		for _, isNew := range []bool{true, false} {
			if !needed[isNew] {
				continue
			}
			from, to := s.before, s.after
			if !isNew {
				from, to = to, from
			}
			if allowedBy(from, action, resource, a) != nil {
				continue
			}
			if v := allowedBy(to, action, resource, a); v != nil {
				s.add(isNew, v, action, resource, a)
				needed[isNew] = false
			}
		}
		if !needed[true] && !needed[false] {
			return
		}
	}
	if tried.isIncomplete && needed[true] {
		s.diff.NotSearched = append(s.diff.NotSearched, Question{s.name, s.registry, action, resource})
	}
}

// extentOf returns how many requests one of the views allows.
func extentOf(views []*view, action, resource string) (most iam.Extent) {
	for _, v := range views {
		decided := v.decide(action, resource, false)
		most = max(most, decided.Allowed)
	}
	return most
}

// allowedBy returns the first view that allows a request, nil if none does.
func allowedBy(views []*view, action, resource string, a assignment) *view {
	for _, v := range views {
		r := v.request(action, resource, a)
		if v.applicable(action, resource).Evaluate(r) == iam.Allowed {
			return v
		}
	}
	return nil
}

// applicable returns the policies that apply to requests for an action on a resource.
func (v *view) applicable(action, resource string) *iam.Policies {
	return v.snapshot.Decisions.Applicable(&iam.Request{Principal: &v.Principal, Action: action, Resource: resource}, v.SessionPolicies)
}

// request returns the request in which unknown keys have the values of an assignment.
func (v *view) request(action, resource string, a assignment) *iam.Request {
	context := slices.Clip(v.context)
	for _, key := range slices.Sorted(maps.Keys(a)) {
		if v.unknown.Has(key) {
			context = append(context, iam.ContextEntry{Key: key, Value: a[key]})
		}
	}
	return &iam.Request{Principal: &v.Principal, Action: action, Resource: resource, Context: append(context, v.registry.ResourceTags(action, resource)...)}
}

// add adds a witness.
func (s *sides) add(isNew bool, v *view, action, resource string, a assignment) {
	r := v.request(action, resource, a)
	w := Witness{Principal: s.name, Registry: s.registry, Action: action, Resource: resource, Context: map[string]string{}, Credentials: v.credentials}
	for key, value := range a {
		if v.unknown.Has(key) {
			w.Context[key] = value
		}
	}
	e := v.applicable(action, resource).ExplainMatched(r)
	for _, m := range e.Matched {
		if m.Statement.Effect == iam.Allow && (m.Class == iam.IdentityClass || m.Class == iam.ResourceClass) {
			w.By = append(w.By, v.statement(&iam.OpenMatch{Match: m, Applies: iam.Always}))
		}
	}
	if isNew {
		s.diff.New = append(s.diff.New, w)
	} else {
		s.diff.Lost = append(s.diff.Lost, w)
	}
}

// compareCredentials compares the ways to authenticate as principals that have some access.
func (c *comparison) compareCredentials() {
	before, after := c.before.ways(), c.after.ways()
	c.diff.NewCredentials = append(c.diff.NewCredentials, missingIn(before, after)...)
	c.diff.LostCredentials = append(c.diff.LostCredentials, missingIn(after, before)...)
}

// ways returns the credentials of all principals by their text without positions.
func (d *Directory) ways() map[string]CredentialChange {
	all := map[string]CredentialChange{}
	for _, caller := range d.callers {
		for _, credential := range caller.credentials {
			text := credential
			text.Place, text.By = "", slices.Clone(credential.By)
			for i := range text.By {
				text.By[i].Place = ""
			}
			key := credential.principal + " " + text.String()
			if _, found := all[key]; !found || credential.principal == caller.name {
				all[key] = CredentialChange{caller.name, credential}
			}
		}
	}
	return all
}

// missingIn returns the changes of the second map that the first lacks, in order.
func missingIn(first, second map[string]CredentialChange) (all []CredentialChange) {
	for _, key := range slices.Sorted(maps.Keys(second)) {
		if _, found := first[key]; !found {
			all = append(all, second[key])
		}
	}
	slices.SortStableFunc(all, func(a, b CredentialChange) int {
		return cmp.Or(cmp.Compare(a.Principal, b.Principal), a.Credential.compare(b.Credential))
	})
	return all
}
