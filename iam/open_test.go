package iam

import (
	"slices"
	"strings"
	"testing"
)

// An openCase is a scenario of which part of the context, and perhaps of the resource, is not
// known.
type openCase struct {
	*scenario
	open      OpenRequest
	resources []string // that the pattern matches
}

// openPatterns are patterns of resources, each with resources that it matches.
var openPatterns = map[string][]string{
	"arn:aws:ecr:eu-central-1:123456789012:repository/*":       {repoARN, "arn:aws:ecr:eu-central-1:123456789012:repository/", "arn:aws:ecr:eu-central-1:123456789012:repository/a", "arn:aws:ecr:eu-central-1:123456789012:repository/a:b"},
	"arn:aws:ecr:eu-central-1:123456789012:repository/?":       {"arn:aws:ecr:eu-central-1:123456789012:repository/a", "arn:aws:ecr:eu-central-1:123456789012:repository/b", "arn:aws:ecr:eu-central-1:123456789012:repository/:"},
	"arn:aws:ecr:us-east-1:123456789012:repository/team/a*":    {"arn:aws:ecr:us-east-1:123456789012:repository/team/alice", "arn:aws:ecr:us-east-1:123456789012:repository/team/a", "arn:aws:ecr:us-east-1:123456789012:repository/team/ab/c"},
	"arn:aws:ecr:us-east-1:123456789012:repository/*/al?ce*":   {"arn:aws:ecr:us-east-1:123456789012:repository/team/alice", "arn:aws:ecr:us-east-1:123456789012:repository//al:ce"},
	"arn:aws:ecr:eu-central-1:123456789012:repo?itory/te*mx/*": {"arn:aws:ecr:eu-central-1:123456789012:repository/temx/"},
}

// openCase makes parts of a scenario's request unknown.
func (g generator) openCase() *openCase {
	c := &openCase{scenario: g.scenario()}
	g.nextRequest(c.scenario)
	c.open = OpenRequest{Request: c.request}
	switch g.IntN(4) {
	case 0:
		c.open.Unknown.Prefixes = []string{pick(g, "", "aws:", "AWS:PrincipalTag/")}
	case 1, 2:
		for range 1 + g.IntN(3) {
			c.open.Unknown.Names = append(c.open.Unknown.Names, pick(g, append(someKeys, "aws:x")...))
		}
	}
	c.open.AnyIdentity = g.chance(6)
	c.resources = []string{c.request.Resource}
	if g.chance(3) {
		for pattern, matching := range openPatterns { // in any order
			c.open.Resource, c.open.Pattern, c.resources = pattern, true, matching
			break
		}
	}
	return c
}

// concrete returns one of the requests that the open request describes.
func (g generator) concrete(c *openCase) Request {
	unknown := func(e ContextEntry) bool { return c.open.Unknown.Has(e.Key) }
	r := c.open.Request
	r.Resource = pick(g, c.resources...)
	r.Context = slices.DeleteFunc(slices.Clone(r.Context), unknown)
	for _, e := range g.context(c.base) {
		if unknown(e) {
			r.Context = append(r.Context, e)
		}
	}
	return r
}

// checkOpen compares an open decision with the decisions on requests that it is about.
func checkOpen(t *testing.T, seed uint64, count map[Extent]int) {
	t.Helper()
	g := newGenerator(seed)
	c := g.openCase()
	if c.open.AnyIdentity {
		c.policies.Identity, c.policies.Boundary, c.policies.Session = nil, nil, nil
	}
	got := c.policies.EvaluateOpen(&c.open)
	count[got.Allowed]++
	for range 20 {
		r := g.concrete(c)
		if c.open.AnyIdentity {
			c.policies.Identity, _ = g.policies(c.scenario, IdentityPolicy, 3)
			c.policies.Boundary, c.policies.Session = nil, nil
			if g.chance(3) {
				c.policies.Session, _ = g.policies(c.scenario, SessionPolicy, 1)
			}
		}
		e := c.policies.Explain(&r)
		if isAllowed := e.Decision == Allowed; isAllowed && got.Allowed == Never || !isAllowed && got.Allowed == Always {
			t.Fatalf("seed %d: %s allowed, but %s for %+v of %+v\ncaller %+v\n%s", seed, got.Allowed, e.Decision, r, c.open, r.Principal, strings.Join(c.texts, "\n"))
		}
		if got.Allowed == Never && got.BlockedBy == NoClass && e.BlockedBy != NoClass {
			t.Fatalf("seed %d: no class blocks %+v, want %s", seed, c.open, e.BlockedBy)
		}
		if !c.open.AnyIdentity {
			checkOpenMatches(t, seed, c, &got, &e, &r)
		}
	}
}

