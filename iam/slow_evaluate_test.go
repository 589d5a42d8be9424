package iam

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// slowDecide is the reference for Decide. It looks at every statement of every policy, for
// each class once for its Denies and once for its Allows, and compares all patterns and
// entries one by one.
func (p *Policies) slowDecide(r *Request) Ruling {
	q, known := p.newQuery(r)
	if !known {
		return Ruling{}
	}
	f := facts{caller: r.Principal.Kind, wellFormed: q.wellFormed, sameAccount: q.sameAccount, trust: q.trust}
	resource := slices.Concat(p.Resource, p.Registry)
	var lists []policyList
	if p.hasSCPs(&q) {
		lists = appendLevels(lists, SCPClass, p.SCPs)
	}
	if p.hasRCPs(&q) {
		lists = appendLevels(lists, RCPClass, p.RCPs)
	}
	lists = append(lists, policyList{listID{class: ResourceClass}, resource, nil})
	if f.caller.hasIdentity() {
		lists = append(lists, policyList{listID{class: IdentityClass}, p.Identity, nil}, policyList{listID{class: BoundaryClass}, p.Boundary, nil}, policyList{listID{class: SessionClass}, p.Session, nil})
	}
	for _, list := range lists {
		for m := range list.slowMatches(Deny, &q) {
			if f.denial.Class == NoClass {
				f.denial = m
			}
		}
	}
	for m := range (&policyList{listID{class: ResourceClass}, resource, nil}).slowMatches(Allow, &q) {
		if m.Statement.principals == nil || q.resourceless {
			continue
		}
		if g := slowGrant(m.Statement.principals, &q); g > f.granted {
			f.granted, f.grantMatch = g, m
		}
	}
	allow := func(class Class, level int, policies []*Policy) (first Match) {
		for m := range (&policyList{listID{class: class, level: level}, policies, nil}).slowMatches(Allow, &q) {
			if first.Statement == nil && !m.Policy.Kind.HasPrincipal() {
				first = m
			}
		}
		return first
	}
	f.scps = true
	if p.hasSCPs(&q) {
		for level, policies := range p.SCPs {
			f.scps = f.scps && allow(SCPClass, level, policies).Statement != nil
		}
	}
	f.identityMatch = allow(IdentityClass, 0, p.Identity)
	f.identity = f.identityMatch.Statement != nil
	f.boundary = len(p.Boundary) == 0 || allow(BoundaryClass, 0, p.Boundary).Statement != nil
	f.session = len(p.Session) == 0 && f.caller != FederatedUser || allow(SessionClass, 0, p.Session).Statement != nil
	return f.ruling()
}

func appendLevels(lists []policyList, class Class, levels [][]*Policy) []policyList {
	for level, policies := range levels {
		lists = append(lists, policyList{listID{class: class, level: level}, policies, nil})
	}
	return lists
}

// slowExplain is the reference for Explain. It removes the indexes of the policies.
func (p *Policies) slowExplain(r *Request) Explanation {
	plain := func(policies []*Policy) (list []*Policy) {
		for _, p := range policies {
			without := *p
			without.index = nil
			list = append(list, &without)
		}
		return list
	}
	levels := func(from [][]*Policy) (levels [][]*Policy) {
		for _, level := range from {
			levels = append(levels, plain(level))
		}
		return levels
	}
	without := Policies{
		Identity: plain(p.Identity), Boundary: plain(p.Boundary), Session: plain(p.Session), Resource: plain(p.Resource), Registry: plain(p.Registry),
		SCPs: levels(p.SCPs), RCPs: levels(p.RCPs), ResourceAccount: p.ResourceAccount, ManagementAccount: p.ManagementAccount,
	}
	return without.Explain(r)
}

// withoutPolicies removes what differs between an explanation and that of slowExplain.
func withoutPolicies(e Explanation) Explanation {
	e.Match.Policy = nil
	for i := range e.Matched {
		e.Matched[i].Policy = nil
	}
	return e
}

