package lint

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/policystore"
)

// FuzzRules checks that no rule panics for a policy that compiles, and that every finding
// has a page and a position in the text.
func FuzzRules(f *testing.F) {
	snapshot, err := policystore.LoadDocuments(base)
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
		document := iam.Parse(diag.File("fuzz.json"), diag.Point{Line: 1, Column: 1}, text)
		policy, err := document.Compile(iam.Kind(kind))
		if err != nil {
			return
		}
		l := newLinter(snapshot, withPolicy(snapshot.Contents(), document, policy))
		l.run()
		lines := 1 + strings.Count(string(text), "\n")
		for _, found := range l.findings {
			if _, paged := severitiesOf()[found.Code]; !paged {
				t.Errorf("no page for %s", found)
			}
			if found.File == "fuzz.json" && (found.Line < 1 || int(found.Line) > lines || found.Column < 1) {
				t.Errorf("position outside the text: %s", found)
			}
		}
	})
}
