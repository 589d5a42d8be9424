package main

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// manner is how a command shares the manner of all commands.
type manner struct {
	formats  []string // of --format, the default first
	noFormat string   // why it has no --format
	policies bool     // it has the flag --policies
	done     string   // what follows the name on a line with the exit code 0, "" if tests of its own run it
	negative string   // the same with the exit code 1
	stdin    string   // of both
}

// The commands that have no --format, and why.
const (
	ownForm    = "another program reads the output, whose form it defines"
	forReaders = "the output is a page or a script"
)

// manners returns the manner of each command. DIR is a folder that files has written, a new one
// for each run.
func manners(t *testing.T) map[string]manner {
	const policies = "--policies " + quickstart
	const alice = "arn:aws:iam::123456789012:user/alice"
	text, data, table, findings := []string{"text", "json"}, []string{"json", "text"}, []string{"text", "json", "csv"}, []string{"text", "json", "sarif"}
	return map[string]manner{
		"serve":               {noFormat: "it logs lines of JSON", policies: true},
		"init":                {formats: text, done: "DIR/new --account 123456789012 --region eu-central-1"},
		"simulate":            {formats: data, policies: true, done: policies + " --principal " + alice + " --action ecr:PutImage"},
		"map":                 {formats: data, policies: true, done: "HEAD /v2/team/app/manifests/v1", negative: "GET /v3/"},
		"test":                {formats: text, policies: true, done: quickstart, negative: "--policies DIR/policies"},
		"lint":                {formats: findings, policies: true, done: quickstart, negative: "--policies DIR/policies --fail-on suggestion"},
		"doctor":              {formats: findings, policies: true, done: "../../examples/quickstart/envoy.yaml", negative: "DIR/envoy.yaml"},
		"schema":              {noFormat: ownForm, done: "registries"},
		"whoami":              {formats: data, policies: true, done: policies + " --user alice", negative: policies + " --user mallory"},
		"explain":             {formats: text, policies: true, done: policies + " --principal " + alice + " --action ecr:PutImage", negative: policies + " --log DIR/decisions.log --id x"},
		"who-can":             {formats: table, policies: true, done: "ecr:PutImage team/app " + policies, negative: "ecr:PutImage closed --policies DIR/policies"},
		"what-can":            {formats: table, policies: true, done: alice + " " + policies, negative: "anonymous " + policies},
		"replay":              {formats: table, policies: true, done: "--log DIR/decisions.log " + policies, negative: "--log DIR/decisions.log --fail-on not-replayed " + policies},
		"generate":            {formats: text, policies: true, done: "--log DIR/decisions.log --out DIR/out"},
		"login-password":      {noFormat: ownForm},
		"credential-provider": {noFormat: ownForm},
		"session-key":         {formats: text, done: "DIR/keys"},
		"access-key":          {formats: text, policies: true, done: "create --policies DIR/policies --user " + alice},
		"decode":              {formats: data, done: "--key " + messages + "key.txt", stdin: readFile(t, messages+"message.txt")},
		"diff":                {formats: table, done: quickstart + " DIR/policies", negative: quickstart + " DIR/policies --no-new-access"},
		"healthcheck":         {formats: text, negative: "--admin-listen 127.0.0.1:1"},
		"completion":          {noFormat: forReaders, done: "bash"},
		"version":             {formats: text, done: "--"},
		"help":                {noFormat: forReaders, done: "version"},
	}
}

