package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestTest(t *testing.T) {
	report := filepath.Join(t.TempDir(), "junit.xml")
	r := commandRun{args: []string{"test", quickstart, "--junit", report}}
	r.do(t)
	if r.code != exitDone || r.stderr != "" || !strings.HasSuffix(r.stdout, " passed, 0 failed\n") || !strings.Contains(r.stdout, "ok    tests/quickstart.yaml: alice logs in\n") {
		t.Errorf("exit %d, stdout %s, stderr %s", r.code, r.stdout, r.stderr)
	}
	if text, err := os.ReadFile(report); err != nil || !strings.Contains(string(text), `<testsuite name="tests/quickstart.yaml"`) {
		t.Errorf("%v: %s", err, text)
	}
	r = commandRun{args: []string{"test", "--run", "quickstart.yaml: bob (pulls|does not push)", quickstart}}
	r.do(t)
	if r.code != exitDone || !strings.HasSuffix(r.stdout, "2 passed, 0 failed\n") {
		t.Errorf("exit %d, stdout %s, stderr %s", r.code, r.stdout, r.stderr)
	}
}

// failing returns a copy of the quickstart's policies with a test that fails.
func failing(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(quickstart)); err != nil {
		t.Fatal(err)
	}
	const text = "tests:\n- {name: bob pushes, credential: {basic: bob}, request: PUT /v2/team/app/manifests/v1, expect: allowed}\n"
	if err := os.WriteFile(filepath.Join(dir, "tests", "wrong.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestTestThatFails(t *testing.T) {
	report := filepath.Join(t.TempDir(), "junit.xml")
	r := commandRun{args: []string{"test", "--junit=" + report, failing(t)}}
	r.do(t)
	if r.code != exitFailure || r.stderr != "" || !strings.Contains(r.stdout, "FAIL  tests/wrong.yaml:2: bob pushes\n") || !strings.HasSuffix(r.stdout, " passed, 1 failed\n") {
		t.Errorf("exit %d, stdout %s, stderr %s", r.code, r.stdout, r.stderr)
	}
	if text, err := os.ReadFile(report); err != nil || !strings.Contains(string(text), ` failures="1" `) {
		t.Errorf("%v: %s", err, text)
	}
}

// TestTestIsOffline checks that the keys of issuers are never requested.
func TestTestIsOffline(t *testing.T) {
	connections := make(chan http.ConnState, 64)
	issuer := httptest.NewUnstartedServer(http.NotFoundHandler())
	issuer.Config.ConnState = func(_ net.Conn, state http.ConnState) { connections <- state }
	issuer.StartTLS()
	defer issuer.Close()
	dir := failing(t)
	if err := os.Remove(filepath.Join(dir, "tests", "wrong.yaml")); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"principals.yaml": "\nissuers:\n- {name: ci, issuer: \"" + issuer.URL + "\", jwks: \"" + issuer.URL + "/jwks\"}\n",
		"tests/quickstart.yaml": `
- { name: a token without a principal, credential: { token: ci, claims: { sub: job } }, request: GET /v2/, expect: unauthenticated }
`,
	} {
		file, err := os.OpenFile(filepath.Join(dir, name), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteString(text); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	r := commandRun{args: []string{"test", dir}}
	r.do(t)
	if r.code != exitDone || !strings.Contains(r.stdout, "ok    tests/quickstart.yaml: a token without a principal\n") {
		t.Errorf("exit %d, stdout %s, stderr %s", r.code, r.stdout, r.stderr)
	}
	select {
	case what := <-connections:
		t.Errorf("the issuer received a request: the connection is %s", what)
	default:
	}
}

// TestTestMistakes checks that each fault is one line, and that the exit code is 2.
func TestTestMistakes(t *testing.T) {
	empty, broken := t.TempDir(), failing(t)
	if err := os.WriteFile(filepath.Join(broken, "tests", "wrong.yaml"), []byte("tests: {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	without := failing(t)
	if err := os.RemoveAll(filepath.Join(without, "tests")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "no directory is given; add the policy directory, as in extauthz test policies"},
		{[]string{quickstart, "b"}, `unexpected argument "b"; give one directory`},
		{[]string{"/nowhere"}, "extauthz test: /nowhere: the policy directory cannot be read: " + syscall.ENOENT.Error() + "; "},
		{[]string{empty}, "/principals.yaml: the file does not exist; create it, because it maps credentials to principals\n" +
			"extauthz test: " + empty + "/registries.yaml: the file does not exist; add it, because it describes the registries behind Envoy\n" +
			"extauthz test: " + empty + "/tests: the directory contains no policy tests; write some into tests/NAME.yaml\n"},
		{[]string{broken}, "tests/wrong.yaml:1:8: a mapping of keys to values is given where a list is expected; write a list"},
		{[]string{without}, "no policy tests; write some into tests/NAME.yaml"},
		{[]string{"--run", "(", quickstart}, `invalid value "(" for flag --run`},
		{[]string{"--run", "nothing at all", quickstart}, "--run nothing at all matches no test"},
		{[]string{"--junit", "/nowhere/junit.xml", quickstart}, "--junit: open /nowhere/junit.xml"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			r := commandRun{args: append([]string{"test"}, c.args...)}
			r.do(t)
			if r.code != exitInput || !strings.HasPrefix(r.stderr, "extauthz test: ") || strings.Count(r.stderr, "\n") != max(1, strings.Count(c.want, "\n")) || !strings.Contains(r.stderr, c.want) {
				t.Errorf("exit %d, stdout %q, stderr %q; want %q", r.code, r.stdout, r.stderr, c.want)
			}
		})
	}
}
