package diag

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	_ "extauthz/goldentest" // accept -update
)

var (
	inFile   = File("managed/a.json").At(Point{3, 7})
	inString = Position{Source{"accounts/1/_policy.json", "policyText", Point{7, 11}}, Point{2, 5}}
)

func TestError(t *testing.T) {
	for _, c := range []struct {
		name string
		d    Diagnostic
		want string
	}{
		{"whole position", New(inFile, "x is wrong", "fix x"), "managed/a.json:3:7: x is wrong; fix x"},
		{"without a remedy", New(inFile, "x is wrong", ""), "managed/a.json:3:7: x is wrong"},
		{"whole line", New(File("a").At(Point{Line: 3}), "x is wrong", "fix x"), "a:3: x is wrong; fix x"},
		{"whole file", New(File("a").At(Point{}), "x is wrong", "fix x"), "a: x is wrong; fix x"},
		{"no position", New(Position{}, "x is wrong", "fix x"), "x is wrong; fix x"},
		{"text without a name", New(Position{Point: Point{1, 2}}, "x is wrong", "fix x"), "1:2: x is wrong; fix x"},
		{"in a string", New(inString, "x is wrong", "fix x"), "accounts/1/_policy.json:7:11: in policyText:2:5: x is wrong; fix x"},
	} {
		if got := c.d.Error(); got != c.want || c.d.String() != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestSorted(t *testing.T) {
	a := Diagnostic{Position: File("a").At(Point{9, 1}), Problem: "first"}
	b := Diagnostic{Position: File("b").At(Point{2, 3}), Problem: "second"}
	c := Diagnostic{Position: Position{Source{"b", "policyText", Point{2, 4}}, Point{1, 1}}, Problem: "third"}
	d := Diagnostic{Position: File("b").At(Point{10, 1}), Problem: "fourth"}
	got := List{d, c, b, a, c}.Sorted()
	if want := (List{a, b, c, d}); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got\n%v\nwant\n%v", got, want)
	}
}

func TestOf(t *testing.T) {
	one, two := New(inFile, "one", ""), New(inString, "two", "")
	for _, c := range []struct {
		name string
		err  error
		want List
	}{
		{"nil", nil, nil},
		{"diagnostic", one, List{one}},
		{"list", List{one, two}, List{one, two}},
		{"wrapped", fmt.Errorf("context: %w", one), List{one}},
		{"joined", errors.Join(List{one}, nil, two), List{one, two}},
		{"wrapped join", fmt.Errorf("context: %w", errors.Join(two, List{one, one})), List{two, one, one}},
		{"two wrapped", fmt.Errorf("%w, %w", one, two), List{one, two}},
		{"another error", errors.New("other"), List{{Problem: "other"}}},
		{"empty list", List{}, List{{Problem: "an error without a description"}}},
		{"joined empty lists", fmt.Errorf("context: %w", errors.Join(List{}, List(nil))), List{{Problem: "context: \n"}}},
	} {
		if got := Of(c.err); fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", c.want) {
			t.Errorf("%s: %#v, want %#v", c.name, got, c.want)
		}
	}
}

func TestFaults(t *testing.T) {
	var f Faults
	if f.Add(nil) || f.Err() != nil {
		t.Fatalf("%v without a fault", f.Err())
	}
	one := New(inFile, "one", "")
	if !f.Add(one) || f.Add(nil) || !errors.Is(f.Err(), one) {
		t.Fatalf("%#v, want the diagnostic itself", f.Err())
	}
	for i := range MaxFaults + 5 {
		f.Add(New(File("b").At(Point{int32(i + 1), 1}), "more", ""))
	}
	list := Of(f.Err())
	if len(list) != MaxFaults+1 || list[MaxFaults].Problem != "6 more faults are not shown" {
		t.Errorf("%d diagnostics, the last is %v", len(list), list[len(list)-1])
	}
}