// checkOpenMatches checks that the statements that apply to a request are among those of the
// open decision, and that those that always apply do.
func checkOpenMatches(t *testing.T, seed uint64, c *openCase, got *OpenDecision, e *Explanation, r *Request) {
	t.Helper()
	for _, m := range e.Matched {
		grantsNothing := m.Statement.Effect == Allow && (m.Class == ResourceClass || m.Class == RCPClass)
		if !grantsNothing && !slices.ContainsFunc(got.Matched, func(o OpenMatch) bool { return o.Match == m }) {
			t.Fatalf("seed %d: %s at %v applies to %+v, and is not among the statements of %+v\n%s", seed, m.Statement.Effect, m.Statement.Start, r, c.open, strings.Join(c.texts, "\n"))
		}
	}
	for _, o := range got.Matched {
		applies := slices.Contains(e.Matched, o.Match)
		switch {
		case o.Applies == Always && !applies:
			t.Fatalf("seed %d: %s at %v does not apply to %+v of %+v\n%s", seed, o.Statement.Effect, o.Statement.Start, r, c.open, strings.Join(c.texts, "\n"))
		case (o.Applies == Sometimes) != (o.OpenResource || len(o.OpenConditions) > 0):
			t.Fatalf("seed %d: a statement applies %s, with open conditions %v and resource %v", seed, o.Applies, o.OpenConditions, o.OpenResource)
		}
		for i := range o.Statement.conditions() {
			if !slices.Contains(o.OpenConditions, i) && !o.Statement.ConditionHolds(i, r.Context) {
				t.Fatalf("seed %d: condition %d is false for %+v, and not open", seed, i, r)
			}
		}
	}
}

// TestEvaluateOpen checks that open decisions are right for every request that they are about.
func TestEvaluateOpen(t *testing.T) {
	count := map[Extent]int{}
	for seed := range uint64(3000) {
		checkOpen(t, seed, count)
	}
	for _, e := range []Extent{Never, Sometimes, Always} {
		if count[e] < 100 {
			t.Errorf("only %d open requests are allowed %s", count[e], e)
		}
	}
}

// FuzzEvaluateOpen is TestEvaluateOpen for any seed.
func FuzzEvaluateOpen(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { checkOpen(t, seed, map[Extent]int{}) })
}

// TestEvaluateOpenKnown checks that the decision on a request of which everything is known is
// that of Evaluate.
func TestEvaluateOpenKnown(t *testing.T) {
	for seed := range uint64(3000) {
		g := newGenerator(seed)
		s := g.scenario()
		g.nextRequest(s)
		got, want := s.policies.EvaluateOpen(&OpenRequest{Request: s.request}), s.policies.Decide(&s.request)
		if (got.Allowed == Always) != (want.Decision == Allowed) || got.Allowed == Sometimes || got.BlockedBy != want.BlockedBy && want.Decision != ExplicitDeny {
			t.Fatalf("seed %d: %s allowed, blocked by %s, want %s by %s", seed, got.Allowed, got.BlockedBy, want.Decision, want.BlockedBy)
		}
	}
}

// TestUnits compares the relations of two patterns with brute force over short texts.
func TestUnits(t *testing.T) {
	var texts []string
	for n := range 5 {
		texts = append(texts, words("ab", n)...)
	}
	var patterns []string
	for n := range 5 {
		patterns = append(patterns, words("ab*?", n)...)
	}
	compile := func(text string) pattern {
		p, err := syntax{wildcards: true, arn: true}.pattern("arn:p:s:r:c:" + text)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	exact, covering := 0, 0
	for i := 0; i < len(patterns); i += 3 {
		a := compile(patterns[i])
		for j := 0; j < len(patterns); j += 7 {
			b := compile(patterns[j])
			covers, overlaps := true, false
			for _, text := range texts {
				inA, inB := a.match("arn:p:s:r:c:"+text, nil), b.match("arn:p:s:r:c:"+text, nil)
				covers, overlaps = covers && (inA || !inB), overlaps || inA && inB
			}
			ua, ub := a.units(nil, nil), b.units(nil, nil)
			if got := ua.overlaps(ub); got != overlaps && !(got && len(patterns[i])+len(patterns[j]) > 4) {
				t.Fatalf("%q overlaps %q: %v, want %v", patterns[i], patterns[j], got, overlaps)
			}
			got := ua.covers(ub)
			if got && !covers {
				t.Fatalf("%q covers %q, but does not match everything", patterns[i], patterns[j])
			}
			if covers {
				covering++
			}
			if got {
				exact++
			}
		}
	}
	if exact < 600 || exact*10 < covering*7 {
		t.Errorf("found %d of %d pairs that cover each other", exact, covering)
	}
}

// words returns all texts of n characters.
func words(characters string, n int) []string {
	if n == 0 {
		return []string{""}
	}
	var all []string
	for _, shorter := range words(characters, n-1) {
		for _, c := range characters {
			all = append(all, shorter+string(c))
		}
	}
	return all
}