// mannerFiles writes the files of DIR, and returns the folder.
func mannerFiles(t *testing.T, log string) string {
	t.Helper()
	dir := t.TempDir()
	policies := filepath.Join(dir, "policies")
	if err := os.CopyFS(policies, os.DirFS(quickstart)); err != nil {
		t.Fatal(err)
	}
	pull := filepath.Join(policies, "managed/team-pull.json")
	for name, text := range map[string]string{
		filepath.Join(dir, "decisions.log"):        log + "not a decision\n",
		filepath.Join(dir, "envoy.yaml"):           strings.Replace(readFile(t, "../../examples/quickstart/envoy.yaml"), "failure_mode_allow: false", "failure_mode_allow: true", 1),
		filepath.Join(policies, "tests/fail.yaml"): "tests:\n- {name: fails, anonymous: true, request: GET /v2/, expect: allowed}\n",
		pull: strings.Replace(readFile(t, pull), `"ecr:ListImages"`, `"ecr:ListImages", "ecr:BatchGetImage", "ecr:PutImage"`, 1),
		filepath.Join(policies, "accounts/123456789012/eu-central-1/repositories/closed/_policy.json"): `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"*"}]}`,
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestManner checks that each command has the flags, the help, the errors and the exit codes
// that all commands share.
func TestManner(t *testing.T) {
	all, log := manners(t), readFile(t, traffic(t))
	for _, c := range commands() {
		m, described := all[c.name]
		if !described {
			t.Errorf("the manner of %s is not described", c.name)
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			m.checkFlags(t, &c)
			m.checkHelp(t, &c)
			m.checkMistakes(t, &c)
			m.checkRuns(t, &c, log, m.done, exitDone)
			m.checkRuns(t, &c, log, m.negative, exitFailure)
		})
	}
	if len(all) != len(commands()) {
		t.Errorf("%d commands are described, want %d", len(all), len(commands()))
	}
}

// checkFlags checks the names that flags share.
func (m *manner) checkFlags(t *testing.T, c *command) {
	flags := newFlags()
	c.flags(flags)
	if has := flags.Lookup("policies") != nil; has != m.policies {
		t.Errorf("it has --policies: %t, want %t", has, m.policies)
	}
	format := flags.Lookup("format")
	switch {
	case (format == nil) != (m.noFormat != ""):
		t.Errorf("it has --format: %t, but %q", format != nil, m.noFormat)
	case format != nil && !slices.Equal(format.Value.(choice).words, m.formats):
		t.Errorf("formats %q, want %q", format.Value.(choice).words, m.formats)
	}
}

// checkHelp checks that help has everything, and that it documents an exit code that a test runs.
func (m *manner) checkHelp(t *testing.T, c *command) {
	code, stdout, stderr := typed(t, c.name+" --help")
	for _, part := range []string{"extauthz " + c.name + ": ", "\nUsage:\n  extauthz " + c.name, "\nExit codes:\n  0  ", "\n  1  ", "\n  2  ", "\nExample:\n  extauthz " + c.name} {
		if code != exitDone || stderr != "" || !strings.Contains(stdout, part) {
			t.Errorf("exit %d, stderr %q, want %q in\n%s", code, stderr, part, stdout)
		}
	}
	if (c.negative != "") != (m.negative != "") {
		t.Errorf("help says about the exit code 1: %q; the test runs %q", c.negative, m.negative)
	}
}

// checkMistakes checks the errors of an unknown flag and an unknown format.
func (m *manner) checkMistakes(t *testing.T, c *command) {
	mistakes := []mistake{{c.name + " --no-such-flag", nil, "extauthz " + c.name + ": unknown flag --no-such-flag; see extauthz help " + c.name + "\n"}}
	if m.formats != nil {
		mistakes = append(mistakes, mistake{c.name + " --format xml", nil, `"xml" is not a format; write ` + oneOf(m.formats) + "\n"})
	}
	for _, x := range mistakes {
		if code, stdout, stderr := typed(t, x.line); code != exitInput || stdout != "" || !strings.HasSuffix(stderr, x.want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit %d, stdout %q, stderr %q; want exit 2 and %q", x.line, code, stdout, stderr, x.want)
		}
	}
}

// checkRuns runs a command line in each format, and checks the exit code and the form of the output.
// The output has no escape sequence, whatever the environment says about colors.
func (m *manner) checkRuns(t *testing.T, c *command, log, line string, code int) {
	if line == "" {
		return
	}
	for _, format := range append([]string{""}, m.formats...) {
		for _, env := range []string{"NO_COLOR=1", "CLICOLOR_FORCE=1"} {
			args := append([]string{c.name}, strings.Fields(strings.ReplaceAll(line, "DIR", mannerFiles(t, log)))...)
			if format != "" {
				args = slices.Insert(args, 1, "--format", format)
			}
			var stdout, stderr strings.Builder
			got := run(args, []string{env, "TERM=xterm"}, strings.NewReader(m.stdin), &stdout, &stderr)
			if got != code || strings.Contains(stdout.String()+stderr.String(), "\x1b") {
				t.Errorf("%q: exit %d, want %d: %s%s", args, got, code, stdout.String(), stderr.String())
			}
			if want := cmp.Or(format, append(m.formats, "")[0]); stdout.Len() > 0 {
				checkForm(t, want, stdout.String())
			}
		}
	}
}

// checkForm checks that an output has the form of a format.
func checkForm(t *testing.T, format, output string) {
	t.Helper()
	var err error
	switch format {
	case "json", "sarif":
		err = json.Unmarshal([]byte(output), new(any))
	case "csv":
		_, err = csv.NewReader(strings.NewReader(output)).ReadAll()
	case "text":
		if json.Valid([]byte(output)) {
			err = errors.New("it is JSON")
		}
	}
	if err != nil || !strings.HasSuffix(output, "\n") {
		t.Errorf("%s: %v: %s", format, err, output)
	}
}
