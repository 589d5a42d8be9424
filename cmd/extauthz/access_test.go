package main

import (
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
)

// TestAccess runs who-can and what-can as typed.
func TestAccess(t *testing.T) {
	const policies = "../../examples/quickstart/policies"
	const alice, arn = "arn:aws:iam::123456789012:user/alice", "arn:aws:ecr:eu-central-1:123456789012:repository/team/app"
	for _, c := range []struct {
		name string
		args []string
		code int
		want string // in standard output or, with code 2, in the error
	}{
		{"name of a repository", []string{"who-can", "ecr:PutImage", "team/app", "--policies", policies}, 0, alice + ": unconditional"},
		{"ARN", []string{"who-can", "--policies", policies, "ecr:PutImage", arn}, 0, "managed/team-push.json:10:5"},
		{"no resource", []string{"who-can", "ecr:GetAuthorizationToken", "*", "--policies", policies}, 0, alice},
		{"help", []string{"who-can", "--help"}, 0, "Example:\n  extauthz who-can"},
		{"principal", []string{"what-can", alice, "--policies", policies}, 0, "repository/team/*: unconditional"},
		{"principal without access", []string{"what-can", "anonymous", "--policies", policies}, 1, "it may do nothing"},
		{"name of a user", []string{"what-can", "alice", "--policies", policies}, 2, "did you mean \"" + alice + "\"?"},
		{"unknown principal", []string{"what-can", alice + "x", "--policies", policies}, 2, "did you mean"},
		{"without directory", []string{"who-can", "ecr:PutImage", "team/app"}, 2, "--policies is missing"},
		{"directory that does not load", []string{"who-can", "ecr:PutImage", "team/app", "--policies", "testdata/none"}, 2, "testdata/none"},
		{"without resource", []string{"who-can", "ecr:PutImage", "--policies", policies}, 2, "RESOURCE is missing"},
		{"no action", []string{"who-can", "PutImage", "team/app", "--policies", policies}, 2, "is not an action"},
		{"misspelled action", []string{"who-can", "ecr:PutImages", "team/app", "--policies", policies}, 2, `did you mean "ecr:PutImage"?`},
		{"action of another service", []string{"who-can", "s3:GetObject", "team/app", "--policies", policies}, 2, "none of the known ECR actions"},
		{"impossible repository", []string{"who-can", "ecr:PutImage", "Team", "--policies", policies}, 2, `"Team" is not the name of a repository`},
		{"ARN of something else", []string{"who-can", "ecr:PutImage", strings.Replace(arn, "repository/", "registry/", 1), "--policies", policies}, 2, "is not the name of a repository"},
		{"wildcard", []string{"who-can", "ecr:PutImage", "team/*", "--policies", policies}, 2, "contains a wildcard"},
		{"all repositories", []string{"who-can", "ecr:PutImage", "*", "--policies", policies}, 2, "* is not a repository"},
		{"repository without need", []string{"who-can", "ecr:GetAuthorizationToken", "team/app", "--policies", policies}, 2, "write *"},
		{"another registry's repository", []string{"who-can", "ecr:PutImage", strings.Replace(arn, "eu-central-1", "us-east-1", 1), "--policies", policies}, 2, "us-east-1"},
		{"unknown format", []string{"what-can", alice, "--policies", policies, "--format", "xml"}, 2, "text, json or csv"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var stdout, stderr strings.Builder
			code := run(c.args, nil, strings.NewReader(""), &stdout, &stderr)
			output := stdout.String()
			if c.code == exitInput {
				output = stderr.String()
			}
			if code != c.code || !strings.Contains(output, c.want) {
				t.Errorf("exit code %d, output %s%s; want %d, %q", code, stdout.String(), stderr.String(), c.code, c.want)
			}
		})
	}
}

// TestAccessFormats reads the formats for programs.
func TestAccessFormats(t *testing.T) {
	args := []string{"what-can", "arn:aws:iam::123456789012:user/alice", "--policies", "../../examples/quickstart/policies", "--format"}
	var stdout, stderr strings.Builder
	if code := run(append(args, "json"), nil, strings.NewReader(""), &stdout, &stderr); code != 0 {
		t.Fatal(code, stderr.String())
	}
	var answer struct {
		Grants []struct{ Access, Resource string }
	}
	if err := json.Unmarshal([]byte(stdout.String()), &answer); err != nil || len(answer.Grants) < 3 {
		t.Errorf("%v: %s", err, stdout.String())
	}
	stdout.Reset()
	if code := run(append(args, "csv"), nil, strings.NewReader(""), &stdout, &stderr); code != 0 {
		t.Fatal(code, stderr.String())
	}
	if rows, err := csv.NewReader(strings.NewReader(stdout.String())).ReadAll(); err != nil || len(rows) < 10 {
		t.Errorf("%v: %s", err, stdout.String())
	}
}
