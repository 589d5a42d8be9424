package lint

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/policystore"
)

// Some findings say that a part of a policy has no effect. These tests check that with a
// simple reference implementation: they remove the part, and compare the decisions on
// all requests that callers of the directory can make.

// TestRemovals checks findings of many random policies.
func TestRemovals(t *testing.T) {
	checked := map[string]int{}
	for i, s := range scenarios(t) {
		random := rand.New(rand.NewPCG(7, uint64(i)))
		for range 400 {
			s.checkRemovals(t, randomPolicy(random), checked, 20)
		}
	}
	for code := range removals() {
		if checked[code] < 10 {
			t.Errorf("%d findings of %s checked, want at least 10", checked[code], code)
		}
	}
}

// FuzzRemovals continues TestRemovals with other random policies.
func FuzzRemovals(f *testing.F) {
	all := scenarios(f)
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 13))
		for range 3 {
			all[seed%uint64(len(all))].checkRemovals(t, randomPolicy(random), map[string]int{}, 1000)
		}
	})
}

// removals returns the codes of these findings, and how to remove the part.
func removals() map[string]func(p policyModel, at part, message string) (policyModel, bool) {
	value := func(p policyModel, at part, _ string) (policyModel, bool) { return p.without(at) }
	statement := func(p policyModel, at part, _ string) (policyModel, bool) { return p.withoutStatement(at), true }
	condition := func(p policyModel, at part, message string) (policyModel, bool) {
		if strings.HasSuffix(message, " is always false") {
			return p.withoutStatement(at), true
		}
		return p.withoutCondition(at), true
	}
	return map[string]func(policyModel, part, string) (policyModel, bool){
		"hidden-by-deny": statement, "redundant-statement": statement, "contradictory-conditions": statement,
		"redundant-element": value, "unknown-action": value, "blank-in-action": value, "other-service": value,
		"resourceless-action": value, "impossible-resource": value, "unserved-resource": value, "unmatched-resource": value,
		"deleted-principal": value, "unknown-principal": value, "own-account": value,
		"impossible-value": condition, "absent-key": condition, "request-tag-key": condition, "unconfigured-key": condition, "absent-tag": condition, "unproven-mfa": condition,
	}
}

// A scenario is a directory, and the requests that its callers can make.
type scenario struct {
	snapshot *policystore.Snapshot
	requests []iam.Request
}

// checkRemovals lints a policy and checks each finding about a part without effect. It
// skips codes that have been checked often enough.
func (s *scenario) checkRemovals(t *testing.T, p policyModel, checked map[string]int, enough int) {
	t.Helper()
	text, parts := p.render()
	source := "model.json"
	if p.kind != iam.IdentityPolicy {
		source = "accounts/123456789012/eu-central-1/registry-policy.json" // of the account of all requests' resources
	}
	document := iam.Parse(diag.File(source), diag.Point{Line: 1, Column: 1}, []byte(text))
	policy, err := document.Compile(p.kind)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	l := newLinter(s.snapshot, withPolicy(s.snapshot.Contents(), document, policy))
	l.run()
	for _, f := range l.findings.Sorted() {
		remove, isRemoval := removals()[f.Code]
		at, known := parts[int(f.Line)]
		if f.File != source || !isRemoval || checked[f.Code] >= enough {
			continue
		}
		if !known {
			t.Fatalf("%s\nis not in a line of\n%s", f, text)
		}
		rest, possible := remove(p, at, f.Problem)
		if !possible {
			continue
		}
		checked[f.Code]++
		s.compare(t, f, policy, rest)
	}
}

// withPolicy adds a policy to the contents of a snapshot.
func withPolicy(contents policystore.Contents, document *iam.Document, policy *iam.Policy) policystore.Contents {
	contents.Policies = append(slices.Clip(contents.Policies), policy)
	contents.Documents = maps.Clone(contents.Documents)
	contents.Documents[policy] = document
	return contents
}

// compare checks that a policy and the rest of it decide every request equally.
func (s *scenario) compare(t *testing.T, f diag.Diagnostic, policy *iam.Policy, rest policyModel) {
	t.Helper()
	var remaining []*iam.Policy
	text, _ := rest.render()
	if len(rest.statements) > 0 {
		compiled, err := iam.Compile(rest.kind, "rest.json", []byte(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		remaining = append(remaining, compiled)
	}
	before, after := combinations(rest.kind, []*iam.Policy{policy}), combinations(rest.kind, remaining)
	for i := range s.requests {
		if rest.kind != iam.IdentityPolicy && s.requests[i].Resource == "*" {
			continue // the policies of repositories and registries do not apply
		}
		for n := range before {
			if a, b := before[n].Evaluate(&s.requests[i]), after[n].Evaluate(&s.requests[i]); a != b {
				t.Fatalf("%s\nhas an effect: %s with the part, %s without it, for %s %s on %s, context %v; the rest is\n%s",
					f, a, b, s.requests[i].Principal.ARN, s.requests[i].Action, s.requests[i].Resource, s.requests[i].Context, text)
			}
		}
	}
}

// allowAll returns a policy that allows everything, to its principal if it has one.
func allowAll(kind iam.Kind, principal string) *iam.Policy {
	policy, err := iam.Compile(kind, "all.json", []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*",`+principal+`"Resource":"*"}}`))
	if err != nil {
		panic(err)
	}
	return policy
}

// combinations returns the combinations with other policies in which policies of a kind
// decide.
func combinations(kind iam.Kind, policies []*iam.Policy) []iam.Policies {
	all := []*iam.Policy{allowAll(iam.IdentityPolicy, "")}
	if kind == iam.IdentityPolicy {
		everyone := []*iam.Policy{allowAll(iam.RegistryPolicy, `"Principal":"*",`)}
		return []iam.Policies{{Identity: policies}, {Identity: slices.Concat(all, policies)}, {Identity: policies, Resource: everyone}}
	}
	return []iam.Policies{{Resource: policies}, {Identity: all, Resource: policies}}
}
