package analysis

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// update writes the golden files anew; look at what changes.
var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden holds the whole output, and the whole explanation, of the inputs in
// testdata.
func TestGolden(t *testing.T) {
	names, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	inputs := 0
	for _, name := range names {
		base, isInput := strings.CutSuffix(name, ".in.json")
		if !isInput {
			continue
		}
		inputs++
		t.Run(filepath.Base(base), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			s, err := new(Simulator).Read(filepath.Base(name), text)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, base+".out.json", Simulate(s.ID, s.Questions).String())
			var explained strings.Builder
			for i := range s.Questions {
				if err := s.Questions[i].Explain(&explained); err != nil {
					t.Fatal(err)
				}
			}
			compare(t, base+".txt", explained.String())
		})
	}
	if inputs < 7 {
		t.Errorf("%d inputs, want at least 7", inputs)
	}
}

// compare compares with a golden file, or writes it where that is asked for.
func compare(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%swant\n%s", name, got, want)
	}
}
