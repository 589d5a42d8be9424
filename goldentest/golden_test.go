package goldentest

import (
	"os"
	"path/filepath"
	"testing"
)

// recorder is a test that records its failures.
type recorder struct {
	testing.TB
	failures int
}

func (r *recorder) Helper()               {}
func (r *recorder) Errorf(string, ...any) { r.failures++ }
func (r *recorder) Fatalf(string, ...any) { r.failures++ }

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		name, file, got string
		updating        bool
		failures        int
		after           string
	}{
		{"the same", "a\nb\n", "a\nb\n", false, 0, "a\nb\n"},
		{"another line", "a\nb\n", "a\nc\n", false, 1, "a\nb\n"},
		{"a missing line", "a\nb\n", "a\n", false, 1, "a\nb\n"},
		{"a missing line break", "a\n", "a", false, 1, "a\n"},
		{"an update", "a\nb\n", "a\nc\n", true, 0, "a\nc\n"},
		{"an update without a change", "a\n", "a\n", true, 0, "a\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "golden.txt")
			if err := os.WriteFile(file, []byte(c.file), 0o600); err != nil {
				t.Fatal(err)
			}
			before := *update
			*update = c.updating
			r := &recorder{TB: t}
			Compare(r, file, c.got)
			*update = before
			after, err := os.ReadFile(file)
			if r.failures != c.failures || err != nil || string(after) != c.after {
				t.Errorf("%d failures, then %q (%v); want %d and %q", r.failures, after, err, c.failures, c.after)
			}
		})
	}
}

func TestDifference(t *testing.T) {
	for _, c := range []struct {
		a, b     string
		number   int
		inA, inB string
	}{
		{"a\nb\n", "a\nb\n", 0, "", ""},
		{"a\nb\n", "a\nc\n", 2, "b\n", "c\n"},
		{"a\n", "a\nc\n", 2, "", "c\n"},
		{"", "a", 1, "", "a"},
	} {
		if number, inA, inB := difference(c.a, c.b); number != c.number || inA != c.inA || inB != c.inB {
			t.Errorf("%q and %q differ in line %d, %q and %q", c.a, c.b, number, inA, inB)
		}
	}
}
