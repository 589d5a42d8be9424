package differential

import (
	"slices"
	"strings"

	"extauthz/iam"
)

// Features returns the names of everything that a run must cover.
func Features() (names []string) {
	for _, base := range operators() {
		for _, name := range variants(base) {
			names = append(names, name+" holds", name+" fails")
		}
	}
	for kind := iam.Anonymous; kind <= iam.Service; kind++ {
		names = append(names, "caller "+kind.String())
	}
	for _, form := range []string{"*", "AWS *", "AWS account", "AWS root", "AWS user", "AWS role", "AWS session", "AWS federated user", "AWS id", "Service", "Federated", "CanonicalUser"} {
		names = append(names, "Principal "+form, "NotPrincipal "+form)
	}
	for kind := iam.IdentityPolicy; kind <= iam.ResourceControlPolicy; kind++ {
		names = append(names, kind.String()+" decides")
	}
	return append(names, "same account", "across accounts", "without resource", "service-linked role",
		"management account", "owner by name", "version 2008-10-17", "version absent", "version 2012-10-17",
		"NotAction", "NotResource", "Resource absent", "short ARN", "variable", "variable with default",
		"list as lone value", "number or boolean without quotes", "several levels of SCPs", "several levels of RCPs",
		"empty level", "several session policies", "two resource policies", "partition aws-cn", "NotPrincipal with a boundary",
		"NotPrincipal that exempts", "NotPrincipal that lists some principals")
}

// variants returns the full names of an operator.
func variants(base string) []string {
	var names []string
	for _, set := range []string{"", "ForAllValues:", "ForAnyValue:"} {
		if names = append(names, set+base); base != "Null" {
			names = append(names, set+base+"IfExists")
		}
	}
	return names
}

// reached contains the names of the features of a case.
type reached map[string]bool

func (r reached) note(name string, there bool) {
	if there {
		r[name] = true
	}
}

// count adds the features of a case.
func (s *Summary) count(r reached) {
	for name := range r {
		s.Features[name]++
	}
}

// reach counts the features that a case has.
func (s *Summary) reach(k *Case) {
	r := reached{}
	k.requestFeatures(r.note)
	k.documents(func(d *Document) { d.features(r.note) })
	k.statements(func(_ *Document, st *Statement) { st.features(r.note) })
	r.note("NotPrincipal with a boundary", len(k.Boundary) > 0 && (r["NotPrincipal AWS user"] || r["NotPrincipal AWS role"]))
	s.count(r)
}

// sample is the number of cases of which one is examined closely.
const sample = 3

// probe counts the features that only decisions about parts of a case show.
func (s *Summary) probe(k *Case, l library) {
	r := reached{}
	k.conditionFeatures(r.note, l)
	k.classFeatures(r.note, l)
	k.exemptions(r.note, l)
	s.count(r)
}

func (k *Case) requestFeatures(note func(string, bool)) {
	note("caller "+k.Caller.Kind.String(), true)
	if k.hasIdentity() {
		note("same account", k.owner() == accountOf(k.Caller.ARN))
		note("across accounts", k.owner() != accountOf(k.Caller.ARN))
		note("management account", k.isManaged(accountOf(k.Caller.ARN)))
		note("partition aws-cn", partitionOf(k.Caller.ARN) == "aws-cn")
	}
	note("without resource", k.Resource == "*")
	note("service-linked role", k.isServiceRole())
	note("owner by name", k.ResourceAccount != "")
	note("several levels of SCPs", len(k.SCPs) > 1)
	note("several levels of RCPs", len(k.RCPs) > 1)
	note("several session policies", len(k.Session) > 1)
	note("two resource policies", len(k.Resources) > 1)
	for _, level := range append(append([][]Document{}, k.SCPs...), k.RCPs...) {
		note("empty level", len(level) == 0)
	}
}