// slowMatches yields the statements of a list that have an effect and apply.
func (l *policyList) slowMatches(effect Effect, q *query) func(func(Match) bool) {
	return func(yield func(Match) bool) {
		for _, p := range l.policies {
			for i := range p.Statements {
				s := &p.Statements[i]
				m := meter{left: 1 << 60}
				applies := s.Effect == effect && s.actions.matches(q.request.Action, &m) &&
					s.resources.matches(q.resourceFor(effect), effect, q.request.Context, &m) &&
					(s.principals == nil || slowGrantOrNot(s.principals, q)) &&
					s.conditionsHold(q.request.Context, &m)
				if applies && !yield(Match{l.class, l.level, p, s}) {
					return
				}
			}
		}
	}
}

func slowGrantOrNot(e *principalElement, q *query) bool {
	if e.not {
		return q.bounded || !(&principalElement{entries: e.entries}).lists(q)
	}
	return slowGrant(e, q) != noGrant
}

func slowGrant(e *principalElement, q *query) grant {
	return (&principalElement{entries: e.entries}).grantTo(q)
}

// Beginnings of resources that are similar to each other, and principals.
var (
	similarARNs = []string{
		"arn:aws:ecr:eu-central-1:123456789012:repository/team/*", "arn:aws:ecr:eu-central-1:123456789012:repository/team/alice",
		"arn:aws:ecr:eu-central-1:123456789012:repository/te*", "arn:aws:ecr:eu-central-1:123456789012:repository/te?m/*", "arn:aws:ecr:*:*:repository/team/al*",
		"arn:aws:ecr:*:123456789012:repository/t*/alice", "arn:aws:ecr:eu-*:*:repository/team/${aws:username}", "arn:aws:ecr:eu-central-1:123456789012:repository/team:x/*",
		"arn:aws:ecr:eu-central-1:123456789012:repository/${aws:PrincipalTag/a}", "arn:aws:ecr:eu-central-1:123456789012:*", "arn:aws:ecr:eu-central-1:*:repository/team/a:b*",
		"arn:aws:ecr:*:999999999999:*", "arn:aws:ecr:us-east-1:123456789012:repository/*", "arn:*:ecr:*:*:*y/team/alice", "arn:aws:ecr:*:${aws:x}:repository/team/*", "arn:aws:s3:::bucket/*",
	}
	similarResources = []string{
		"arn:aws:ecr:eu-central-1:123456789012:repository/team/alice", "arn:aws:ecr:eu-central-1:123456789012:repository/team/bob", "arn:aws:ecr:eu-central-1:123456789012:repository/team",
		"arn:aws:ecr:eu-central-1:123456789012:repository/team:x/a", "arn:aws:ecr:eu-central-1:999999999999:repository/team/a:b:c", "arn:aws:ecr:us-east-1:123456789012:repository/te",
		"arn:aws:ecr:eu-central-1:123456789012:", "arn:aws:ecr:eu-central-1", "arn:aws:ecr:eu-central-1:123456789012:repository/te m/x", "", "arn:aws:ecr:::",
	}
)

