package result

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "extauthz/goldentest" // accept -update
)

// sample returns a run in which the sidecar takes the given times, and the base 10, 20 and 40.
func sample(cpu ...float64) *Run {
	r := new(Run)
	for i, base := range []float64{10, 20, 40} {
		r.Add("hits", Base, CPU, base)
		r.Add("hits", "sidecar", CPU, cpu[i])
		r.Add("hits", "sidecar", Answer, 622)
	}
	return r
}

// TestRatio checks that each round is compared with the base of the same round.
func TestRatio(t *testing.T) {
	spread, found := sample(15, 30, 80).Ratio("hits", "sidecar", CPU)
	if !found || spread.Median != 1.5 || spread.Min != 1.5 || spread.Max != 2 {
		t.Errorf("got %+v, %v", spread, found)
	}
	if _, found := sample(1, 1, 1).Ratio("hits", "sidecar", Answer); found {
		t.Error("a metric that the base does not have has a ratio")
	}
}

// TestTables checks the form of the tables, which pages contain.
func TestTables(t *testing.T) {
	var b strings.Builder
	if err := sample(15, 30, 80).WriteTables(&b); err != nil {
		t.Fatal(err)
	}
	const want = `| CPU of the server, µs a check | no-op      | sidecar          |
| ----------------------------- | ---------: | ---------------: |
| hits                          | 20 (10–40) | 1.50 (1.50–2.00) |

| answer that allows a pull, bytes | sidecar |
| -------------------------------- | ------: |
| hits                             | 622     |

`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &b, want)
	}
}

// TestFile checks that a run that was written can be read.
func TestFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "folder", "run.json")
	if err := sample(15, 30, 80).Write(file); err != nil {
		t.Fatal(err)
	}
	r, err := Read(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Values("hits", "sidecar", CPU); len(got) != 3 || got[2] != 80 {
		t.Errorf("read %v", got)
	}
	if err := os.WriteFile(file, []byte(`{"other": 1}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(file); err == nil || !strings.Contains(err.Error(), "make bench wrote") {
		t.Errorf("a file of another kind: error %v", err)
	}
}

// TestComparison checks which changes a comparison shows.
func TestComparison(t *testing.T) {
	older, newer := sample(15, 30, 60), sample(5, 10, 20)
	older.Add("password", "sidecar", CPU, 1)
	newer.Add("token", "sidecar", CPU, 1)
	var b strings.Builder
	if err := WriteComparison(&b, older, newer); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(b.String()), " ")
	for _, want := range []string{
		"hits sidecar CPU 1.50 0.50 -67 % the ranges do not overlap",
		"hits sidecar answer 622 622 +0 %",
		"only in the newer run: token, sidecar, CPU",
		"only in the older run: password, sidecar, CPU",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the comparison lacks %q:\n%s", want, &b)
		}
	}
}