func (d *Document) features(note func(string, bool)) {
	note("version absent", d.Version == "")
	note("version "+d.Version, d.Version != "")
}

func (s *Statement) features(note func(string, bool)) {
	note("NotAction", s.NotAction)
	note("NotResource", s.NotResource)
	note("Resource absent", len(s.Resources) == 0)
	note("list as lone value", s.Lone)
	for _, pattern := range s.Resources {
		note("short ARN", isShort(pattern))
		for _, v := range variables(pattern) {
			note("variable", !v.isEscape())
			note("variable with default", v.hasFallback)
		}
	}
	for _, c := range s.Conditions {
		note("number or boolean without quotes", c.Bare)
	}
	if s.Principal != nil {
		s.principalFeatures(note)
	}
}

func (s *Statement) principalFeatures(note func(string, bool)) {
	element := not(s.NotPrincipal) + "Principal "
	note(element+"*", s.Principal.Everyone)
	for name, entries := range s.Principal.Entries {
		for _, entry := range entries {
			note(element+form(name, entry), true)
		}
	}
}

// form names the form of a principal's entry.
func form(name, entry string) string {
	switch {
	case name != "AWS":
		return name
	case entry == "*":
		return "AWS *"
	case strings.HasPrefix(entry, "AIDA"):
		return "AWS id"
	case !strings.HasPrefix(entry, "arn:"):
		return "AWS account"
	}
	resource := strings.Split(entry, ":")[5]
	kind, _, _ := strings.Cut(resource, "/")
	switch kind {
	case "assumed-role":
		return "AWS session"
	case "federated-user":
		return "AWS federated user"
	}
	return "AWS " + kind
}

// conditionFeatures lets iam evaluate every condition alone.
func (k *Case) conditionFeatures(note func(string, bool), l library) {
	alone := *k
	alone.Resource, alone.Action = "*", "ecr:GetAuthorizationToken"
	k.statements(func(_ *Document, s *Statement) {
		for _, c := range s.Conditions {
			holds, err := l.applies(Statement{Effect: s.Effect, Conditions: []Condition{c}}, &alone)
			note(c.Operator()+" holds", err == nil && holds)
			note(c.Operator()+" fails", err == nil && !holds)
		}
	})
}

// exemptions lets iam evaluate every NotPrincipal alone.
func (k *Case) exemptions(note func(string, bool), l library) {
	k.statements(func(_ *Document, s *Statement) {
		if !s.NotPrincipal {
			return
		}
		alone := statementReading{Statement: s, k: k, library: l}
		listed, denied := alone.denies(false), alone.denies(true)
		note("NotPrincipal that exempts", alone.err == nil && !denied)
		note("NotPrincipal that lists some principals", alone.err == nil && listed && denied)
	})
}

// classFeatures takes one class of policies away at a time and looks whether
// that makes a difference.
func (k *Case) classFeatures(note func(string, bool), l library) {
	whole, err := l.policies(k)
	if err != nil {
		return
	}
	decision := whole.Evaluate(k.request())
	for kind := iam.IdentityPolicy; kind <= iam.ResourceControlPolicy; kind++ {
		lesser := *whole
		without(&lesser, kind)
		note(kind.String()+" decides", lesser.Evaluate(k.request()) != decision)
	}
}

// without takes a class of policies away.
func without(p *iam.Policies, kind iam.Kind) {
	switch kind {
	case iam.IdentityPolicy:
		p.Identity = nil
	case iam.RepositoryPolicy, iam.RegistryPolicy:
		p.Resource = slices.DeleteFunc(slices.Clone(p.Resource), func(p *iam.Policy) bool { return p.Kind == kind })
	case iam.PermissionsBoundary:
		p.Boundary = nil
	case iam.SessionPolicy:
		p.Session = nil
	case iam.ServiceControlPolicy:
		p.SCPs = nil
	case iam.ResourceControlPolicy:
		p.RCPs = nil
	}
}
