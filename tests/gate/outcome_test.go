package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestSummarize wants the last line that CI reads, and no success where
// something failed, was missing in CI, or ran nothing.
func TestSummarize(t *testing.T) {
	cases := []struct {
		name   string
		o      outcome
		ci     bool
		last   string
		failed bool
	}{
		{"all well", outcome{passed: 3}, true, "3 passed, 0 failed, 0 skipped", false},
		{"a failure", outcome{passed: 3, failed: 1}, false, "3 passed, 1 failed, 0 skipped", true},
		{"missing at home", outcome{passed: 3, missing: []string{"Envoy"}}, false, "3 passed, 0 failed, 1 skipped", false},
		{"missing in CI", outcome{passed: 3, missing: []string{"Envoy"}}, true, "3 passed, 1 failed, 1 skipped", true},
		{"left to .ci/run", outcome{passed: 3, left: []string{"cosign"}}, false, "3 passed, 0 failed, 1 skipped", false},
		{"left to .ci/run, in CI", outcome{passed: 3, left: []string{"cosign"}}, true, "3 passed, 1 failed, 1 skipped", true},
		{"nothing", outcome{}, false, "0 passed, 1 failed, 0 skipped", true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			c.o.judge(c.ci)
			failed := summarize(&out, []result{{"stage", time.Second, time.Second, c.o}})
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			if failed != c.failed || lines[len(lines)-1] != c.last {
				t.Errorf("failed %v, last line %q; want %v, %q", failed, lines[len(lines)-1], c.failed, c.last)
			}
			for _, why := range slices.Concat(c.o.reasons, c.o.missing, c.o.left) {
				if !strings.Contains(out.String(), "stage: "+why) {
					t.Errorf("%q is not told", why)
				}
			}
		})
	}
}

// TestLacking holds that what ran out of time is never among what is missing.
func TestLacking(t *testing.T) {
	for _, c := range []struct {
		err     error
		failed  int
		missing []string
	}{
		{errors.New("no python3\nno Docker"), 0, []string{"Envoy: no python3; no Docker"}},
		{fmt.Errorf("pip: %w", context.DeadlineExceeded), 1, nil},
		{errors.Join(errors.New("not on PATH"), fmt.Errorf("pip: %w", context.DeadlineExceeded)), 1, nil},
		{context.Canceled, 1, nil},
	} {
		if o := lacking("Envoy", c.err); o.failed != c.failed || !slices.Equal(o.missing, c.missing) {
			t.Errorf("%v: %+v", c.err, o)
		}
	}
}

// TestStageLimit runs a stage that starts programs of every kind and does not end: it
// fails in one line, and leaves no process and no file.
func TestStageLimit(t *testing.T) {
	if err := adopt(); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	var dir string
	g := &gate{out: &out}
	hang := func(ctx context.Context) outcome {
		dir = os.Getenv("TMPDIR")
		script := `mkdir -p "$TMPDIR/a/b"; chmod a-w "$TMPDIR/a"; sleep 601 & (setsid sleep 602 &) ; setsid sh -c 'trap "" TERM; sleep 603' & wait`
		return of(g.command(ctx, "", &out, "sh", "-c", script))
	}
	r := g.stage(t.Context(), stage{"hang", 50 * time.Millisecond, hang}) // 15 times that
	if r.failed != 1 || len(r.missing) != 0 || len(r.reasons) != 1 || !strings.Contains(r.reasons[0], "ran out of time after 750ms") {
		t.Errorf("outcome %+v", r.outcome)
	}
	if strings.Count(out.String(), "\n") != 1 {
		t.Errorf("printed %q, want one line", out.String())
	}
	if left := descendants(os.Getpid()); len(left) != 0 {
		t.Errorf("left running: %v", left)
	}
	if _, err := os.Stat(dir); dir == "" || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("left behind: %s, error %v", dir, err)
	}
}

// TestGoTestLimit runs a test binary that does not end: one line names the test, and
// the stacks of its goroutines are not printed.
func TestGoTestLimit(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":    "module late\n",
		"a_test.go": "package late\nimport (\"testing\"; \"time\")\nfunc TestA(t *testing.T) { t.Run(\"b\", func(*testing.T) { time.Sleep(time.Hour) }) }\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	g := &gate{out: &out}
	o := g.goTest(t.Context(), dir, nil, "-timeout=1s", ".")
	const want = "late: ran out of time after 1s in TestA/b (1s)"
	if o.failed != 1 || !slices.Equal(o.reasons, []string{want}) || out.String() != "FAIL "+want+"\n" {
		t.Errorf("outcome %+v, printed %s", o, out.String())
	}
}

// TestPreparationComesFirst holds that whatever downloads or compiles runs before the
// first test.
func TestPreparationComesFirst(t *testing.T) {
	var names []string
	for _, s := range new(gate).stages() {
		names = append(names, s.name)
	}
	if want := []string{"format", "downloads", "builds", "registry clients: builds"}; len(names) < 10 || !slices.Equal(names[:4], want) {
		t.Errorf("stages %q, want %q first", names, want)
	}
}
