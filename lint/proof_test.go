package lint

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/policystore"
)

// The findings that say that something in a policy never matters are proven here by
// a slow twin: it is taken out of the policy, and no decision on any request that
// can be made here differs.

// TestProofs proves those of many policies made at random.
func TestProofs(t *testing.T) {
	proven := map[string]int{}
	for i, w := range worlds(t) {
		random := rand.New(rand.NewPCG(7, uint64(i)))
		for range 400 {
			w.prove(t, randomPolicy(random), proven, 20)
		}
	}
	for code := range removals() {
		if proven[code] < 10 {
			t.Errorf("%d findings of %s proven, want at least 10", proven[code], code)
		}
	}
}

// FuzzProofs goes on where TestProofs ends.
func FuzzProofs(f *testing.F) {
	all := worlds(f)
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 13))
		for range 3 {
			all[seed%uint64(len(all))].prove(t, randomPolicy(random), map[string]int{}, 1000)
		}
	})
}

// removals are the codes whose findings are proven, and what to take out.
func removals() map[string]func(p policyModel, at place, message string) (policyModel, bool) {
	word := func(p policyModel, at place, _ string) (policyModel, bool) { return p.without(at) }
	whole := func(p policyModel, at place, _ string) (policyModel, bool) { return p.withoutStatement(at), true }
	condition := func(p policyModel, at place, message string) (policyModel, bool) {
		if strings.HasSuffix(message, " is always false") {
			return p.withoutStatement(at), true
		}
		return p.withoutCondition(at), true
	}
	return map[string]func(policyModel, place, string) (policyModel, bool){
		"hidden-by-deny": whole, "redundant-statement": whole, "contradictory-conditions": whole,
		"redundant-element": word, "unknown-action": word, "blank-in-action": word, "other-service": word,
		"resourceless-action": word, "impossible-resource": word, "unserved-resource": word, "unmatched-resource": word,
		"deleted-principal": word, "unknown-principal": word, "own-account": word,
		"impossible-value": condition, "absent-key": condition, "request-tag-key": condition, "unconfigured-key": condition, "absent-tag": condition, "unproven-mfa": condition,
	}
}

// A world is a directory, and the requests that its callers can make.
type world struct {
	snapshot *policystore.Snapshot
	requests []iam.Request
}

// prove judges a policy, and takes out each of what never matters, but for codes
// that are proven often enough.
func (w *world) prove(t *testing.T, p policyModel, proven map[string]int, enough int) {
	t.Helper()
	text, places := p.render()
	source := "model.json"
	if p.kind != iam.IdentityPolicy {
		source = "accounts/123456789012/eu-central-1/registry-policy.json" // of the account of all requests' resources
	}
	policy, err := iam.Compile(p.kind, source, []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	contents := w.snapshot.Contents()
	contents.Policies = append(slices.Clip(contents.Policies), policy)
	l := newLinter(w.snapshot, contents)
	l.run(policy.Findings())
	for _, f := range l.findings.Sorted() {
		remove, claims := removals()[f.Code]
		at, known := places[f.Line]
		if f.File != source || !claims || proven[f.Code] >= enough {
			continue
		}
		if !known {
			t.Fatalf("%s\nstands nowhere in\n%s", f, text)
		}
		rest, possible := remove(p, at, f.Problem)
		if !possible {
			continue
		}
		proven[f.Code]++
		w.compare(t, f, policy, rest)
	}
}

// compare wants the same decisions by the policy and by what is left of it.
func (w *world) compare(t *testing.T, f diag.Diagnostic, policy *iam.Policy, rest policyModel) {
	t.Helper()
	var less []*iam.Policy
	text, _ := rest.render()
	if len(rest.statements) > 0 {
		compiled, err := iam.Compile(rest.kind, "rest.json", []byte(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		less = append(less, compiled)
	}
	before, after := inPlay(rest.kind, []*iam.Policy{policy}), inPlay(rest.kind, less)
	for i := range w.requests {
		if rest.kind != iam.IdentityPolicy && w.requests[i].Resource == "*" {
			continue // the policies of repositories and registries have no part in it
		}
		for n := range before {
			if a, b := before[n].Evaluate(&w.requests[i]), after[n].Evaluate(&w.requests[i]); a != b {
				t.Fatalf("%s\nmatters: %s with it, %s without, for %s %s on %s, context %v; left is\n%s",
					f, a, b, w.requests[i].Principal.ARN, w.requests[i].Action, w.requests[i].Resource, w.requests[i].Context, text)
			}
		}
	}
}

// allowAll allows what its Principal, if it has one, may be allowed.
func allowAll(kind iam.Kind, principal string) *iam.Policy {
	policy, err := iam.Compile(kind, "all.json", []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*",`+principal+`"Resource":"*"}}`))
	if err != nil {
		panic(err)
	}
	return policy
}

// inPlay are the ways in which policies of a kind come into play.
func inPlay(kind iam.Kind, policies []*iam.Policy) []iam.Policies {
	all := []*iam.Policy{allowAll(iam.IdentityPolicy, "")}
	if kind == iam.IdentityPolicy {
		everyone := []*iam.Policy{allowAll(iam.RegistryPolicy, `"Principal":"*",`)}
		return []iam.Policies{{Identity: policies}, {Identity: slices.Concat(all, policies)}, {Identity: policies, Resource: everyone}}
	}
	return []iam.Policies{{Resource: policies}, {Identity: all, Resource: policies}}
}
