package access

import (
	"cmp"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/mapping"
	"extauthz/nearest"
	"extauthz/policystore"
)

// WhatCan is the answer to the question what a principal may do.
//
// A grant about a repository by its name takes precedence over those about patterns. If several
// patterns match a repository, one that is unconditional or none is right. What no grant is
// about is denied.
type WhatCan struct {
	Principal string  `json:"principal"`
	Registry  string  `json:"registry"`
	Grants    []Grant `json:"grants"`
}

// WhatCan returns what a principal may do at a registry, of the actions that requests to a
// registry need. The principal is a user, a role, a session of a role, a federated user, a root
// user or a service of the directory, or "anonymous".
func (d *Directory) WhatCan(r *policystore.Registry, principal string) (*WhatCan, error) {
	callers := d.callersNamed(principal)
	if len(callers) == 0 {
		return nil, diag.Problemf("principal %q is not in the directory%s", principal, nearest.DidYouMean(d.nearestCaller(principal))).
			WithRemedy("write the ARN of a user, a role or a session, the name of a service, or anonymous")
	}
	w := &WhatCan{Principal: principal, Registry: r.Name, Grants: []Grant{}}
	for _, c := range callers {
		s := survey{view: d.view(c, r)}
		w.Grants = append(w.Grants, s.grants()...)
	}
	return w, nil
}

// nearestCaller returns the name of the caller that a misspelled or short name probably means, ""
// for none.
func (d *Directory) nearestCaller(principal string) string {
	names := make([]string, len(d.callers))
	for i, c := range d.callers {
		names[i] = c.name
	}
	if i := slices.IndexFunc(names, func(name string) bool { return strings.HasSuffix(name, "/"+principal) }); i >= 0 {
		return names[i]
	}
	return nearest.To(principal, slices.Values(names), min(8, len(principal)/3))
}

// HasAccess reports whether the principal may do something, perhaps under conditions.
func (w *WhatCan) HasAccess() bool {
	return slices.ContainsFunc(w.Grants, func(g Grant) bool { return g.Access != None })
}

// callersNamed returns the callers with a name. A session of a role that is not a caller of its
// own is one of those of its role, and so is a federated user whose name is captured.
func (d *Directory) callersNamed(name string) (found []*caller) {
	for _, c := range d.callers {
		if c.name == name {
			found = append(found, c)
		}
	}
	p, err := iam.ParsePrincipal(name)
	if len(found) > 0 || err != nil {
		return found
	}
	for _, c := range d.callers {
		isOfRole := p.Kind == iam.AssumedRole && c.kind == Role && roleOf(&c.Principal) == roleOf(&p)
		isCaptured := p.Kind == iam.FederatedUser && c.kind == FederatedUser && hasCaptures(c.name) && matcher(c.name).MatchString(name)
		if isOfRole || isCaptured {
			found = append(found, c)
		}
	}
	return found
}

// A survey finds what one caller may do at one registry.
type survey struct {
	*view
	patterns []domain // of repositories, wide ones first
}

// A domain is a repository or a pattern of repositories, with the decision on each action.
type domain struct {
	*iam.ARNPattern
	text      string
	decisions []iam.OpenDecision // in the order of actions
}

// actions returns the actions on repositories that requests can need.
func actions() []string {
	return slices.DeleteFunc(mapping.Actions(), iam.IsResourceless)
}

func (s *survey) grants() []Grant {
	var all []Grant
	for _, action := range mapping.Actions() {
		if iam.IsResourceless(action) {
			if decided := s.decide(action, "*", false); decided.Allowed != iam.Never {
				all = append(all, s.grant(s.caller, action, "*", &decided))
			}
		}
	}
	texts := s.resources()
	for _, text := range texts {
		if d := s.newDomain(text); d != nil && !d.IsLiteral() {
			s.patterns = append(s.patterns, *d)
		}
	}
	for i := range s.patterns {
		all = append(all, s.grantsOf(&s.patterns[i], func(action int) bool { return s.isDistinct(i, action) })...)
	}
	for part := range slices.Chunk(s.repositories(texts), 1024) {
		for _, d := range s.domainsOf(part) {
			all = append(all, s.grantsOf(d, func(action int) bool { return s.isException(d, action) })...)
		}
	}
	return all
}

