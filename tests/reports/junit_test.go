package reports

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	_ "extauthz/goldentest" // accept -update
	"extauthz/tests/prerequisite"
	"extauthz/tests/stack"
)

// fetched returns the folder of a package. If it cannot be fetched, the test ends.
func fetched(t *testing.T, p Package) string {
	t.Helper()
	dir, err := p.Fetch(context.Background())
	prerequisite.Check(t, err)
	return dir
}

// build builds extauthz and returns its path.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(stack.Cache(), "bin", "extauthz")
	if err := stack.Compile(context.Background(), stack.Root(), "./cmd/extauthz", binary, os.Stderr); err != nil {
		t.Fatal(err)
	}
	return binary
}

// output runs the program, checks its exit code and returns its output.
func output(t *testing.T, binary string, code int, args ...string) string {
	t.Helper()
	run := exec.Command(binary, args...)
	run.Stderr = os.Stderr
	out, _ := run.Output()
	if got := run.ProcessState.ExitCode(); got != code {
		t.Fatalf("%q ends with %d, want %d: %s", args, got, code, out)
	}
	return string(out)
}

// copied returns a copy of the quickstart's policy directory with another file.
func copied(t *testing.T, name, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(stack.Root(), "examples", "quickstart", "policies"))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// validate is a program that validates XML files against a schema. For each, it prints the error
// as a line of JSON, which is "" for a valid file.
const validate = `const { validateXML } = require(process.argv[1])
const file = path => ({ fileName: path, contents: require('fs').readFileSync(path, 'utf8') })
const [schema, ...reports] = process.argv.slice(2).map(file);
(async () => {
  for (const report of reports) {
    const r = await validateXML({ xml: [report], schema: [schema] })
    console.log(JSON.stringify(r.valid ? '' : r.rawOutput || 'invalid'))
  }
})()`

// failing is a test file with every kind of failure, and with names that XML must escape.
const failing = `tests:
- { name: "bob <pushes> & \"more\" ]]> é", credential: { basic: bob }, request: PUT /v2/team/app/manifests/v1, expect: allowed }
- { name: has no principal, principal: "arn:aws:iam::123456789012:user/erin", request: GET /v2/, expect: allowed }
- { name: passes, anonymous: true, request: GET /v2/, expect: unauthenticated }
`

// TestJUnit validates the reports of a run that passes and of one that fails against the schema
// of Jenkins. That lacks the file and line of a test, which Jenkins ignores and other readers
// use.
func TestJUnit(t *testing.T) {
	schema := filepath.Join(fetched(t, junitSchema), "test", "resources", "jenkins-junit.xsd")
	validator := fetched(t, xmllint)
	node, err := exec.LookPath("node")
	prerequisite.Check(t, err)
	binary, dir := build(t), t.TempDir()
	passing, failed := filepath.Join(dir, "passing.xml"), filepath.Join(dir, "failed.xml")
	output(t, binary, 0, "test", "--junit", passing, filepath.Join(stack.Root(), "examples", "quickstart", "policies"))
	output(t, binary, 1, "test", "--junit", failed, copied(t, "tests/failing.yaml", failing))
	extension := regexp.MustCompile(`(<testcase name="[^"]*" classname="[^"]*") file="[^"]+" line="[0-9]+"`)
	cases := []struct {
		report string
		change func(string) string
		valid  bool
	}{
		{passing, strings.Clone, true},
		{failed, strings.Clone, true},
		{failed, func(s string) string { return strings.Replace(s, "<failure ", "<failed ", 1) }, false},
		{failed, func(s string) string { return strings.ReplaceAll(s, "failure ", "failures ") }, false},
		{passing, func(s string) string {
			return strings.Replace(s, `<testsuite name="tests/quickstart.yaml"`, "<testsuite", 1)
		}, false},
	}
	args := []string{"-e", validate, validator, schema}
	for i, c := range cases {
		text, err := os.ReadFile(c.report)
		if err != nil {
			t.Fatal(err)
		}
		stripped := extension.ReplaceAllString(string(text), "$1")
		if stripped == string(text) {
			t.Errorf("%s has no file and line of a test", c.report)
		}
		args = append(args, filepath.Join(dir, fmt.Sprintf("report%d.xml", i)))
		if err := os.WriteFile(args[len(args)-1], []byte(c.change(stripped)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	errors := validationErrors(t, node, args, len(cases))
	for i, c := range cases {
		if (errors[i] == "") != c.valid {
			t.Errorf("case %d, %s: valid is %v, want %v: %s", i, c.report, errors[i] == "", c.valid, errors[i])
		}
	}
}

// validationErrors runs the validator and returns the error of each report, "" for valid ones.
func validationErrors(t *testing.T, node string, args []string, reports int) (errors []string) {
	t.Helper()
	run := exec.Command(node, args...)
	run.Stderr = os.Stderr
	out, err := run.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for line := range bytes.Lines(out) {
		var text string
		if err := json.Unmarshal(line, &text); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		errors = append(errors, text)
	}
	if len(errors) != reports {
		t.Fatalf("%d reports were validated, want %d: %s", len(errors), reports, out)
	}
	return errors
}