// manyStatements replaces the policies of a scenario by lists that need an index: of many
// small policies, of large ones, or of both.
func (g generator) manyStatements(t testing.TB, s *scenario) {
	list := func(kind Kind) (policies []*Policy) {
		for range g.IntN(12) {
			text := g.largeDocument(s, kind, 1+g.IntN(4)*g.IntN(12))
			p, err := Compile(kind, "generated", []byte(text))
			if err != nil && needsVariables(err) {
				continue
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			policies = append(policies, p)
		}
		return policies
	}
	p := &s.policies
	p.Identity, p.Resource, p.Registry = list(IdentityPolicy), list(RepositoryPolicy), list(RegistryPolicy)
	if g.chance(4) {
		p.Boundary = list(PermissionsBoundary)
	}
	if g.chance(4) {
		p.Session = list(SessionPolicy)
	}
	if g.chance(4) {
		p.SCPs = [][]*Policy{list(ServiceControlPolicy), list(ServiceControlPolicy)}
	}
	if g.chance(4) {
		p.RCPs = [][]*Policy{list(ResourceControlPolicy)}
	}
}

// largeDocument returns a document with n statements, most of which are about resources
// that are similar, and name many principals.
func (g generator) largeDocument(s *scenario, kind Kind, n int) string {
	var statements []any
	for range n {
		statement := g.statement(s, kind)
		if kind != ResourceControlPolicy && g.IntN(40) > 0 && statement["NotPrincipal"] == nil {
			statement["Effect"] = "Allow" // a Deny of many would apply
		}
		for _, name := range []string{"Resource", "NotResource"} {
			if _, found := statement[name]; found && g.chance(2) {
				statement[name] = g.some(similarARNs)
			}
		}
		if kind == RepositoryPolicy && g.chance(3) {
			statement["Principal"] = map[string]any{"AWS": slices.Concat(someUsers, someSessions, someRoles, g.manyAccounts())}
			delete(statement, "NotPrincipal")
		}
		statements = append(statements, statement)
	}
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
	if err != nil {
		panic(err)
	}
	return string(text)
}

func (g generator) manyAccounts() (accounts []string) {
	for range g.IntN(20) {
		accounts = append(accounts, pick(g, "1", "2", "3")+pick(g, "23456789012", "11111111111", "99999999999"))
	}
	return accounts
}

// indexed returns the policies with an index of the identity policies.
func (p Policies) indexed() *Policies {
	p.IdentityIndex = NewIndex(p.Identity, nil)
	return &p
}

// compareWithSlow decides requests with and without indexes and compares the rulings with
// those of the reference.
func compareWithSlow(t *testing.T, seed uint64, decided map[Decision]int) {
	t.Helper()
	g := newGenerator(seed)
	s := g.scenario()
	g.manyStatements(t, s)
	indexed := s.policies.indexed()
	for range requests {
		g.nextRequest(s)
		if g.chance(2) {
			s.request.Resource = pick(g, similarResources...)
		}
		want := s.policies.slowDecide(&s.request)
		if got := s.policies.Decide(&s.request); got != want {
			t.Fatalf("seed %d: without an index %+v, want %+v for %+v by %+v", seed, got, want, s.request, s.request.Principal)
		}
		got := indexed.Decide(&s.request)
		if got != want {
			t.Fatalf("seed %d: %+v, want %+v for %+v by %+v", seed, got, want, s.request, s.request.Principal)
		}
		if got, want := withoutPolicies(indexed.Explain(&s.request)), withoutPolicies(s.policies.slowExplain(&s.request)); !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: explained as %+v, want %+v", seed, got, want)
		}
		decided[got.Decision]++
	}
}

// TestIndexOfALaterList checks that the index of an equal list is used again, for the new list
// only, and that the index of another list is not.
func TestIndexOfALaterList(t *testing.T) {
	var list []*Policy
	for range 2 * fewStatements {
		list = append(list, mute(t, IdentityPolicy)...)
	}
	first := NewIndex(list, nil)
	same := slices.Clone(list)
	later := NewIndex(same, first)
	if later.rest != first.rest || !later.isOf(same) || later.isOf(list) || !first.isOf(list) {
		t.Error("the index of an equal list is not used again")
	}
	same[3] = mute(t, IdentityPolicy)[0]
	if changed := NewIndex(same, first); changed.rest == first.rest || !changed.isOf(same) {
		t.Error("the index of another list is used again")
	}
	if NewIndex(list[:fewStatements], first) != nil {
		t.Error("a short list has an index")
	}
}