// domainsOf returns the domains of the texts of repositories. All processors decide about them.
func (s *survey) domainsOf(texts []string) []*domain {
	domains := make([]*domain, len(texts))
	processors := runtime.GOMAXPROCS(0)
	var all sync.WaitGroup
	for first := range processors {
		all.Go(func() {
			for i := first; i < len(texts); i += processors {
				domains[i] = s.newDomain(texts[i])
			}
		})
	}
	all.Wait()
	return slices.DeleteFunc(domains, func(d *domain) bool { return d == nil })
}

// newDomain decides about each action on the resources of a text.
func (s *survey) newDomain(text string) *domain {
	p, err := iam.NewARNPattern(text)
	if err != nil {
		return nil
	}
	d := &domain{ARNPattern: p, text: text}
	for _, action := range actions() {
		d.decisions = append(d.decisions, s.decide(action, text, !p.IsLiteral()))
	}
	return d
}

// resources returns the ARNs and patterns of the registry's repositories between which the
// policies that apply to all repositories make differences. The shortest are first.
func (s *survey) resources() []string {
	everything := s.registry.RepositoryARN("*")
	found := map[string]bool{everything: true}
	for _, action := range actions() {
		for _, m := range s.decide(action, everything, true).Matched {
			for _, entry := range s.syntaxOf(&m).Resources {
				if text, ok := s.inRegistry(entry.Text); ok {
					found[text] = true
				}
			}
		}
	}
	return slices.SortedFunc(maps.Keys(found), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
}

// inRegistry returns the pattern of a registry's repositories that an entry of Resource
// matches, or a wider one. A policy variable becomes its value if that is known, and otherwise
// a wildcard.
func (s *survey) inRegistry(entry string) (pattern string, ok bool) {
	segments := strings.SplitN(iam.CompletedARN(entry), ":", 6)
	own := strings.SplitN(s.registry.RepositoryARN("*"), ":", 6)
	if len(segments) < 6 {
		return "", false
	}
	for i, segment := range segments[:5] {
		if segment != own[i] && !strings.ContainsAny(segment, "*?") {
			return "", false
		}
	}
	name, found := strings.CutPrefix(segments[5], "repository/")
	if !found {
		return "", false // as wide as all repositories
	}
	text := ""
	for {
		before, variable, found := strings.Cut(name, "${")
		text += before
		if !found {
			return s.registry.RepositoryARN(text), true
		}
		key, rest, found := strings.Cut(variable, "}")
		text += s.valueOf(key)
		if !found {
			return s.registry.RepositoryARN(text), true
		}
		name = rest
	}
}

// valueOf returns the value of a policy variable, a wildcard if it is not known.
func (s *survey) valueOf(key string) string {
	known, found := s.unknown.Without(s.context).Lookup(key)
	if !found || known.Multi || known.Ambiguous || strings.ContainsAny(known.Value, "*?") {
		return "*"
	}
	return known.Value
}

// repositories returns the repositories about which a policy or their tags could say
// something, in addition to those of the texts that are not patterns.
func (s *survey) repositories(texts []string) []string {
	prefix := s.registry.RepositoryARN("")
	found := map[string]bool{}
	for arn := range s.contents.Repositories.All() {
		found[arn] = strings.HasPrefix(arn, prefix)
	}
	for _, arn := range s.contents.Tagged {
		found[arn] = strings.HasPrefix(arn, prefix)
	}
	for _, text := range texts {
		found[text] = !strings.ContainsAny(text, "*?")
	}
	maps.DeleteFunc(found, func(_ string, isOwn bool) bool { return !isOwn })
	return slices.Sorted(maps.Keys(found))
}

// grantsOf returns the grants of a domain for the actions that report reports. Actions with the
// same reasons share a grant.
func (s *survey) grantsOf(d *domain, report func(action int) bool) (all []Grant) {
	var decided []*iam.OpenDecision // of all
	for i, action := range actions() {
		if !report(i) {
			continue
		}
		same := slices.IndexFunc(decided, func(o *iam.OpenDecision) bool { return isSame(o, &d.decisions[i]) })
		if same >= 0 {
			all[same].Actions = append(all[same].Actions, action)
			continue
		}
		decided = append(decided, &d.decisions[i])
		all = append(all, s.grant(s.caller, action, d.text, &d.decisions[i]))
	}
	return all
}

// isSame reports whether two decisions are the same for the same reasons.
func isSame(a, b *iam.OpenDecision) bool {
	return a.Allowed == b.Allowed && a.BlockedBy == b.BlockedBy && slices.EqualFunc(a.Matched, b.Matched, func(m, n iam.OpenMatch) bool {
		return m.Match == n.Match && m.Applies == n.Applies && m.OpenResource == n.OpenResource && slices.Equal(m.OpenConditions, n.OpenConditions)
	})
}

// isInstance reports whether the decision on a repository follows from that on a pattern that
// matches it: the same statements apply, except those that do not cover this repository.
func isInstance(own, pattern *iam.OpenDecision) bool {
	n := 0
	for i := range pattern.Matched {
		m := &pattern.Matched[i]
		at := slices.IndexFunc(own.Matched, func(o iam.OpenMatch) bool { return o.Match == m.Match })
		switch {
		case at >= 0 && slices.Equal(own.Matched[at].OpenConditions, m.OpenConditions):
			n++
		case at >= 0 || !m.OpenResource:
			return false
		}
	}
	return n == len(own.Matched)
}

// isDistinct reports whether the answer needs the i-th pattern for an action: it is allowed, or
// it is denied and a wider pattern says that it could be allowed, and no wider pattern is the
// same.
func (s *survey) isDistinct(i, action int) bool {
	own := &s.patterns[i].decisions[action]
	needed := own.Allowed == iam.Always || own.Allowed == iam.Sometimes && !s.isByOthers(i, own)
	for j := range s.patterns {
		wider := &s.patterns[j]
		if j == i || !wider.Covers(s.patterns[i].ARNPattern) || j > i && s.patterns[i].Covers(wider.ARNPattern) {
			continue
		}
		other := &wider.decisions[action]
		if isSame(own, other) && !s.isByOthers(j, other) || other.Allowed == iam.Always && own.Allowed == iam.Always {
			return false
		}
		needed = needed || own.Allowed == iam.Never && other.Allowed == iam.Sometimes && !s.isByOthers(j, other)
	}
	return needed
}

// isByOthers reports whether what the i-th pattern is allowed is only what other patterns and
// repositories are that statements list: these have decisions of their own.
func (s *survey) isByOthers(i int, d *iam.OpenDecision) bool {
	return !slices.ContainsFunc(d.Matched, func(m iam.OpenMatch) bool {
		if m.Statement.Effect == iam.Deny || m.Class != iam.IdentityClass && m.Class != iam.ResourceClass {
			return false
		}
		syntax := s.syntaxOf(&m)
		return !m.OpenResource || syntax.NotResource || slices.ContainsFunc(syntax.Resources, func(e iam.Entry) bool {
			text, ok := s.inRegistry(e.Text)
			return text == s.patterns[i].text || !ok && couldBeInRegistry(e.Text, s.registry)
		})
	})
}

// couldBeInRegistry reports whether an entry of Resource could match repositories of a
// registry, although it has no pattern of their names.
func couldBeInRegistry(entry string, r *policystore.Registry) bool {
	segments := strings.SplitN(iam.CompletedARN(entry), ":", 6)
	return entry == "*" || len(segments) == 6 && !strings.HasPrefix(segments[5], "repository/")
}

// isException reports whether the decision on a repository is not what the patterns say.
func (s *survey) isException(d *domain, action int) bool {
	own := &d.decisions[action]
	expected := iam.Never
	for i := range s.patterns {
		if !s.patterns[i].Matches(d.text) {
			continue
		}
		other := &s.patterns[i].decisions[action]
		switch {
		case other.Allowed == iam.Sometimes && s.isByOthers(i, other):
			continue // the answer does not have it
		case own.Allowed == iam.Sometimes && other.Allowed == iam.Sometimes && isInstance(own, other):
			return false
		}
		expected = max(expected, other.Allowed)
	}
	return own.Allowed == iam.Sometimes || own.Allowed != expected
}
