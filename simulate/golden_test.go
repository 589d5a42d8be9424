package simulate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"extauthz/goldentest"
)

// TestGolden compares the whole output, and the whole explanation, of the inputs in
// testdata with golden files.
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
			goldentest.Compare(t, base+".out.json", Simulate(s.ID, s.Evaluations).String())
			var explained strings.Builder
			for i := range s.Evaluations {
				if err := s.Evaluations[i].Explain(&explained); err != nil {
					t.Fatal(err)
				}
			}
			goldentest.Compare(t, base+".txt", explained.String())
		})
	}
	if inputs < 7 {
		t.Errorf("%d inputs, want at least 7", inputs)
	}
}
