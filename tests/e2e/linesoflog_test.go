package e2e

import (
	"encoding/json"
	"flag"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"extauthz/tests/stack"
)

// lineSchema returns the JSON Schema of a line of the decision log.
var lineSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	return compiler.Compile(filepath.Join(stack.Root(), "schemas", "decision-log.schema.json"))
})

// kindsOfLines counts the lines of each kind that were checked.
var kindsOfLines = struct {
	sync.Mutex
	n map[string]int
}{n: map[string]int{}}

// checkLinesOfLog checks each line of a decision log by its schema. Other lines, and the rest of a
// line whose begin is lost, are ignored.
func checkLinesOfLog(t testing.TB, log string) {
	t.Helper()
	schema, err := lineSchema()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(log) {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		if object, ok := value.(map[string]any); err != nil || !ok || object["msg"] != "decision" {
			continue
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s\n%v", line, err)
		}
		countLine(t, line)
	}
}

// countLine counts a line by its decision and by its other properties.
func countLine(t testing.TB, line string) {
	t.Helper()
	var of struct {
		Decision, Source, Operation, Principal, MountFrom, FederatedBy string
		DryRun, EmptyBody                                              bool
		Tags, SessionPolicies, Omitted                                 []string
	}
	if err := json.Unmarshal([]byte(line), &of); err != nil {
		t.Fatal(err)
	}
	kindsOfLines.Lock()
	defer kindsOfLines.Unlock()
	kindsOfLines.n[of.Decision]++
	kindsOfLines.n[of.Source]++
	for kind, is := range map[string]bool{
		"dry run": of.DryRun, "sign-in": of.Operation == "ecr:GetAuthorizationToken", "anonymous": of.Principal == "anonymous",
		"mount": of.MountFrom != "", "tags": len(of.Tags) > 0, "empty body": of.EmptyBody,
		"session policies": len(of.SessionPolicies) > 0, "omitted": len(of.Omitted) > 0,
	} {
		if is {
			kindsOfLines.n[kind]++
		}
	}
}

// wantKindsOfLines checks that lines of every kind were checked, unless only some tests run.
func wantKindsOfLines(t *testing.T) {
	t.Helper()
	if *inContainers || flag.Lookup("test.run").Value.String() != "" || t.Failed() {
		return
	}
	for _, kind := range []string{
		"allowed", "implicitDeny", "explicitDeny", "unauthenticated", "refused", "unavailable",
		"mtls", "session", "jwt_authn", "bearer", "basic", "header", "authorization",
		"dry run", "sign-in", "anonymous", "mount", "tags", "empty body", "session policies", "omitted",
	} {
		if kindsOfLines.n[kind] == 0 {
			t.Errorf("no line of the decision logs is of the kind %q: %v", kind, kindsOfLines.n)
		}
	}
}
