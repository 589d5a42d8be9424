package schemas

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"extauthz/iam"

	"extauthz/tests/stack"
)

// compile is a schema of the folder by name.
func compile(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	return (&schema{name: name}).compiled(t)
}

// judged is what the schema finds wrong in a text of JSON.
func judged(schema *jsonschema.Schema, text string) error {
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

// TestPolicySchemaAcceptsPolicies holds the documents of AWS and of the examples
// against the schema.
func TestPolicySchemaAcceptsPolicies(t *testing.T) {
	compiled, documents := compile(t, "policy"), 0
	for _, pattern := range []string{
		"examples/*/policies/managed/*.json", "examples/*/policies/trust/*.json", "examples/*/policies/accounts/*/*/repositories/*/*/_policy.json",
		"policystore/aws/*.json", "iam/testdata/ecr-guide/*.json", "iam/testdata/trust/*.json",
	} {
		paths, err := filepath.Glob(filepath.Join(stack.Root(), pattern))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %d files, error %v", pattern, len(paths), err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := judged(compiled, string(text)); err != nil {
				t.Errorf("%s: %v", path, err)
			}
			documents++
		}
	}
	if documents < 40 {
		t.Errorf("%d documents, want at least 40", documents)
	}
}

// TestPolicySchemaAcceptsOutputs checks the outputs of AWS's commands against the
// schema, and outputs that are not in force or lack a member.
func TestPolicySchemaAcceptsOutputs(t *testing.T) {
	const document = `{"Version": "2012-10-17", "Statement": []}`
	compiled := compile(t, "policy")
	for _, c := range []struct {
		text string
		want bool
	}{
		{`{"registryId": "123456789012", "policyText": "{}"}`, true},
		{`{"PolicyVersion": {"Document": ` + document + `, "VersionId": "v1", "IsDefaultVersion": true, "CreateDate": "2026-02-03"}}`, true},
		{`{"PolicyVersion": {"Document": ` + document + `, "VersionId": "v1", "IsDefaultVersion": false}}`, false},
		{`{"PolicyVersion": {"VersionId": "v1"}}`, false},
		{`{"Policy": {"PolicySummary": {"Id": "p-1", "Name": "a", "Type": "SERVICE_CONTROL_POLICY", "AwsManaged": false}, "Content": "{}"}}`, true},
		{`{"Policy": {"PolicySummary": {"Id": "p-1", "Name": "a", "Type": "TAG_POLICY"}, "Content": "{}"}}`, false},
		{`{"Policy": {"Content": "{}"}}`, false},
		{`{"Policies": [{"Id": "p-1", "Arn": "a", "Name": "a", "Type": "RESOURCE_CONTROL_POLICY"}]}`, true},
		{`{"Policies": [{"Id": "p-1", "Arn": "a", "Type": "RESOURCE_CONTROL_POLICY"}]}`, false},
	} {
		if err := judged(compiled, c.text); (err == nil) != c.want {
			t.Errorf("%s: %v, want accepted %t", c.text, err, c.want)
		}
	}
}

// TestPolicySchemaKnowsTheActions holds the actions that editors propose to those
// that there are.
func TestPolicySchemaKnowsTheActions(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(stack.Root(), "schemas", "policy.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	for action := range iam.ECRActions() {
		if !strings.Contains(string(text), `"`+action+`"`) {
			t.Errorf("the schema does not have %s", action)
		}
	}
}

// jsonValues are values of every kind.
var jsonValues = []string{
	`null`, `true`, `7`, `""`, `"*"`, `"text"`, `"Allow"`, `"allow"`, `"2012-10-17"`, `"ecr:PutImage"`, `"arn:aws:ecr:eu-central-1:123456789012:repository/a"`,
	`[]`, `["*"]`, `[7]`, `[null]`, `["ecr:PutImage", "ecr:*"]`, `[["*"]]`, `{}`, `{"AWS": "*"}`, `{"AWS": ["123456789012"]}`, `{"AWS": []}`, `{"Service": "codebuild.amazonaws.com"}`,
	`{"Federated": "arn:aws:iam::123456789012:oidc-provider/a"}`, `{"aws": "*"}`, `{"StringEquals": {"aws:username": "a"}}`, `{"StringEquals": {"aws:username": ["a", 7, true]}}`,
	`{"StringEquals": {"aws:username": null}}`, `{"StringEquals": {"aws:username": []}}`, `{"StringEquals": {}}`, `{"Strings": {}}`, `{"stringequals": {"aws:username": "a"}}`, `{"ForAnyValue:StringLikeIfExists": {"aws:TagKeys": "a"}}`,
	`{"Null": {"aws:username": true}}`, `{"StringEquals": "a"}`, `[{"Effect": "Allow", "Action": "ecr:PutImage", "Resource": "*"}]`, `{"Effect": "Allow", "Action": "ecr:PutImage", "Resource": "*"}`,
}

