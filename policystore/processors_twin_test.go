package policystore

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"extauthz/diag"
	"extauthz/iam"
)

// TestProcessorsAgree checks that several processors compile random contents into the same
// snapshot as one, or report the same faults in the same order.
func TestProcessorsAgree(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	ofRepositories, others := repositorySlots(), baseSlots(t)
	good, bad := 0, 0
	for step := range 300 {
		contents := map[string]string{}
		for _, s := range slices.Concat(ofRepositories, others) {
			if text := randomText(random, &s, step%3 == 0); text != none {
				contents[s.path] = text
			}
		}
		want, wantErr := compileOn(1, contents)
		got, gotErr := compileOn(5, contents)
		if fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
			t.Fatalf("step %d: several processors:\n%v\none:\n%v", step, gotErr, wantErr)
		}
		if wantErr != nil {
			bad++
			continue
		}
		good++
		if difference := differs(t, got, want); difference != "" {
			t.Fatalf("step %d: another %s", step, difference)
		}
		if described := descriptionOf(t, want); !slices.Equal(descriptionOf(t, got), described) {
			t.Fatalf("step %d: described as %q, want %q", step, descriptionOf(t, got), described)
		}
	}
	if good < 50 || bad < 50 {
		t.Errorf("%d good contents and %d bad ones; want fifty of each", good, bad)
	}
}

// randomText returns one of the texts of a file. Files other than those about repositories mostly
// have the first one, because the others often contradict each other.
func randomText(random *rand.Rand, s *slot, faulty bool) string {
	_, ofRepository := parseRepositoryFile(s.path)
	switch {
	case faulty && random.IntN(8) == 0:
		return s.texts[random.IntN(len(s.texts))]
	case ofRepository || random.IntN(16) == 0:
		return s.texts[random.IntN(s.good)]
	}
	return s.texts[0]
}

// compileOn compiles a content on a number of processors, which take turns. Only policies that
// deny have findings, because the others share what they have in common.
func compileOn(processors int, contents map[string]string) (*Snapshot, error) {
	kept := newPersistent(offline())
	kept.processors = processors
	kept.inspect = func(d *iam.Document, p *iam.Policy) diag.List {
		runtime.Gosched()
		if p.Statements[0].Effect == iam.Allow {
			return nil
		}
		return inspectActions(d, p)
	}
	return compile(treeOf(contents), options(), kept)
}

// TestProcessorsShare checks that repositories whose policies have the same text share what it is
// compiled into, whichever processors compile them.
func TestProcessorsShare(t *testing.T) {
	contents := small()
	for i := range 400 {
		contents[fmt.Sprintf("accounts/123456789012/eu-central-1/repositories/team/app-%d/_policy.json", i)] = denyAll
	}
	kept := newPersistent(offline())
	kept.processors = 5
	kept.inspect = func(*iam.Document, *iam.Policy) diag.List {
		runtime.Gosched() // so that several processors compile the text
		return nil
	}
	s, err := compile(treeOf(contents), options(), kept)
	if err != nil {
		t.Fatal(err)
	}
	policies, compiled := 0, map[*iam.Compiled]bool{}
	for _, f := range s.repositories.files {
		if p := f.policy[0]; p != nil && string(f.Text) == denyAll {
			policies++
			compiled[p.Compiled] = true
		}
	}
	if policies < 400 || len(compiled) != 1 {
		t.Errorf("%d policies with the same text are compiled into %d values, want one", policies, len(compiled))
	}
}
