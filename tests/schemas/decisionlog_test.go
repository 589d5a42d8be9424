package schemas

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"extauthz/tests/stack"
)

// TestDecisionLogSchema checks that the schema of the decision log accepts the lines on the log's
// page, and no changed line. tests/e2e checks the lines of every scenario.
func TestDecisionLogSchema(t *testing.T) {
	compiled := compile(t, "decision-log")
	page, err := os.ReadFile(filepath.Join(stack.Root(), "decisionlog", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile("(?m)^```json\n(.*)\n```$").FindAllStringSubmatch(string(page), -1)
	if len(lines) < 2 {
		t.Fatalf("%d lines, want at least 2", len(lines))
	}
	for _, line := range lines {
		if err := validated(compiled, line[1]); err != nil {
			t.Errorf("%s\n%v", line[1], err)
		}
	}
	denied := lines[0][1]
	for _, c := range []struct{ name, old, changed string }{
		{"another version", `"version":1`, `"version":2`},
		{"no version", `"version":1,`, ``},
		{"another field", `"version":1`, `"version":1,"password":"x"`},
		{"another message", `"msg":"decision"`, `"msg":"listening"`},
		{"an unknown decision", `"decision":"implicitDeny","decisionId"`, `"decision":"denied","decisionId"`},
		{"a reason without a denial", `"decision":"implicitDeny","decisionId"`, `"decision":"allowed","decisionId"`},
		{"no reason", `"reason":"`, `"user":"`},
		{"a time that is none", `"time":"2026-05-06T`, `"time":"2026-15-06T`},
		{"an ID of another version", `-7c32-`, `-4c32-`},
		{"an unknown source", `"source":"basic"`, `"source":"ldap"`},
		{"an unknown field of an action", `"resource":"*"`, `"resource":"*","user":"x"`},
		{"an unknown field of a statement", `"sid":"Login"`, `"sid":"Login","effects":1`},
		{"an unknown condition key", `"context":{`, `"context":{"aws:username":"bob",`},
		{"no context of an operation", `"context":{"aws:SecureTransport":"false"},`, ``},
		{"another digest", `"digest":"sha256:`, `"digest":"md5:`},
		{"a latency as text", `"latencySeconds":0.0015`, `"latencySeconds":"0.0015"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			changed := strings.Replace(denied, c.old, c.changed, 1)
			if changed == denied {
				t.Fatalf("the line does not have %s", c.old)
			}
			if validated(compiled, changed) == nil {
				t.Errorf("the schema accepts %s", changed)
			}
		})
	}
}

// TestDecisionLogSources checks that the schema of the decision log has every source of
// registries.yaml, and authorization for a header that none of them accepts.
func TestDecisionLogSources(t *testing.T) {
	read := func(name string, path ...string) (names []any) {
		object, err := os.ReadFile((&schema{name: name}).path())
		if err != nil {
			t.Fatal(err)
		}
		var value map[string]any
		if err := json.Unmarshal(object, &value); err != nil {
			t.Fatal(err)
		}
		for _, key := range path {
			value = value[key].(map[string]any)
		}
		return value["enum"].([]any)
	}
	want := append(read("registries", "$defs", "registry", "properties", "sources", "items"), "authorization")
	if got := read("decision-log", "properties", "source"); !reflect.DeepEqual(got, want) {
		t.Errorf("the sources are %v, want %v", got, want)
	}
}

// TestContextTags checks that the schema accepts every session tag.
func TestContextTags(t *testing.T) {
	compiled := compile(t, "decision-log")
	const line = `{"time":"2026-05-06T07:08:09+02:00","level":"INFO","msg":"decision","version":1,"decision":"allowed",` +
		`"decisionId":"019dfc1d-8fa8-7c32-9a41-0f6f8f1c2b5e","operation":"CheckAPI","context":{"aws:SecureTransport":"true","aws:PrincipalTag/a b":"","aws:PrincipalTag/":"x"},"digest":"","latencySeconds":1e-7}`
	if err := validated(compiled, line); err != nil {
		t.Error(err)
	}
}
