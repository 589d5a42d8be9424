package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// suspicious returns a copy of the quickstart with a policy that has a warning and a
// suggestion.
func suspicious(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(quickstart)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "managed", "team-pull.json")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), `"ecr:ListImages"`, `"ecr:ListImage", "ecr:BatchGetImage"`, 1)
	if err := os.WriteFile(file, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// The lines of the two findings.
const (
	unknownLine   = `managed/team-pull.json:16:9: warning: unknown-action: action "ecr:ListImage" is none of the known ECR actions; did you mean "ecr:ListImages"?`
	redundantLine = `managed/team-pull.json:16:26: suggestion: redundant-element: action "ecr:BatchGetImage" is covered by "ecr:BatchGetImage" in the same list; remove it`
)

func TestLint(t *testing.T) {
	dir := suspicious(t)
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{quickstart}, exitDone, ""},
		{[]string{quickstart, "--fail-on", "suggestion"}, exitDone, ""},
		{[]string{dir}, exitFailure, unknownLine + "\n" + redundantLine + "\n"},
		{[]string{"--fail-on", "error", dir}, exitDone, unknownLine + "\n" + redundantLine + "\n"},
		{[]string{dir, "--fail-on=suggestion", "--format=text"}, exitFailure, unknownLine + "\n" + redundantLine + "\n"},
		{[]string{quickstart, "--format", "json"}, exitDone, "{\n  \"findings\": []\n}\n"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			r := commandRun{args: append([]string{"lint"}, c.args...)}
			r.do(t)
			if r.code != c.code || r.stdout != c.want || r.stderr != "" {
				t.Errorf("exit %d, stdout %q, stderr %q; want %d, %q", r.code, r.stdout, r.stderr, c.code, c.want)
			}
		})
	}
}

// TestLintSARIF checks that the paths of files begin at the working directory.
func TestLintSARIF(t *testing.T) {
	t.Chdir(suspicious(t))
	if err := os.MkdirAll("a/b c", 0o755); err != nil {
		t.Fatal(err)
	}
	r := commandRun{args: []string{"lint", "a/b c", "--format", "sarif"}}
	r.do(t)
	if !json.Valid([]byte(r.stdout)) || !strings.Contains(r.stdout, `"uri": "a/b%20c/registries.yaml"`) || r.code != exitFailure {
		t.Errorf("exit %d, stdout %.2000s", r.code, r.stdout)
	}
}

// TestLintUnloadable checks that a directory that cannot be loaded is a finding.
func TestLintUnloadable(t *testing.T) {
	dir := suspicious(t)
	if err := os.WriteFile(filepath.Join(dir, "managed", "team-push.json"), []byte("{\n  \"Statement\": [\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := commandRun{args: []string{"lint", dir, "--fail-on", "error"}}
	r.do(t)
	if r.code != exitFailure || !strings.HasPrefix(r.stdout, "managed/team-push.json:2:17: error: unloadable: not JSON: ") || strings.Count(r.stdout, "\n") != 1 || r.stderr != "" {
		t.Errorf("exit %d, stdout %q, stderr %q", r.code, r.stdout, r.stderr)
	}
}

func TestLintExplain(t *testing.T) {
	r := commandRun{args: []string{"lint", "--explain", "half-pull"}}
	r.do(t)
	if r.code != exitDone || !strings.HasPrefix(r.stdout, "# half-pull\n\nSeverity: warning\n") || r.stderr != "" {
		t.Errorf("exit %d, stdout %q, stderr %q", r.code, r.stdout, r.stderr)
	}
}

func TestLintMistakes(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"lint", "no directory is given; add the policy directory, as in extauthz lint policies"},
		{"lint a b", `unexpected argument "b"; give one directory`},
		{"lint /nowhere/policies", "/nowhere/policies"},
		{"lint " + quickstart + "/registries.yaml", "give a policy directory that can be read"},
		{"lint a --format xml", `"xml" is not a format; write text, json or sarif`},
		{"lint a --fail-on never", `"never" is not a severity; write error, warning or suggestion`},
		{"lint --explain fly", `--explain: code "fly" does not exist; use one of absent-claim, `},
		{"lint --explain half-pull a", `unexpected argument "a"; leave it out, because --explain needs no directory`},
	} {
		t.Run(c.line, func(t *testing.T) {
			code, stdout, stderr := typed(t, c.line)
			if code != exitInput || stdout != "" || !strings.HasPrefix(stderr, "extauthz lint: ") || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, c.want) {
				t.Errorf("exit %d, stdout %q, stderr %q; want exit 2 and %q", code, stdout, stderr, c.want)
			}
		})
	}
}

// closed is a standard output without a reader.
type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, errors.New("the reader has left") }

// TestLintUnwritten checks that findings that cannot be written are not a negative
// result.
func TestLintUnwritten(t *testing.T) {
	for _, format := range []string{"text", "json", "sarif"} {
		var stderr strings.Builder
		if code := run([]string{"lint", suspicious(t), "--format", format}, nil, nil, closed{}, &stderr); code != exitInput || stderr.String() != "extauthz lint: the reader has left\n" {
			t.Errorf("%s: exit %d, stderr %q", format, code, stderr.String())
		}
	}
}

func TestPrefixOf(t *testing.T) {
	for dir, want := range map[string]string{"policies": "policies", "./a/policies/": "a/policies", ".": "", "..": "", "../a": "", "/a": "", "a/../b": "b", "..a": "..a"} {
		if got := prefixOf(dir); got != want {
			t.Errorf("%s: got %q want %q", dir, got, want)
		}
	}
}