// policyKinds are the kinds of documents, with a statement that each takes.
var policyKinds = map[iam.Kind][]string{
	iam.IdentityPolicy:       {`"Effect": "Allow"`, `"Action": "ecr:PutImage"`, `"Resource": "*"`},
	iam.ServiceControlPolicy: {`"Effect": "Deny"`, `"Action": "ecr:PutImage"`, `"Resource": "*"`},
	iam.RepositoryPolicy:     {`"Effect": "Allow"`, `"Action": "ecr:PutImage"`, `"Principal": {"AWS": "123456789012"}`},
	iam.TrustPolicy:          {`"Effect": "Allow"`, `"Action": "sts:AssumeRole"`, `"Principal": {"AWS": "123456789012"}`},
}

// TestPolicySchemaRefuses writes every value behind every key of a policy: what the
// schema refuses, the program refuses as well.
func TestPolicySchemaRefuses(t *testing.T) {
	compiled, tried, taken, refused := compile(t, "policy"), 0, 0, 0
	for kind, statement := range policyKinds {
		try := func(text string) {
			tried++
			_, ours := iam.Compile(kind, "a.json", []byte(text))
			theirs := judged(compiled, text)
			switch {
			case ours == nil && theirs != nil:
				t.Errorf("the program takes %s as %v, the schema does not: %v", text, kind, theirs)
			case ours == nil:
				taken++
			case theirs != nil:
				refused++
			}
		}
		whole := strings.Join(statement, ", ")
		try(fmt.Sprintf(`{"Statement": [{%s}, {%s}]}`, whole, whole))
		for _, value := range jsonValues {
			for _, key := range []string{"Version", "Id", "Other"} {
				try(fmt.Sprintf(`{%q: %s, "Statement": {%s}}`, key, value, whole))
			}
			try(fmt.Sprintf(`{"Version": "2012-10-17", "Statement": %s}`, value))
			for _, key := range []string{"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition", "effect"} {
				others := slices.DeleteFunc(slices.Clone(statement), func(s string) bool { return strings.HasPrefix(s, `"`+strings.TrimPrefix(key, "Not")) })
				try(fmt.Sprintf(`{"Statement": {%s}}`, strings.Join(append(others, fmt.Sprintf("%q: %s", key, value)), ", ")))
			}
		}
	}
	if tried < 1500 || taken < 100 || refused < 700 {
		t.Errorf("of %d documents %d are taken and %d refused by both, want at least 1500, 100 and 700", tried, taken, refused)
	}
}

// TestTagsSchemaRefuses does the same with tags.
func TestTagsSchemaRefuses(t *testing.T) {
	compiled, taken := compile(t, "tags"), 0
	for _, text := range append([]string{
		`{"team": "blue"}`, `{"tags": [{"Key": "team", "Value": "blue"}]}`, `{"tags": "blue"}`, `{"tags": []}`, `{"team": 7}`, `{"team": ["blue"]}`, `{"tags": [7]}`, `{"tags": [{"Key": 7, "Value": "blue"}]}`,
		`{"tags": [{"Key": "team"}]}`, `{"": "blue"}`, `{"team": null}`, `{"tags": {"team": "blue"}}`,
	}, jsonValues...) {
		ours := loads(t, map[string]string{"accounts/123456789012/eu-central-1/repositories/a/_tags.json": text})
		theirs := judged(compiled, text)
		if ours == nil && theirs != nil {
			t.Errorf("the program takes %s, the schema does not: %v", text, theirs)
		}
		if ours == nil {
			taken++
		}
	}
	if taken < 5 {
		t.Errorf("%d are taken, want at least 5", taken)
	}
	for _, wrong := range []string{`{"team": 7}`, `{"tags": [{"Key": 7, "Value": "blue"}]}`, `[]`} {
		if judged(compiled, wrong) == nil {
			t.Errorf("the schema takes %s", wrong)
		}
	}
}
