package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDiff runs diff as typed.
func TestDiff(t *testing.T) {
	const policies = "../../examples/quickstart/policies"
	wider := filepath.Join(t.TempDir(), "policies")
	if err := os.CopyFS(wider, os.DirFS(policies)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(wider, "managed/team-pull.json")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), `"ecr:BatchGetImage"`, `"ecr:BatchGetImage", "ecr:PutImage"`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	const witness = "arn:aws:iam::123456789012:user/bob: ecr:PutImage on arn:aws:ecr:eu-central-1:123456789012:repository/team/"
	for _, c := range []struct {
		name   string
		args   []string
		code   int
		output string
	}{
		{"the same", []string{policies, policies, "--no-new-access"}, 0, "no difference"},
		{"new access", []string{policies, wider}, 0, "New access: allowed by the new directory, denied by the old one:\n\n  " + witness},
		{"gate", []string{"--no-new-access", policies, wider}, 1, witness},
		{"lost access", []string{wider, policies, "--no-new-access"}, 0, "Lost access"},
		{"JSON", []string{policies, wider, "--format", "json"}, 0, `"action": "ecr:PutImage"`},
		{"CSV", []string{policies, wider, "--format", "csv"}, 0, "newAccess,arn:aws:iam::123456789012:user/bob,quickstart,ecr:PutImage,"},
		{"help", []string{"--help"}, 0, "Example:\n  extauthz diff"},
		{"one directory", []string{policies}, 2, "two directories are required"},
		{"three directories", []string{policies, policies, policies}, 2, "unexpected argument"},
		{"directory that does not load", []string{policies, "testdata/none"}, 2, "testdata/none"},
		{"unknown format", []string{policies, policies, "--format", "xml"}, 2, "text, json or csv"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var stdout, stderr strings.Builder
			code := run(append([]string{"diff"}, c.args...), nil, strings.NewReader(""), &stdout, &stderr)
			if output := stdout.String() + stderr.String(); code != c.code || !strings.Contains(output, c.output) {
				t.Errorf("exit code %d, output %s; want %d, %q", code, output, c.code, c.output)
			}
		})
	}
}
