package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// simulateInput has two actions, of which the first is allowed.
const simulateInput = `{"Id":"a","PolicyInputList":["{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"ecr:Batch*\",\"Resource\":\"*\"}]}"],` +
	`"ActionNames":["ecr:BatchGetImage","ecr:PutImage"]}`

// commandRun is a run of the program with input.
type commandRun struct {
	args   []string
	stdin  string
	code   int
	stdout string
	stderr string
}

func (r *commandRun) do(t *testing.T) {
	t.Helper()
	var out, err bytes.Buffer
	r.code = run(r.args, []string{"EXTAUTHZ_POLICIES=/nowhere"}, strings.NewReader(r.stdin), &out, &err)
	r.stdout, r.stderr = out.String(), err.String()
}

// evaluated returns the decisions in an output.
func evaluated(t *testing.T, output string) string {
	t.Helper()
	var r struct {
		EvaluationResults []struct{ EvalActionName, EvalDecision string }
	}
	if err := json.Unmarshal([]byte(output), &r); err != nil {
		t.Fatalf("%v in %s", err, output)
	}
	var words []string
	for _, e := range r.EvaluationResults {
		words = append(words, e.EvalActionName+"="+e.EvalDecision)
	}
	return strings.Join(words, " ")
}

func TestSimulateInput(t *testing.T) {
	file := filepath.Join(t.TempDir(), "in.json")
	if err := os.WriteFile(file, []byte(simulateInput), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"simulate"}, {"simulate", "-"}, {"simulate", file}} {
		r := commandRun{args: args, stdin: simulateInput}
		r.do(t)
		if got := evaluated(t, r.stdout); r.code != exitDone || r.stderr != "" || got != "ecr:BatchGetImage=allowed ecr:PutImage=implicitDeny" {
			t.Errorf("%v: exit %d, stdout %s, stderr %s", args, r.code, r.stdout, r.stderr)
		}
		if !strings.HasPrefix(r.stdout, "{\n    \"Id\": \"a\",\n") || !strings.HasSuffix(r.stdout, "}\n") {
			t.Errorf("%v: stdout %s", args, r.stdout)
		}
	}
	for _, args := range [][]string{{"simulate", "--explain", file}, {"simulate", file, "--explain"}} {
		r := commandRun{args: args}
		r.do(t)
		if r.code != exitDone || !strings.HasPrefix(r.stdout, "allowed: ecr:BatchGetImage on *\n") || !strings.Contains(r.stdout, "\n\nimplicitDeny: ecr:PutImage") ||
			!strings.Contains(r.stdout, "does not apply: its actions do not cover ecr:PutImage") {
			t.Errorf("%v: exit %d, stdout %s, stderr %s", args, r.code, r.stdout, r.stderr)
		}
	}
}

// TestSimulateLines checks that each line has its result, and that the command succeeds
// although one is invalid.
func TestSimulateLines(t *testing.T) {
	r := commandRun{args: []string{"simulate", "--jsonl"}, stdin: simulateInput + "\n{\"Id\":2}\n" + simulateInput}
	r.do(t)
	lines := strings.Split(strings.TrimSuffix(r.stdout, "\n"), "\n")
	if r.code != exitDone || r.stderr != "" || len(lines) != 3 {
		t.Fatalf("exit %d, stdout %s, stderr %s", r.code, r.stdout, r.stderr)
	}
	if lines[0] != lines[2] || evaluated(t, lines[0]) != "ecr:BatchGetImage=allowed ecr:PutImage=implicitDeny" ||
		lines[1] != `{"Id":2,"Error":"standard input:2:1: ActionNames is missing or empty; add at least one action, such as ecr:BatchGetImage"}` {
		t.Errorf("stdout %s", r.stdout)
	}
}

