package reports

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"extauthz/tests/needed"
	"extauthz/tests/stack"
)

// fetched is the folder of a package. Without npm or a network there is none; in
// CI there has to be.
func fetched(t *testing.T, p Package) string {
	t.Helper()
	dir, err := p.Fetch(context.Background())
	needed.Here(t, err)
	return dir
}

// build is a fresh build of the program.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "extauthz")
	if err := stack.Compile(context.Background(), stack.Root(), "./cmd/extauthz", binary, os.Stderr); err != nil {
		t.Fatal(err)
	}
	return binary
}

// prints runs the program, which ends with the code, and returns what it prints.
func prints(t *testing.T, binary string, code int, args ...string) string {
	t.Helper()
	run := exec.Command(binary, args...)
	run.Stderr = os.Stderr
	out, _ := run.Output()
	if got := run.ProcessState.ExitCode(); got != code {
		t.Fatalf("%q ends with %d, want %d: %s", args, got, code, out)
	}
	return string(out)
}

// copied is the quickstart's policy directory with another file.
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

// validate is the program that holds a file of XML to a schema.
const validate = `const { validateXML } = require(process.argv[1])
const file = path => ({ fileName: path, contents: require('fs').readFileSync(path, 'utf8') })
validateXML({ xml: [file(process.argv[2])], schema: [file(process.argv[3])] })
  .then(r => { console.log(r.rawOutput); process.exitCode = r.valid ? 0 : 1 })`

// failing are tests that fail in every way, with names that XML must spell out.
const failing = `tests:
- { name: "bob <pushes> & \"more\" ]]> é", credential: { basic: bob }, request: PUT /v2/team/app/manifests/v1, expect: allowed }
- { name: cannot be asked, principal: "arn:aws:iam::123456789012:user/erin", request: GET /v2/, expect: allowed }
- { name: passes, anonymous: true, request: GET /v2/, expect: unauthenticated }
`

// TestJUnit holds reports, of a run that passes and of one that fails, to the
// schema of Jenkins. It has neither file nor line of a test, which others read and
// Jenkins passes over.
func TestJUnit(t *testing.T) {
	schema := filepath.Join(fetched(t, junitSchema), "test", "resources", "jenkins-junit.xsd")
	validator := fetched(t, xmllint)
	node, err := exec.LookPath("node")
	needed.Here(t, err)
	binary, dir := build(t), t.TempDir()
	passing, failed := filepath.Join(dir, "passing.xml"), filepath.Join(dir, "failed.xml")
	prints(t, binary, 0, "test", "--junit", passing, filepath.Join(stack.Root(), "examples", "quickstart", "policies"))
	prints(t, binary, 1, "test", "--junit", failed, copied(t, "tests/failing.yaml", failing))
	extension := regexp.MustCompile(`(<testcase name="[^"]*" classname="[^"]*") file="[^"]+" line="[0-9]+"`)
	for _, c := range []struct {
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
	} {
		text, err := os.ReadFile(c.report)
		if err != nil {
			t.Fatal(err)
		}
		stripped := extension.ReplaceAllString(string(text), "$1")
		if stripped == string(text) {
			t.Errorf("%s has no place of a test", c.report)
		}
		path := filepath.Join(dir, "report.xml")
		if err := os.WriteFile(path, []byte(c.change(stripped)), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(node, "-e", validate, validator, path, schema).CombinedOutput()
		if (err == nil) != c.valid {
			t.Errorf("%s: valid is %v, want %v: %s\n%s", c.report, err == nil, c.valid, out, stripped)
		}
	}
}
