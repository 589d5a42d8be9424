package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMain runs a stage of testPlan where this program is started as the process of one.
func TestMain(m *testing.M) {
	if err := adopt(); err != nil {
		panic(err)
	}
	if len(os.Args) == 3 && strings.HasSuffix(os.Args[2], ".json") {
		os.Exit(perform(context.Background(), testPlan(), os.Args[1:]))
	}
	os.Exit(m.Run())
}

// hang starts programs of every kind and does not end.
const hang = `echo "TMPDIR is $TMPDIR"; mkdir -p "$TMPDIR/a/b"; chmod a-w "$TMPDIR/a"
sleep 601 & (setsid sleep 602 &) ; setsid sh -c 'trap "" TERM; sleep 603' & wait`

// testPlan has a stage for each way in which one ends. The second lane runs for longer than
// the first needs to end what hangs.
func testPlan() plan {
	c := &checks{out: os.Stdout}
	shell := func(script string) func(context.Context) outcome {
		return func(ctx context.Context) outcome { return of(c.command(ctx, "", c.out, "sh", "-c", script)) }
	}
	return plan{
		first: []stage{{"prepare", time.Minute, "", func(context.Context) outcome {
			return lacking("Envoy", errors.New("not on PATH"))
		}}},
		lanes: [][]stage{
			computing: {
				{"hang", 50 * time.Millisecond, "", shell(hang)}, // times 15
				{"exit", time.Minute, "", func(context.Context) outcome { os.Exit(3); return outcome{} }},
			},
			{
				{"wait", time.Minute, "", shell("sleep 2 & wait $!")},
				{"needs Envoy", time.Minute, "Envoy", shell("false")},
			},
		},
	}
}

// TestRun checks that stages run apart from each other, that one that does not end fails in
// one line, and that no process and no file is left.
func TestRun(t *testing.T) {
	var out strings.Builder
	r := &runner{out: &out}
	if !r.run(t.Context(), testPlan()) {
		t.Error("the run did not fail")
	}
	const late = "ran out of time after 750ms and was ended"
	for _, want := range []string{
		"[hang] begins (limit 750ms)\n", "[hang] sh -c echo", late + "\n[hang] 0 passed, 1 failed, 0 skipped\n",
		"  hang: " + late, "  exit: the stage ended without an outcome: exit status 3",
		"  ok    wait ", "  prepare: Envoy: not on PATH\n", "  needs Envoy: no Envoy\n",
		"\n1 passed, 2 failed, 2 skipped\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q:\n%s", want, &out)
		}
	}
	if left := descendants(os.Getpid()); len(left) != 0 {
		t.Errorf("left running: %v", left)
	}
	found := regexp.MustCompile(`TMPDIR is (\S+)`).FindStringSubmatch(out.String())
	if found == nil {
		t.Fatal("the stage did not print its folder")
	}
	if _, err := os.Stat(found[1]); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("left behind: %s, error %v", found[1], err)
	}
}

// TestInterrupted checks that a stage is ended when the run is interrupted, and that those
// after it do not run.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	var out strings.Builder
	r := &runner{out: &out}
	results := r.sequence(ctx, testPlan().lanes[1][:1], nil)
	results = append(results, r.sequence(ctx, testPlan().lanes[computing][:1], nil)...)
	for i, want := range []string{"the stage ended without an outcome", "not run: interrupted"} {
		if o := results[i].outcome; o.Failed != 1 || len(o.Reasons) != 1 || !strings.Contains(o.Reasons[0], want) {
			t.Errorf("outcome %+v, want %q", o, want)
		}
	}
}

// TestGoTestLimit checks that one line names a test that does not end, and that the stacks
// of its goroutines are not printed.
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
	c := &checks{out: &out}
	o := c.goTest(t.Context(), dir, nil, "-timeout=1s", ".")
	const want = "late: ran out of time after 1s in TestA/b (1s)"
	if o.Failed != 1 || !slices.Equal(o.Reasons, []string{want}) || out.String() != "FAIL "+want+"\n" {
		t.Errorf("outcome %+v, printed %s", o, out.String())
	}
}

// TestPlan checks that whatever downloads or compiles runs before the tests that need it,
// and that no two stages have the same name.
func TestPlan(t *testing.T) {
	p := new(checks).plan()
	names := func(stages []stage) (all []string) {
		for _, s := range stages {
			all = append(all, s.name)
		}
		return all
	}
	if got, want := names(p.first), []string{"format", "downloads", "programs"}; !slices.Equal(got, want) {
		t.Errorf("first stages %q, want %q", got, want)
	}
	if got, want := names(p.lanes[computing])[:2], []string{"builds", "registry clients: builds"}; !slices.Equal(got, want) {
		t.Errorf("the computing lane begins with %q, want %q", got, want)
	}
	all := names(slices.Concat(p.first, slices.Concat(p.lanes...)))
	slices.Sort(all)
	if len(all) != 18 || len(slices.Compact(all)) != 18 {
		t.Errorf("stages %q, want 18", all)
	}
}