func TestSimulatePolicies(t *testing.T) {
	directory := []string{"simulate", "--policies", quickstart, "--principal", "arn:aws:iam::123456789012:user/bob"}
	const repositories = "arn:aws:ecr:eu-central-1:123456789012:repository/"
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"pull", []string{"--request", "GET /v2/team/app/manifests/v1", "--registry", "quickstart", "-H", "User-Agent: crane", "--source-ip", "192.0.2.7", "--time", "2026-11-25T12:00:00Z", "--tls"},
			"ecr:GetAuthorizationToken=allowed ecr:BatchGetImage=allowed"},
		{"push", []string{"--request", "PUT /v2/team/app/manifests/v1"}, "ecr:GetAuthorizationToken=allowed ecr:PutImage=implicitDeny"},
		{"secret", []string{"--request", "GET /v2/secret/app/manifests/v1"}, "ecr:GetAuthorizationToken=allowed ecr:BatchGetImage=explicitDeny"},
		{"actions", []string{"--action", "ecr:BatchGetImage", "--action", "ecr:PutImage", "--resource", repositories + "team/app"}, "ecr:BatchGetImage=allowed ecr:PutImage=implicitDeny"},
		{"no resource", []string{"--action", "ecr:GetAuthorizationToken"}, "ecr:GetAuthorizationToken=allowed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := commandRun{args: append(directory, c.args...)}
			r.do(t)
			if r.code != exitDone || r.stderr != "" || evaluated(t, r.stdout) != c.want {
				t.Errorf("exit %d, stdout %s, stderr %s; want %s", r.code, r.stdout, r.stderr, c.want)
			}
		})
	}
	r := commandRun{args: append(directory, "--explain", "--request", "GET /v2/secret/app/manifests/v1")}
	r.do(t)
	if r.code != exitDone || !strings.Contains(r.stdout, `_policy.json:4:5 Deny "Only alice, whatever other policies allow": applies`) ||
		!strings.Contains(r.stdout, "\nexplicitDeny: GET /v2/secret/app/manifests/v1 is answered with 403: User: ") {
		t.Errorf("exit %d, stdout %s, stderr %s", r.code, r.stdout, r.stderr)
	}
	r = commandRun{args: append(directory, "--explain", "--request", "GET /v2/")}
	r.do(t)
	if !strings.HasSuffix(r.stdout, "\nallowed: GET /v2/ is forwarded\n") {
		t.Errorf("stdout %s, stderr %s", r.stdout, r.stderr)
	}
}

// TestSimulateTags checks that session tags are in the context of a session, and which
// principals --principal accepts.
func TestSimulateTags(t *testing.T) {
	const pipeline = "arn:aws:sts::123456789012:assumed-role/gitlab/pipeline"
	const push = "ecr:GetAuthorizationToken=allowed ecr:PutImage="
	for _, c := range []struct {
		name, principal string
		tags            []string
		want            string
	}{
		{"no tag", pipeline, nil, push + "implicitDeny"},
		{"the tag of its project", pipeline, []string{"--tag", "project=app"}, push + "allowed"},
		{"in another case", pipeline, []string{"--tag=PROJECT=app"}, push + "allowed"},
		{"another project's", pipeline, []string{"--tag", "project=web", "--tag", "stage=a=b"}, push + "implicitDeny"},
		{"a root user", "arn:aws:iam::123456789012:root", nil, push + "allowed"},
		{"a service", "codebuild.amazonaws.com", nil, "ecr:PutImage=implicitDeny"},
		{"a service for a resource", "codebuild.amazonaws.com", []string{"--source-arn", "arn:aws:codebuild:eu-central-1:123456789012:project/app"}, "ecr:PutImage=implicitDeny"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := commandRun{args: append([]string{"simulate", "--policies", "../../examples/oidc/policies", "--principal", c.principal, "--request", "PUT /v2/team/app/manifests/v1"}, c.tags...)}
			r.do(t)
			if r.code != exitDone || r.stderr != "" || evaluated(t, r.stdout) != c.want {
				t.Errorf("exit %d, stdout %s, stderr %s; want %s", r.code, r.stdout, r.stderr, c.want)
			}
		})
	}
}

