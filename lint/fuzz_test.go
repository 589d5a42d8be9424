package lint

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"extauthz/decision"
	"extauthz/iam"
	"extauthz/policystore"
)

// FuzzRules checks that no rule panics for a policy that compiles, and that every finding
// has a page and a position in the text.
func FuzzRules(f *testing.F) {
	snapshot, err := policystore.Load(base, decision.Options{CacheSize: 1})
	if err != nil {
		f.Fatal(err)
	}
	files, err := filepath.Glob("../iam/testdata/*/*.json")
	if err != nil || len(files) < 30 {
		f.Fatalf("%d policies (%v), want at least 30", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for kind := iam.IdentityPolicy; kind <= iam.TrustPolicy; kind++ {
			f.Add(uint8(kind), text)
		}
	}
	f.Fuzz(func(t *testing.T, kind uint8, text []byte) {
		policy, err := iam.Compile(iam.Kind(kind), "fuzz.json", text)
		if err != nil {
			return
		}
		contents := snapshot.Contents()
		contents.Policies = append(slices.Clip(contents.Policies), policy)
		l := newLinter(snapshot, contents)
		l.run(policy.Findings())
		lines := 1 + strings.Count(string(text), "\n")
		for _, found := range l.findings {
			if _, paged := l.pages[found.Code]; !paged {
				t.Errorf("no page for %s", found)
			}
			if found.File == "fuzz.json" && (found.Line < 1 || found.Line > lines || found.Column < 1) {
				t.Errorf("position outside the text: %s", found)
			}
		}
	})
}
