package policystore

import (
	"strings"
	"testing"

	"extauthz/diag"
	"extauthz/iam"
)

// TestCompileCache checks that the cache has only entries of the last good content: it does
// not grow with each change, and content with a fault does not change it.
func TestCompileCache(t *testing.T) {
	contents, kept := small(), newPersistent(offline())
	compiled := func() *Snapshot {
		t.Helper()
		s, err := compile(treeOf(contents), options(), kept)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	before := compiled()
	products := func() int { return len(kept.last.compiled) + len(kept.last.repositories.files) }
	size := products()
	for range 10 {
		contents["managed/pull.json"] += " "
		contents[secretDir] += "\n"
		compiled()
	}
	contents[secretDir] = denyAll
	if s := compiled(); products() != size || s.policies()[0] == before.policies()[0] {
		t.Errorf("%d products are cached, want %d; or a changed text is", products(), size)
	}
	last := compiled()
	contents[secretDir] = "{"
	if _, err := compile(treeOf(contents), options(), kept); err == nil || products() != size {
		t.Errorf("error %v, %d products are cached, want %d", err, products(), size)
	}
	contents[secretDir] = denyAll
	if s := compiled(); s.policies()[0] != last.policies()[0] || s.base != last.base {
		t.Error("unchanged files are compiled again")
	}
}

// TestSameTextInTwoFiles checks that policies with the same text are compiled once, that each
// has its own source, and that each has its findings.
func TestSameTextInTwoFiles(t *testing.T) {
	other := strings.Replace(secretDir, "secret/app", "team/app", 1)
	contents, kept := small(), newPersistent(offline())
	contents[secretDir], contents[other] = denyAll, denyAll
	compiled := func() (of, ofOther *iam.Policy) {
		t.Helper()
		s, err := compile(treeOf(contents), options(), kept)
		if err != nil {
			t.Fatal(err)
		}
		for _, policy := range s.policies() {
			switch policy.Source.File {
			case secretDir:
				of = policy
			case other:
				ofOther = policy
			}
		}
		return of, ofOther
	}
	a, b := compiled()
	if a == nil || b == nil || a == b || &a.Statements[0] != &b.Statements[0] {
		t.Errorf("%p and %p do not share their statements", a, b)
	}
	contents[other] = strings.Replace(denyAll, "Deny", "Allow", 1)
	if c, d := compiled(); c != a || d.Statements[0].Effect != iam.Allow || a.Statements[0].Effect != iam.Deny {
		t.Error("a change of one file changes the policy of the other")
	}

	kept, contents[other] = newPersistent(offline()), denyAll
	kept.inspect = func(d *iam.Document, _ *iam.Policy) diag.List {
		return diag.List{{Position: d.Source.At(d.Start), Code: "found"}}
	}
	s, err := compile(treeOf(contents), options(), kept)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for policy, findings := range s.Contents().Findings {
		found[policy.Source.File] += len(findings)
		for _, f := range findings {
			if f.File != policy.Source.File {
				t.Errorf("%s has the finding %v", policy.Source.File, f)
			}
		}
	}
	if found[secretDir] != 1 || found[other] != 1 {
		t.Errorf("findings by file: %v", found)
	}
}
