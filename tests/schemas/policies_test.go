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

// compile returns the compiled schema with this name.
func compile(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	return (&schema{name: name}).compiled(t)
}

// validated returns the error of the schema about a JSON text.
func validated(schema *jsonschema.Schema, text string) error {
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

// TestPolicySchemaAcceptsPolicies checks that the schema accepts the documents of AWS and of the
// examples.
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
			if err := validated(compiled, string(text)); err != nil {
				t.Errorf("%s: %v", path, err)
			}
			documents++
		}
	}
	if documents < 40 {
		t.Errorf("%d documents, want at least 40", documents)
	}
}

// TestPolicySchemaAcceptsOutputs checks that the schema accepts outputs of AWS's commands, and
// rejects those of policies that do not apply or that lack a member.
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
		if err := validated(compiled, c.text); (err == nil) != c.want {
			t.Errorf("%s: %v, want accepted %t", c.text, err, c.want)
		}
	}
}

// TestPolicySchemaHasEveryAction checks that editors propose exactly the actions of ECR.
func TestPolicySchemaHasEveryAction(t *testing.T) {
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

// policyKinds are the kinds of documents, with a statement that is valid in each.
var policyKinds = map[iam.Kind][]string{
	iam.IdentityPolicy:       {`"Effect": "Allow"`, `"Action": "ecr:PutImage"`, `"Resource": "*"`},
	iam.ServiceControlPolicy: {`"Effect": "Deny"`, `"Action": "ecr:PutImage"`, `"Resource": "*"`},
	iam.RepositoryPolicy:     {`"Effect": "Allow"`, `"Action": "ecr:PutImage"`, `"Principal": {"AWS": "123456789012"}`},
	iam.TrustPolicy:          {`"Effect": "Allow"`, `"Action": "sts:AssumeRole"`, `"Principal": {"AWS": "123456789012"}`},
}

// TestPolicySchemaRejects tries every value for every key of a policy: the program must reject
// what the schema rejects.
func TestPolicySchemaRejects(t *testing.T) {
	compiled, tried, accepted, rejected := compile(t, "policy"), 0, 0, 0
	for kind, statement := range policyKinds {
		try := func(text string) {
			tried++
			_, ours := iam.Compile(kind, "a.json", []byte(text))
			theirs := validated(compiled, text)
			switch {
			case ours == nil && theirs != nil:
				t.Errorf("the program accepts %s as %v, the schema does not: %v", text, kind, theirs)
			case ours == nil:
				accepted++
			case theirs != nil:
				rejected++
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
	if tried < 1500 || accepted < 100 || rejected < 700 {
		t.Errorf("of %d documents both accept %d and reject %d, want at least 1500, 100 and 700", tried, accepted, rejected)
	}
}

// TestTagsSchemaRejects does the same with tags.
func TestTagsSchemaRejects(t *testing.T) {
	compiled, accepted := compile(t, "tags"), 0
	for _, text := range append([]string{
		`{"team": "blue"}`, `{"tags": [{"Key": "team", "Value": "blue"}]}`, `{"tags": "blue"}`, `{"tags": []}`, `{"team": 7}`, `{"team": ["blue"]}`, `{"tags": [7]}`, `{"tags": [{"Key": 7, "Value": "blue"}]}`,
		`{"tags": [{"Key": "team"}]}`, `{"": "blue"}`, `{"team": null}`, `{"tags": {"team": "blue"}}`,
	}, jsonValues...) {
		ours := load(t, map[string]string{"accounts/123456789012/eu-central-1/repositories/a/_tags.json": text})
		theirs := validated(compiled, text)
		if ours == nil && theirs != nil {
			t.Errorf("the program accepts %s, the schema does not: %v", text, theirs)
		}
		if ours == nil {
			accepted++
		}
	}
	if accepted < 5 {
		t.Errorf("%d are accepted, want at least 5", accepted)
	}
	for _, wrong := range []string{`{"team": 7}`, `{"tags": [{"Key": 7, "Value": "blue"}]}`, `[]`} {
		if validated(compiled, wrong) == nil {
			t.Errorf("the schema accepts %s", wrong)
		}
	}
}