// TestFaultsOfParts checks that counts of parts are summed, and that all diagnostics
// come before the count.
func TestFaultsOfParts(t *testing.T) {
	var whole Faults
	for part := range 3 {
		var f Faults
		for i := range 20 * MaxFaults {
			f.Add(New(File(fmt.Sprint(part)).At(Point{int32(i + 1), 1}), "fault", ""))
		}
		whole.Add(fmt.Errorf("wrapped: %w", f.Err()))
	}
	err := whole.Err()
	list := Of(err)
	if want := "5900 more faults are not shown"; len(list) != MaxFaults+1 || list[MaxFaults].Problem != want || list[MaxFaults-1].File != "0" {
		t.Errorf("%d diagnostics, the last is %v, want %s", len(list), list[len(list)-1], want)
	}
	if lines := strings.Split(err.Error(), "\n"); len(lines) != MaxFaults+1 {
		t.Errorf("%d lines, want %d", len(lines), MaxFaults+1)
	}
}

func TestRender(t *testing.T) {
	l := List{
		{Position: inFile, Code: "a-code", Problem: "x is wrong", Remedy: "fix x"},
		{Position: inString, Severity: Suggestion, Code: "b-code", Problem: "y is <wide>"},
		{Position: File(".").At(Point{}), Severity: Warning, Code: "a-code", Problem: "z"},
	}
	var text, js, sarif bytes.Buffer
	if err := errors.Join(WriteText(&text, l), WriteJSON(&js, l), WriteSARIF(&sarif, l, Tool{"extauthz lint", "v1", []Rule{{Code: "a-code"}, {Code: "b-code"}}}, "deploy/policies")); err != nil {
		t.Fatal(err)
	}
	if want := `managed/a.json:3:7: error: a-code: x is wrong; fix x
accounts/1/_policy.json:7:11: suggestion: b-code: in policyText: 2:5: y is <wide>
.: warning: a-code: z
`; text.String() != want {
		t.Errorf("text\n%s\nwant\n%s", &text, want)
	}
	var read struct {
		Findings []struct {
			Source, Severity, Code, Message string
			Line, Column                    int
		}
	}
	if err := json.Unmarshal(js.Bytes(), &read); err != nil || len(read.Findings) != 3 || !strings.Contains(js.String(), "<wide>") {
		t.Fatalf("%v\n%s", err, &js)
	}
	if f := read.Findings[1]; f.Source != "accounts/1/_policy.json" || f.Line != 7 || f.Column != 11 || f.Message != "in policyText: 2:5: y is <wide>" {
		t.Errorf("%+v", f)
	}
	if !strings.Contains(sarif.String(), `"uri": "deploy/policies/managed/a.json"`) || !strings.Contains(sarif.String(), `"level": "note"`) {
		t.Errorf("%s", &sarif)
	}
}

func TestFingerprintsIgnorePositions(t *testing.T) {
	before := List{{Position: inFile, Code: "c", Problem: "as line 4", Identity: "as line"}, {Position: inString, Code: "c", Problem: "p"}}
	after := List{{Position: File("managed/a.json").At(Point{5, 7}), Code: "c", Problem: "as line 6", Identity: "as line"}, {Position: inString, Code: "c", Problem: "p"}}
	after[1].Point = Point{9, 9}
	twice := append(List{before[0]}, before...)
	if a, b := fingerprints(before), fingerprints(after); fmt.Sprint(a) != fmt.Sprint(b) || a[0] == a[1] {
		t.Errorf("%v and %v", a, b)
	}
	if f := fingerprints(twice); f[0] == f[1] || f[0] != fingerprints(before)[0] {
		t.Errorf("%v for the same finding twice", f)
	}
}

func TestLogAttrs(t *testing.T) {
	for _, c := range []struct {
		name string
		d    Diagnostic
		want string
	}{
		{"everything", Diagnostic{Position: inFile, Code: "c", Pointer: "/a", Problem: "p", Remedy: "r"}, "[file=managed/a.json line=3 column=7 code=c pointer=/a problem=p remedy=r]"},
		{"in a string", Diagnostic{Position: inString, Pointer: "/a", Problem: "p"}, "[file=accounts/1/_policy.json line=7 column=11 problem=in policyText: 2:5: p]"},
		{"no position", Diagnostic{Problem: "p"}, "[problem=p]"},
	} {
		if got := fmt.Sprint(c.d.LogAttrs()); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
