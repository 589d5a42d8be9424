package lint

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// some are findings of every severity, one without place.
func some() []Finding {
	return []Finding{
		{"accounts/1/a b.json", 3, 7, Warning, "half-pull", "pull \"half\" <&>"},
		{"managed/p.json", 2, 0, Suggestion, "id-element", "no Id"},
		{".", 0, 0, Error, "unloadable", "not there"},
	}
}

func TestWriteText(t *testing.T) {
	var b bytes.Buffer
	if err := WriteText(&b, some()); err != nil {
		t.Fatal(err)
	}
	want := "accounts/1/a b.json:3:7: warning: half-pull: pull \"half\" <&>\nmanaged/p.json:2: suggestion: id-element: no Id\n.: error: unloadable: not there\n"
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
	want := "[map[code:half-pull column:7 line:3 message:pull \"half\" <&> severity:warning source:accounts/1/a b.json]" +
		" map[code:id-element line:2 message:no Id severity:suggestion source:managed/p.json]" +
		" map[code:unloadable message:not there severity:error source:.]]"
	if fmt.Sprint(got.Findings) != want {
		t.Errorf("got %v want %v", got.Findings, want)
	}
}

// object, list and text take a JSON value apart, as what the schema of SARIF
// 2.1.0 says it is.
func object(t *testing.T, value any, name string) map[string]any {
	t.Helper()
	o, ok := value.(map[string]any)[name].(map[string]any)
	if !ok {
		t.Fatalf("%s is no object in %v", name, value)
	}
	return o
}

func list(t *testing.T, value any, name string) []any {
	t.Helper()
	l, ok := value.(map[string]any)[name].([]any)
	if !ok {
		t.Fatalf("%s is no array in %.300v", name, value)
	}
	return l
}

func text(t *testing.T, value any, name string) string {
	t.Helper()
	s, ok := value.(map[string]any)[name].(string)
	if !ok || s == "" {
		t.Fatalf("%s is no text in %v", name, value)
	}
	return s
}

// TestWriteSARIF holds the log to what the schema requires: version and runs; of
// a run tool.driver.name; of a rule id; of a result message, here with ruleIndex,
// level and location; text of every message.
func TestWriteSARIF(t *testing.T) {
	var b bytes.Buffer
	if err := WriteSARIF(&b, some(), "deploy/policies", "v1.2.3"); err != nil {
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
	rules := list(t, driver, "rules")
	checkRules(t, rules)
	results := list(t, run, "results")
	if len(results) != len(some()) {
		t.Fatalf("%d results, want %d", len(results), len(some()))
	}
	for i, want := range []struct{ level, uri, region string }{
		{"warning", "deploy/policies/accounts/1/a%20b.json", "map[startColumn:7 startLine:3]"},
		{"note", "deploy/policies/managed/p.json", "map[startLine:2]"},
		{"error", "deploy/policies", "<nil>"},
	} {
		r := results[i].(map[string]any)
		rule := rules[int(r["ruleIndex"].(float64))]
		place := object(t, list(t, r, "locations")[0], "physicalLocation")
		if text(t, r, "ruleId") != some()[i].Code || text(t, rule, "id") != some()[i].Code || text(t, r, "level") != want.level ||
			text(t, object(t, r, "message"), "text") != some()[i].Message ||
			text(t, object(t, place, "artifactLocation"), "uri") != want.uri || text(t, object(t, r, "partialFingerprints"), "findingWithoutPlace/v1") == "" || fmt.Sprint(place["region"]) != want.region {
			t.Errorf("result %v, want %v", r, want)
		}
	}
}

// checkRules wants every page as a rule with its texts.
func checkRules(t *testing.T, rules []any) {
	t.Helper()
	var ids []string
	for _, rule := range rules {
		ids = append(ids, text(t, rule, "id"))
		text(t, object(t, rule, "shortDescription"), "text")
		if full := text(t, object(t, rule, "fullDescription"), "text"); len(full) > 1024 { // what GitHub's code scanning takes
			t.Errorf("fullDescription of %s has %d bytes, want at most 1024", ids[len(ids)-1], len(full))
		}
		help := object(t, rule, "help")
		if text(t, help, "text"); !strings.HasPrefix(text(t, help, "markdown"), "# "+ids[len(ids)-1]+"\n") {
			t.Errorf("help of %s is another page", ids[len(ids)-1])
		}
		if l := text(t, object(t, rule, "defaultConfiguration"), "level"); !slices.Contains([]string{"error", "warning", "note"}, l) {
			t.Errorf("level %q", l)
		}
	}
	if len(ids) != len(Pages()) || len(slices.Compact(ids)) != len(ids) {
		t.Errorf("rules %v", ids)
	}
}

func TestURI(t *testing.T) {
	for _, c := range []struct{ prefix, source, want string }{
		{"", "managed/a.json", "managed/a.json"}, {"deploy", "managed..a.json", "deploy/managed..a.json"}, {"", ".", "."},
		{"", "a:b.json", "./a:b.json"}, {"a b", "c%d#e?.json", "a%20b/c%25d%23e%3F.json"}, {"deploy", "/elsewhere/a.json", "file:///elsewhere/a.json"},
	} {
		if got := uri(c.prefix, c.source); got != c.want {
			t.Errorf("%q, %q: got %s want %s", c.prefix, c.source, got, c.want)
		}
	}
}

// TestFingerprints wants findings to be known again after an edit that moves them,
// and no two to be one.
func TestFingerprints(t *testing.T) {
	before := []Finding{
		{"a.json", 3, 7, Warning, "redundant-statement", "the one in line 9 covers all of it"},
		{"a.json", 5, 7, Warning, "redundant-statement", "the one in line 9 covers all of it"},
		{"b.json", 3, 7, Warning, "redundant-statement", "the one in line 9 covers all of it"},
		{"b.json", 3, 7, Warning, "unknown-action", "in policyText: 4:19: action"},
	}
	after := slices.Clone(before)
	for i := range after {
		after[i].Line += 10
		after[i].Message = strings.NewReplacer("9", "12", "4:1", "5:2").Replace(after[i].Message)
	}
	marks := fingerprints(before)
	if !slices.Equal(marks, fingerprints(after)) {
		t.Errorf("%v became %v", marks, fingerprints(after))
	}
	if sorted := slices.Sorted(slices.Values(marks)); len(slices.Compact(sorted)) != len(before) {
		t.Errorf("two findings are one: %v", marks)
	}
}

func TestReaches(t *testing.T) {
	warning := []Finding{{Severity: Warning}}
	for _, c := range []struct {
		findings []Finding
		limit    Severity
		want     bool
	}{
		{nil, Suggestion, false}, {warning, Error, false}, {warning, Warning, true}, {warning, Suggestion, true},
		{some(), Error, true}, {[]Finding{{}}, Error, true},
	} {
		if got := Reaches(c.findings, c.limit); got != c.want {
			t.Errorf("%v reaches %s: got %v", c.findings, c.limit, got)
		}
	}
}
