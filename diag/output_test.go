package diag

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// some returns diagnostics of every severity, one without a point.
func some() List {
	return List{
		{Position: File("accounts/1/a b.json").At(Point{3, 7}), Severity: Warning, Code: "half-pull", Pointer: "/Statement/0", Problem: "pull \"half\" <&>"},
		{Position: File("managed/p.json").At(Point{Line: 2}), Severity: Suggestion, Code: "id-element", Problem: "an Id", Remedy: "remove it"},
		{Position: File(".").At(Point{}), Code: "unloadable", Problem: "not found"},
	}
}

func TestWriteText(t *testing.T) {
	var b bytes.Buffer
	if err := WriteText(&b, some()); err != nil {
		t.Fatal(err)
	}
	want := "accounts/1/a b.json:3:7: warning: half-pull: pull \"half\" <&>\nmanaged/p.json:2: suggestion: id-element: an Id; remove it\n.: error: unloadable: not found\n"
	if b.String() != want {
		t.Errorf("got %s want %s", b.String(), want)
	}
}

func TestWriteJSON(t *testing.T) {
	var b bytes.Buffer
	if err := WriteJSON(&b, some()); err != nil {
		t.Fatal(err)
	}
	var got struct{ Findings []map[string]any }
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := "[map[code:half-pull column:7 line:3 message:pull \"half\" <&> pointer:/Statement/0 severity:warning source:accounts/1/a b.json]" +
		" map[code:id-element line:2 message:an Id; remove it severity:suggestion source:managed/p.json]" +
		" map[code:unloadable message:not found severity:error source:.]]"
	if fmt.Sprint(got.Findings) != want {
		t.Errorf("got %v want %v", got.Findings, want)
	}
}

// object, list and text return a member of a JSON object. They fail the test if it is
// not of the type that the schema of SARIF 2.1.0 requires.
func object(t *testing.T, value any, name string) map[string]any {
	t.Helper()
	o, ok := value.(map[string]any)[name].(map[string]any)
	if !ok {
		t.Fatalf("%s is not an object in %v", name, value)
	}
	return o
}

func list(t *testing.T, value any, name string) []any {
	t.Helper()
	l, ok := value.(map[string]any)[name].([]any)
	if !ok {
		t.Fatalf("%s is not an array in %.300v", name, value)
	}
	return l
}

func text(t *testing.T, value any, name string) string {
	t.Helper()
	s, ok := value.(map[string]any)[name].(string)
	if !ok || s == "" {
		t.Fatalf("%s is not a text in %v", name, value)
	}
	return s
}

// TestWriteSARIF checks that the log has what the schema requires: version and runs; in
// a run tool.driver.name; in a rule id; in a result message; the text of every message.
// It also checks ruleIndex, level and location.
func TestWriteSARIF(t *testing.T) {
	var b bytes.Buffer
	rules := []Rule{{Code: "half-pull", Severity: Warning, Summary: "s", Why: "w", Fix: "f", Markdown: "# half-pull"}, {Code: "id-element"}, {Code: "unloadable"}}
	if err := WriteSARIF(&b, some(), Tool{"extauthz lint", "v1.2.3", rules}, "deploy/policies"); err != nil {
		t.Fatal(err)
	}
	var log map[string]any
	if err := json.Unmarshal(b.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	if text(t, log, "version") != "2.1.0" || !strings.HasSuffix(text(t, log, "$schema"), "sarif-2.1.0.json") || len(list(t, log, "runs")) != 1 {
		t.Fatalf("log %.300v", log)
	}
	run := list(t, log, "runs")[0]
	driver := object(t, object(t, run, "tool"), "driver")
	if text(t, driver, "name") != "extauthz lint" || text(t, driver, "version") != "v1.2.3" || text(t, run, "columnKind") != "unicodeCodePoints" {
		t.Errorf("driver %.300v", driver)
	}
	written := list(t, driver, "rules")
	const first = "map[defaultConfiguration:map[level:warning] fullDescription:map[text:w] help:map[markdown:# half-pull text:f] id:half-pull shortDescription:map[text:s]]"
	if len(written) != len(rules) || fmt.Sprint(written[0]) != first {
		t.Errorf("rules %v, want the first to be %s", written, first)
	}
	results := list(t, run, "results")
	if len(results) != len(some()) {
		t.Fatalf("%d results, want %d", len(results), len(some()))
	}
	for i, want := range []struct{ level, uri, region, logical string }{
		{"warning", "deploy/policies/accounts/1/a%20b.json", "map[startColumn:7 startLine:3]", "[map[fullyQualifiedName:/Statement/0]]"},
		{"note", "deploy/policies/managed/p.json", "map[startLine:2]", "<nil>"},
		{"error", "deploy/policies", "<nil>", "<nil>"},
	} {
		r := results[i].(map[string]any)
		rule := written[int(r["ruleIndex"].(float64))]
		location := list(t, r, "locations")[0].(map[string]any)
		place := object(t, location, "physicalLocation")
		if text(t, r, "ruleId") != some()[i].Code || text(t, rule, "id") != some()[i].Code || text(t, r, "level") != want.level ||
			text(t, object(t, r, "message"), "text") != some()[i].Message() ||
			text(t, object(t, place, "artifactLocation"), "uri") != want.uri || text(t, object(t, r, "partialFingerprints"), "findingWithoutPlace/v1") == "" || fmt.Sprint(place["region"]) != want.region || fmt.Sprint(location["logicalLocations"]) != want.logical {
			t.Errorf("result %v, want %v", r, want)
		}
	}
}

func TestURI(t *testing.T) {
	for _, c := range []struct{ prefix, file, want string }{
		{"", "managed/a.json", "managed/a.json"}, {"deploy", "managed..a.json", "deploy/managed..a.json"}, {"", ".", "."},
		{"", "a:b.json", "./a:b.json"}, {"a b", "c%d#e?.json", "a%20b/c%25d%23e%3F.json"}, {"deploy", "/elsewhere/a.json", "file:///elsewhere/a.json"},
	} {
		if got := uri(c.prefix, c.file); got != c.want {
			t.Errorf("%q, %q: got %s want %s", c.prefix, c.file, got, c.want)
		}
	}
}

func TestReaches(t *testing.T) {
	warning := List{{Severity: Warning}}
	for _, c := range []struct {
		list  List
		limit Severity
		want  bool
	}{
		{nil, Suggestion, false}, {warning, Error, false}, {warning, Warning, true}, {warning, Suggestion, true},
		{some(), Error, true}, {List{{}}, Error, true},
	} {
		if got := c.list.Reaches(c.limit); got != c.want {
			t.Errorf("%v reaches %s: got %v", c.list, c.limit, got)
		}
	}
}
