package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// loggedDenial returns the first line of the examples of the decision log's page: bob may not
// push, by the policies of the quickstart.
func loggedDenial(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../../decisionlog/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, `{"time":`) && strings.Contains(line, `"implicitDeny"`) {
			return strings.TrimSpace(line)
		}
	}
	t.Fatal("no example")
	return ""
}

// signInOf returns the line of a sign-in of the caller of another line.
func signInOf(t *testing.T, line string) string {
	t.Helper()
	var fields map[string]any
	if err := json.Unmarshal([]byte(line), &fields); err != nil {
		t.Fatal(err)
	}
	delete(fields, "repository")
	delete(fields, "reference")
	delete(fields, "reason")
	fields["decision"], fields["operation"] = "allowed", "ecr:GetAuthorizationToken"
	fields["actions"] = []any{map[string]any{"action": "ecr:GetAuthorizationToken", "resource": "*", "decision": "allowed", "statements": []any{}}}
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestExplain runs explain as typed.
func TestExplain(t *testing.T) {
	const policies, bob = "../../examples/quickstart/policies", "arn:aws:iam::123456789012:user/bob"
	denial := loggedDenial(t)
	var entry struct{ DecisionID string }
	if err := json.Unmarshal([]byte(denial), &entry); err != nil {
		t.Fatal(err)
	}
	another := strings.Replace(denial, entry.DecisionID, "another", 1)
	log := written(t, "{\"level\":\"INFO\",\"msg\":\"listening\"}\n"+another+"\n"+denial+"\n"+denial[:40])
	const suggestion = `{"Effect":"Allow","Action":"ecr:PutImage","Resource":"arn:aws:ecr:eu-central-1:123456789012:repository/team/app"}`
	for _, c := range []struct {
		name, stdin string
		args        []string
		code        int
		stdout      string
		stderr      []string
	}{
		{"line", "", []string{"--line", denial}, 0, "identity:  proved by basic", []string{"other policies decided"}},
		{"standard input", denial + "\n", nil, 0, suggestion, nil},
		{"id", "", []string{"--log", log, "--id", entry.DecisionID}, 0, suggestion, []string{log + ":1: ", log + ":4: the last line is incomplete"}},
		{"JSON", denial, []string{"--format", "json"}, 0, `"element": "Action"`, nil},
		{"request", "", []string{"--principal", bob, "--request", "PUT /v2/team/app/manifests/v1"}, 0, suggestion, nil},
		{"allowed request", "", []string{"--principal", bob, "--request", "GET /v2/team/app/manifests/v1"}, 0, "decision:  allowed", nil},
		{"action", "", []string{"--principal", bob, "--action", "ecr:PutImage", "--resource", "arn:aws:ecr:eu-central-1:123456789012:repository/team/app"}, 0, suggestion, nil},
		{"CheckRequest without credential", strings.NewReplacer(`"main"`, `"quickstart"`, "main.example.com", "127.0.0.1:8080").Replace(checkRequestOf("")), []string{"--check-request", "-"}, 0, "decision:  unauthenticated", nil},
		{"help", "", []string{"--help"}, 0, "Example:\n  extauthz explain", nil},
		{"sign-in", signInOf(t, denial), nil, 0, "requires:  ecr:GetAuthorizationToken on *: allowed", nil},
		{"unknown id", "", []string{"--log", log, "--id", "none"}, 1, "", []string{"no decision none among 2"}},
		{"older line", strings.Replace(denial, `"version":1,`, "", 1), nil, 1, "", []string{"cannot be explained", "older format"}},
		{"several decisions", denial + "\n" + another, nil, 2, "", []string{"several decisions"}},
		{"no decision", "x\n", nil, 2, "", []string{"standard input:1: ", "has no decision"}},
		{"no such log", "", []string{"--log", "testdata/none"}, 2, "", []string{"testdata/none"}},
		{"two inputs", "", []string{"--line", denial, "--principal", bob}, 2, "", []string{"exclude each other"}},
		{"request without principal", "", []string{"--request", "GET /v2/"}, 2, "", []string{"--principal is missing"}},
		{"unknown principal", "", []string{"--principal", bob + "x", "--request", "GET /v2/"}, 2, "", []string{"not among the principals"}},
		{"unknown format", denial, []string{"--format", "csv"}, 2, "", []string{"text or json"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var stdout, stderr strings.Builder
			code := run(append([]string{"explain", "--policies", policies}, c.args...), nil, strings.NewReader(c.stdin), &stdout, &stderr)
			if code != c.code || !strings.Contains(stdout.String(), c.stdout) {
				t.Errorf("exit code %d, output %s%s; want %d, %q", code, stdout.String(), stderr.String(), c.code, c.stdout)
			}
			for _, want := range c.stderr {
				if !strings.Contains(stderr.String(), want) {
					t.Errorf("error %s, want %q", stderr.String(), want)
				}
			}
		})
	}
}