// TestSimulateMistakes checks that the error of a mistake is one line with a remedy, and
// that the exit code is 2.
func TestSimulateMistakes(t *testing.T) {
	wrong := filepath.Join(t.TempDir(), "wrong.json")
	if err := os.WriteFile(wrong, []byte("{\n  \"Actions\": []}"), 0o600); err != nil {
		t.Fatal(err)
	}
	const bob = "--principal=arn:aws:iam::123456789012:user/bob"
	policies := "--policies=" + quickstart
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{wrong}, wrong + `:2:3: unknown field "Actions"; use the names of SimulateCustomPolicy`},
		{[]string{}, "standard input:1:1: not JSON"},
		{[]string{"/nowhere/in.json"}, "open /nowhere/in.json: " + syscall.ENOENT.Error()},
		{[]string{t.TempDir()}, syscall.EISDIR.Error()},
		{[]string{wrong, "b"}, `unexpected argument "b"; give one file`},
		{[]string{"--fly"}, "unknown flag --fly; see extauthz help simulate"},
		{[]string{"--jsonl", "--explain"}, "--format text cannot be combined with --jsonl"},
		{[]string{bob}, "--principal requires --policies"},
		{[]string{"--tls", wrong}, "--tls requires --policies"},
		{[]string{policies, "--request", "GET /v2/"}, "--principal is missing"},
		{[]string{policies, bob}, "--request is missing; give a request or an --action"},
		{[]string{policies, bob, "--resource", "*"}, "--request is missing"},
		{[]string{policies, bob, "--request", "GET /v2/", "--action", "ecr:PutImage"}, "--request cannot be combined with --action or --resource"},
		{[]string{policies, bob, "--request", "/v2/"}, `invalid value "/v2/" for flag --request: a method and a path are required; write METHOD /PATH`},
		{[]string{policies, bob, "--request", "GET /v2/team/../app/manifests/v1"}, "is answered with 400 before any policy is evaluated"},
		{[]string{policies, bob, "--request", "GET /v2/", "--jsonl"}, "--jsonl cannot be combined with --policies"},
		{[]string{policies, bob, "--request", "GET /v2/", wrong}, "leave it out, because with --policies flags describe the request"},
		{[]string{policies, bob, "--request", "GET /v2/", "-H", "Authorization Basic c2VjcmV0"}, "a --header has no name; write NAME: VALUE"},
		{[]string{policies, bob, "--request", "GET /v2/", "--header", "authorization: Basic c2VjcmV0"}, "a --header contains a credential"},
		{[]string{policies, bob, "--request", "GET /v2/", "--source-ip", "192.0.2.0/24"}, "for flag --source-ip: it is not an IP address; write one, such as 192.0.2.7"},
		{[]string{policies, bob, "--request", "GET /v2/", "--time", "now"}, `invalid value "now" for flag --time`},
		{[]string{policies, bob, "--request", "GET /v2/", "--tag", "team=blue"}, "is not a session of a role, and only a session has session tags"},
		{[]string{policies, bob, "--request", "GET /v2/", "--tag", "team"}, `invalid value "team" for flag --tag: it is not a tag; write KEY=VALUE`},
		{[]string{"--tag=team=blue", wrong}, "--tag requires --policies"},
		{[]string{"--source-arn=arn:aws:lambda:us-east-1:123456789012:function:f", wrong}, "--source-arn requires --policies"},
		{[]string{policies, bob, "--request", "GET /v2/", "--source-account", "123456789012"}, "allowed only for an AWS service principal; remove them"},
		{[]string{policies, "--principal=lambda.amazonaws.com", "--request", "GET /v2/", "--source-arn", "x"}, "sourceArn is not the ARN of one resource; write one such as arn:aws:lambda:"},
		{[]string{"--policies=../../examples/oidc/policies", "--principal=arn:aws:sts::123456789012:assumed-role/gitlab/x1", "--request", "GET /v2/", "--tag", "=blue"}, "a tag has no key"},
		{[]string{policies, bob, "--request", "GET /v2/", "--registry", "x"}, `registry "x" does not exist`},
		{[]string{policies, "--principal=bob", "--request", "GET /v2/"}, `"bob" is not an ARN`},
		{[]string{"--policies=/nowhere/policies", bob, "--request", "GET /v2/"}, "extauthz simulate: /nowhere/policies: the policy directory cannot be read: " + syscall.ENOENT.Error()},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			r := commandRun{args: append([]string{"simulate"}, c.args...)}
			r.do(t)
			if r.code != exitInput || r.stdout != "" || !strings.HasPrefix(r.stderr, "extauthz simulate: ") || strings.Count(r.stderr, "\n") != 1 || !strings.Contains(r.stderr, c.want) || strings.Contains(r.stderr, "c2VjcmV0") {
				t.Errorf("exit %d, stdout %q, stderr %q; want %q", r.code, r.stdout, r.stderr, c.want)
			}
		})
	}
	r := commandRun{args: []string{"simulate", "--help"}}
	r.do(t)
	if r.code != exitDone || !strings.Contains(r.stdout, "--explain") {
		t.Errorf("exit %d, stdout %q", r.code, r.stdout)
	}
}
