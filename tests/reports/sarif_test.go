package reports

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"extauthz/tests/stack"
)

// TestSARIF validates reports against the schema of SARIF 2.1.0: without findings, with findings
// of several kinds, and about a directory that cannot be loaded.
func TestSARIF(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile(filepath.Join(fetched(t, sarifSchema), "lib", "schemas", "sarif-2.1.0-rtm.5.json"))
	if err != nil {
		t.Fatal(err)
	}
	binary := build(t)
	const policy = `{"Version": "2012-10-17", "Statement": [
  {"Sid": "Typo", "Effect": "Allow", "Action": ["ecr:BatchGetImages", "ecs:PutImage"], "Resource": "arn:aws:ecr:{REGION}:aws_account_id:repository/*"},
  {"Effect": "Allow", "NotAction": "ecr:PutImage", "Resource": "*", "Condition": {"StringEquals": {"aws:MultiFactorAuthPresent": "true"}}}]}`
	for _, c := range []struct {
		name, dir string
		code      int
		findings  int // at least
	}{
		{"clean", filepath.Join(stack.Root(), "examples", "quickstart", "policies"), 0, 0},
		{"findings", copied(t, "managed/team-pull.json", policy), 1, 3},
		{"a file name that must be escaped in a URI", copied(t, "managed/not attached+é.json", policy), 1, 0},
		{"cannot be loaded", copied(t, "registries.yaml", "registries: [\n"), 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			report := output(t, binary, c.code, "lint", "--format", "sarif", "--fail-on", "suggestion", c.dir)
			if got := strings.Count(report, `"ruleId"`); got < c.findings {
				t.Errorf("%d findings, want at least %d: %s", got, c.findings, report)
			}
			checkValid(t, schema, report, true)
			checkValid(t, schema, strings.Replace(report, `"driver"`, `"drivers"`, 1), false)
			checkValid(t, schema, strings.Replace(report, `"version": "2.1.0"`, `"version": "2.2.0"`, 1), false)
		})
	}
}

// checkValid checks whether a report is valid.
func checkValid(t *testing.T, schema *jsonschema.Schema, report string, valid bool) {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(report))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(value); (err == nil) != valid {
		t.Errorf("valid is %v, want %v: %v\n%s", err == nil, valid, err, report)
	}
}
