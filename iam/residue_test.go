package iam

import (
	"strings"
	"testing"
	"unsafe"
)

// compareResidue compares decisions by residues with those by all policies, for requests that
// differ from the request of the inputs in the context only. It counts the decisions for
// which residues have fewer statements than the policies.
func compareResidue(t *testing.T, seed uint64, decided map[Decision]int) {
	t.Helper()
	g := newGenerator(seed)
	s := g.scenario()
	if g.chance(2) {
		g.manyStatements(t, s)
	}
	for _, p := range []*Policies{&s.policies, s.policies.indexed()} {
		for range requests {
			g.nextRequest(s)
			if g.chance(2) {
				s.request.Resource = pick(g, similarResources...)
			}
			in := p.Inputs(&s.request)
			for range 4 {
				s.request.Context = g.context(s.base)
				got, want := in.Evaluate(p, &s.request), p.Evaluate(&s.request)
				if got != want {
					t.Fatalf("seed %d: %v, want %v for %+v by %+v", seed, got, want, s.request, s.request.Principal)
				}
				if in.residue != nil && in.residue.steps > statementSteps {
					decided[got]++
				}
			}
		}
	}
}

// TestResidue compares random decisions.
func TestResidue(t *testing.T) {
	const seeds = 400
	decided := map[Decision]int{}
	for seed := range uint64(seeds) {
		compareResidue(t, seed, decided)
	}
	for _, d := range []Decision{Allowed, ExplicitDeny, ImplicitDeny} {
		if decided[d] < 1000 {
			t.Errorf("only %d requests are decided as %v by a residue", decided[d], d)
		}
	}
}

func FuzzResidue(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) { compareResidue(t, seed, map[Decision]int{}) })
}

// TestResidueIsSmall checks which statements a residue has, and that evaluating it does not
// look at others.
func TestResidueIsSmall(t *testing.T) {
	identity := mustCompile(t, IdentityPolicy, `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "`+pull+`", "Resource": "`+repoARN+`"},
  {"Effect": "Allow", "Action": "`+pull+`", "Resource": "`+repoARN+`/other"},
  {"Effect": "Deny", "Action": "ecr:PutImage", "Resource": "*"},
  {"Effect": "Deny", "Action": "`+pull+`", "Resource": "*", "Condition": {"StringEquals": {"aws:username": "alice"}}}
]}`)
	p := &Policies{Identity: []*Policy{identity}}
	r := &Request{Principal: caller(User), Action: pull, Resource: repoARN}
	in := p.Inputs(r)
	if n := len(in.residue.places); n != 2 || in.residue.places[0].number != 0 || in.residue.places[1].number != 3 {
		t.Fatalf("%d statements: %+v", n, in.residue.places)
	}
	if got := in.Evaluate(p, r); got != Allowed {
		t.Errorf("without the key: %v", got)
	}
	r.Context = Context{{Key: "aws:username", Value: "alice"}}
	if got := in.Evaluate(p, r); got != ExplicitDeny {
		t.Errorf("with the key: %v", got)
	}
	in.residue.places = in.residue.places[:1]
	if got := in.Evaluate(p, r); got != Allowed {
		t.Errorf("a residue without the Deny: %v", got)
	}
	for len(p.Identity) < maxResidue/2 {
		p.Identity = append(p.Identity, identity)
	}
	if in := p.Inputs(r); in.residue == nil || uintptr(cap(in.residue.places))*unsafe.Sizeof(residuePlace{}) > 640 {
		t.Errorf("a residue with the most statements: %+v", in.residue)
	}
	p.Identity = append(p.Identity, identity)
	if in := p.Inputs(r); in.residue != nil || len(in.Keys) != 1 || in.Evaluate(p, r) != ExplicitDeny {
		t.Errorf("many statements: %+v", in)
	}
}

// TestResidueIsExhausted checks that a residue does not decide what takes all policies more
// steps than are allowed, and that it decides what takes them fewer.
func TestResidueIsExhausted(t *testing.T) {
	const everything = `{"Effect":"Allow","Action":"*","Resource":"*"}`
	context := Context{{Key: "aws:referer", Value: strings.Repeat("a", longestValue/2)}, {Key: "aws:UserAgent", Value: strings.Repeat("a", longestValue)}}
	others := func(size int, resource string) string { // that are not about the repository
		return statementsWith(size, `{"Effect":"Deny","Action":"*","Resource":[`, resource, `]},`+everything)
	}
	values := func(operator, value string) string {
		return statementsWith(6144, everything+`,{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"`+operator+`":{"aws:UserAgent":[`, value, `]}}}`)
	}
	exhausted, decided := 0, 0
	for name, text := range map[string]string{
		"resources":              others(200_000, `"arn:aws:ecr:*:*:repository/*?*?*?*?*?*?*?*b",`),
		"resources with a value": others(6144, `"arn:aws:ecr:*:*:repository/*?*${aws:referer}?b",`),
		"values":                 values("StringLike", `"*?a?b",`),
		"values of a variable":   values("StringLike", `"*${aws:referer}?b",`),
	} {
		one := mustCompile(t, IdentityPolicy, text)
		for _, n := range []int{1, 4, 16, 64} {
			p := &Policies{}
			for range n {
				p.Identity = append(p.Identity, one)
			}
			r := &Request{caller(User), pull, repoARN + "/" + strings.Repeat("a", 400), context}
			in := p.Inputs(r)
			want := p.Decide(r)
			if got := in.Evaluate(p, r); got != want.Decision {
				t.Errorf("%d policies with %s: %v, want %+v", n, name, got, want)
			}
			if want.Exhausted {
				exhausted++
			} else {
				decided++
			}
		}
	}
	if exhausted < 3 || decided < 3 {
		t.Errorf("%d requests were exhausted and %d decided, which are too few", exhausted, decided)
	}
}