// TestIndexVisitsOnce checks that an index finds each statement at most once.
func TestIndexVisitsOnce(t *testing.T) {
	visited := 0
	for seed := range uint64(100) {
		g := newGenerator(seed)
		s := g.scenario()
		g.manyStatements(t, s)
		for _, policies := range [][]*Policy{s.policies.Identity, s.policies.Resource, s.policies.Registry} {
			x := newStatementIndex(nil)
			for _, p := range policies {
				x = newStatementIndex(appendPlaces(x.places, p, len(x.places)))
			}
			for range requests {
				g.nextRequest(s)
				q, known := s.policies.newQuery(&s.request)
				if !known {
					continue
				}
				seen := map[int]bool{}
				x.visit(&q, func(at *place) {
					if visited++; seen[at.number] {
						t.Fatalf("seed %d: found twice: %d", seed, at.number)
					}
					seen[at.number] = true
				})
			}
		}
	}
	if visited < 10_000 {
		t.Errorf("%d statements found, want at least 10,000", visited)
	}
}

// TestIndexSize checks that an index takes memory in proportion to the text, also if a
// statement has many principals and many resources, and that it finds such a statement.
func TestIndexSize(t *testing.T) {
	for _, n := range []int{4, 16, 100, 1000} {
		t.Run(fmt.Sprintf("%d principals and resources", n), func(t *testing.T) {
			var principals, resources, statements []string
			for i := range n {
				principals = append(principals, fmt.Sprintf(`"arn:aws:iam::123456789012:role/r%d"`, i))
				resources = append(resources, fmt.Sprintf(`"arn:aws:ecr:eu-central-1:123456789012:repository/n%d/x"`, i))
			}
			for range fewStatements + 1 {
				statements = append(statements, fmt.Sprintf(`{"Effect":"Allow","Principal":{"AWS":[%s]},"Action":"ecr:*","Resource":[%s]}`, strings.Join(principals, ","), strings.Join(resources, ",")))
			}
			p, err := Compile(RegistryPolicy, "test.json", []byte(`{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`))
			if err != nil {
				t.Fatal(err)
			}
			posted, items := 0, len(p.Statements)*2*n
			for _, list := range p.index.callers {
				posted += len(list.all.places)
				for _, l := range slices.Concat(list.byARN, list.byName) {
					posted += len(l.places)
				}
			}
			if posted < len(p.Statements)*n || posted > 8*items {
				t.Errorf("%d postings for %d principals and resources, want at most 8 for each", posted, items)
			}
			caller := Principal{Kind: AssumedRole, ARN: fmt.Sprintf("arn:aws:sts::123456789012:assumed-role/r%d/s", n-1), Account: "123456789012", RoleARN: fmt.Sprintf("arn:aws:iam::123456789012:role/r%d", n-1)}
			policies := Policies{ResourceAccount: "123456789012", Registry: []*Policy{p}}
			for name, want := range map[string]Decision{fmt.Sprintf("n%d/x", n-1): Allowed, "n/x": ImplicitDeny} {
				r := Request{Principal: &caller, Action: "ecr:BatchGetImage", Resource: "arn:aws:ecr:eu-central-1:123456789012:repository/" + name}
				if got := policies.Evaluate(&r); got != want {
					t.Errorf("%s: %v, want %v", name, got, want)
				}
			}
		})
	}
}

// TestIndex compares decisions among many statements with those of the reference: the
// decision, the class and the statement that determine it.
func TestIndex(t *testing.T) {
	const seeds = 300
	decided := map[Decision]int{}
	for seed := range uint64(seeds) {
		compareWithSlow(t, seed, decided)
	}
	for _, d := range []Decision{Allowed, ExplicitDeny, ImplicitDeny} {
		if decided[d] < seeds*requests/20 {
			t.Errorf("only %d of %d requests are decided as %v", decided[d], seeds*requests, d)
		}
	}
}

func FuzzIndex(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) { compareWithSlow(t, seed, map[Decision]int{}) })
}
