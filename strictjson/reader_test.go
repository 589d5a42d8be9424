package strictjson

import (
	"encoding/json"
	"encoding/json/jsontext"
	"errors"
	"fmt"
	"strings"
	"testing"

	"extauthz/diag"
	_ "extauthz/goldentest" // accept -update
)

// start is where the texts of the tests begin in in.json.
var start = diag.Point{Line: 3, Column: 5}

// read reads {"name": STRING, "count": NUMBER, "list": [STRING...], "any": ANYTHING} and
// returns the values, in the order of the text. It goes on after an error in the list.
func read(text string) ([]string, error) {
	r, err := NewReader(diag.File("in.json"), start, []byte(text))
	if err != nil {
		return nil, err
	}
	var found []string
	add := func(value string, _ int, err error) error {
		found = append(found, value)
		return err
	}
	err = r.Object("the input", func(name string, at int) error {
		switch name {
		case "name":
			return add(r.String(name))
		case "count":
			return r.Number(name)
		case "skipped":
			return r.Skip()
		case "any":
			value, err := r.Raw()
			return add(string(value), 0, err)
		case "list":
			if !r.AtArray() {
				return add(r.String("the one item of list"))
			}
			return r.Array(name, func(int) error { return add(r.String("an item of list")) })
		case "objects":
			return r.Items(name, func(int) error {
				return r.Object("an item of objects", func(name string, _ int) error {
					return add(r.String(name))
				})
			})
		}
		return r.ErrorAt(at, fmt.Sprintf("unknown name %q", name), "")
	})
	return found, err
}

func TestReader(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"reads an empty object", `{}`, ""},
		{"reads every kind of value", "{\"name\": \"a\\u00e9\", \"list\":[ \"b\",\n\"c\" ], \"any\": {\"x\": [1, 2]}, \"count\": 1e3}\n", `aé b c {"x": [1, 2]}`},
		{"reads one item instead of a list", `{"list": "b"}`, "b"},
		{"reads white space around values", " {\t\"any\"\r\n:\n 1 ,\"list\" : [ ] } ", "1"},
		{"reads a list of objects", `{"objects": [{"a": "1"}, {}, {"a": "2", "b": "3"}]}`, "1 2 3"},
		{"skips a value in which a name occurs twice", `{"skipped": {"x": 1, "x": 2}, "name": "a"}`, "a"},
		{"reads half a surrogate pair as a replacement character", `{"name": "\ud800"}`, "\ufffd"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := read(c.text)
			if err != nil || strings.Join(got, " ") != c.want {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestReaderRefuses(t *testing.T) {
	many := new(strings.Builder)
	for i := range 100 {
		fmt.Fprintf(many, `"n%d":"",`, i)
	}
	for _, c := range []struct{ name, text, want, pointer string }{
		{"an empty text", "", "3:5: not JSON: the text is empty; fix it here or just before", ""},
		{"white space only", " \n", "3:5: not JSON: the text is empty; fix it here or just before", ""},
		{"half an object", `{"name": `, "3:13: not JSON: the text ends before its value does; fix it here or just before", ""},
		{"half a string", `{"name": "a`, "3:15: not JSON: the text ends before its value does; fix it here or just before", ""},
		{"half a word", `{"any": tru`, "3:15: not JSON: the text ends before its value does; fix it here or just before", ""},
		{"two values", "{}\n{}", "4:1: not JSON: the text goes on after the end of its value; fix it here or just before", ""},
		{"a comma after the value", "{} ,", "3:8: not JSON: the text goes on after the end of its value; fix it here or just before", ""},
		{"a comma before a bracket", "{\"list\":\n[\"a\" ,\n]}", "5:1: not JSON: a comma is before ']'; fix it here or just before", ""},
		{"a comma before the first item", "{\"list\": [,]}", "3:15: not JSON: unexpected ','; fix it here or just before", ""},
		{"a missing comma", "{\"list\": [\"a\" \"b\"]}", "3:19: not JSON: unexpected '\"'; fix it here or just before", ""},
		{"a misspelled word", "{\"any\": nil}", "3:14: not JSON: unexpected 'i'; fix it here or just before", ""},
		{"a number with a leading zero", "{\"any\": 01}", "3:14: not JSON: unexpected '1'; fix it here or just before", ""},
		{"a line break in a string", "{\"any\": \"\n\"}", "3:14: not JSON: unexpected '\\n'; fix it here or just before", ""},
		{"an unknown escape sequence", `{"any": "\x"}`, `3:14: not JSON: "\\x" begins an unknown escape sequence; fix it here or just before`, ""},
		{"deep nesting", strings.Repeat("[", 20_000), "3:10005: not JSON: more than 10000 arrays and objects are nested; fix it here or just before", ""},
		{"a byte that is not UTF-8", "{\"name\": \"é\xff\"}", "3:16: this byte is not UTF-8; save the text as UTF-8", ""},
		{"an array", `[]`, "3:5: the input must be an object, not an array", ""},
		{"a name in another case", `{"Name": "a"}`, `3:6: unknown name "Name"`, "/Name"},
		{"a name twice", "{\"name\": \"a\",\n  \"name\": \"b\"}", `4:3: "name" occurs twice; keep one of the two`, "/name"},
		{"a name twice among many", `{"objects": [{` + many.String() + `"n99": ""}]}`, `3:909: "n99" occurs twice; keep one of the two`, "/objects/0/n99"},
		{"a number instead of a string", `{"name": 1}`, "3:14: name must be a string, not a number", "/name"},
		{"null instead of a string", `{"name": null}`, "3:14: name must be a string, not null; leave it out instead", "/name"},
		{"a boolean instead of a number", `{"count": true}`, "3:15: count must be a number, not a boolean", "/count"},
		{"an object in a list", `{"list": ["a", {}]}`, "3:20: an item of list must be a string, not an object", "/list/1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := read(c.text)
			d, ok := err.(diag.Diagnostic) //nolint:errorlint // it must not be wrapped
			if !ok || d.Error() != "in.json:"+c.want || d.Pointer != c.pointer {
				t.Errorf("got %q, %T %v (%s); want %q", got, err, err, d.Pointer, c.want)
			}
		})
	}
}

// TestItems checks that reading goes on after an item with an error.
func TestItems(t *testing.T) {
	const text = `{"objects": [{"a": 1}, {"a": "2"}, [[[]], 3], 4, {"b": {"c": {}}, "d": 1}, {"e": "5", "e": "6"}], "name": "7"}`
	got, err := read(text)
	want := diag.List{}
	for _, c := range []struct {
		column                   int32
		problem, remedy, pointer string
	}{
		{24, "a must be a string, not a number", "", "/objects/0/a"},
		{40, "an item of objects must be an object, not an array", "", "/objects/2"},
		{51, "an item of objects must be an object, not a number", "", "/objects/3"},
		{60, "b must be a string, not an object", "", "/objects/4/b"},
		{91, `"e" occurs twice`, "keep one of the two", "/objects/5/e"},
	} {
		want = append(want, diag.Diagnostic{Position: diag.File("in.json").At(diag.Point{Line: 3, Column: c.column}), Problem: c.problem, Remedy: c.remedy, Pointer: c.pointer})
	}
	if found, ok := err.(diag.List); !ok || fmt.Sprintf("%#v", found) != fmt.Sprintf("%#v", want) { //nolint:errorlint // it must not be wrapped
		t.Errorf("%q: got\n%v\nwant\n%v", got, err, want)
	}
}

// TestMembers checks that reading goes on after a member with an error.
func TestMembers(t *testing.T) {
	r, err := NewFileReader("in.json", []byte(`{"a": 1, "b": [{"c": []}, 2], "a": {}, "d": {"e": {}, "f": 1}, "g": "h"}`))
	if err != nil {
		t.Fatal(err)
	}
	var last string
	err = r.Members("the text", func(name string, _ int) (err error) {
		if name == "d" {
			return r.Object(name, func(name string, _ int) error {
				_, _, err := r.String(name)
				return err
			})
		}
		last, _, err = r.String(name)
		return err
	})
	const want = `in.json:1:7: a must be a string, not a number
in.json:1:15: b must be a string, not an array
in.json:1:31: "a" occurs twice; keep one of the two
in.json:1:51: e must be a string, not an object`
	if err == nil || err.Error() != want || last != "h" {
		t.Errorf("got %v, the last string is %q, want\n%s", err, last, want)
	}
}

// TestWrap checks the positions of errors about a value: one that has none, one that has its
// own, and one in the text of a string.
func TestWrap(t *testing.T) {
	r, err := NewReader(diag.File("in.json"), start, []byte(`"text"`))
	if err != nil {
		t.Fatal(err)
	}
	inside := diag.New(diag.File("text").At(diag.Point{Line: 1, Column: 2}), "x is wrong", "fix x")
	for want, got := range map[string]error{
		"in.json:3:5: key: x is wrong; fix x":        r.Wrap(0, "key: ", diag.New(diag.Position{}, "x is wrong", "fix x")),
		"text:1:2: key: x is wrong; fix x":           r.Wrap(0, "key: ", inside),
		"in.json:3:5: in key:1:2: x is wrong; fix x": r.WrapString(0, "key", inside),
	} {
		if got.Error() != want {
			t.Errorf("got %v, want %s", got, want)
		}
	}
	if got := r.Wrap(0, "", errors.Join(inside, errors.New("other"))); len(diag.Of(got)) != 2 {
		t.Errorf("got %v, want two diagnostics", got)
	}
}

// TestPoint compares points, in the order of the text and in another one, with those that
// are counted from the beginning.
func TestPoint(t *testing.T) {
	text := "{\n \"é\": [\"a\", \"ü\"],\n\n\"b\": 1}"
	r, err := NewReader(diag.File("in.json"), start, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, offset := range []int{0, 1, 2, 4, 6, 6, len(text), 3, 20, 19, 0, len(text) + 9} {
		before := text[:min(offset, len(text))]
		want := diag.Point{Line: 3 + int32(strings.Count(before, "\n")), Column: int32(len([]rune(before[strings.LastIndexByte(before, '\n')+1:]))) + 1}
		if want.Line == 3 {
			want.Column += 4
		}
		if got := r.Point(offset); got != want {
			t.Errorf("offset %d is at %v, want %v", offset, got, want)
		}
	}
}

// FuzzReader checks that the reader accepts JSON only, and refuses what is not JSON with
// a position in the text.
func FuzzReader(f *testing.F) {
	for _, text := range []string{`{}`, `{"name":"a","list":["b"],"any":null,"count":1}`, `{"any":[{"a":1},[]]}`, `[`, "{\"name\":\"\xff\"}", `{"list":[}`, `{"objects":[{"a":1},[],2]}`, `{} ,`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := read(text)
		if err == nil && !json.Valid([]byte(text)) {
			t.Errorf("read %q from %q, which is not JSON", got, text)
		}
		for _, d := range diag.Of(err) {
			if d.Line < start.Line || d.Line > start.Line+int32(strings.Count(text, "\n")) || d.Column < 1 || d.Column > start.Column+int32(len(text)) {
				t.Errorf("%q: %v is not in the text", text, d)
			}
			if strings.HasPrefix(d.Problem, "not JSON") && json.Valid([]byte(text)) {
				t.Errorf("%q: %v", text, d)
			}
		}
	})
}

// TestMemberKind checks that a reader has the kinds of the text's own members, and not of
// those of other values.
func TestMemberKind(t *testing.T) {
	for _, c := range []struct {
		text, name string
		want       jsontext.Kind
	}{
		{`{"a": 1, "b": [{"c": 2}]}`, "a", jsontext.KindNumber},
		{`{"a": 1, "b": [{"c": 2}]}`, "b", jsontext.KindBeginArray},
		{`{"a": 1, "b": [{"c": 2}]}`, "c", jsontext.KindInvalid},
		{`{"a": "", "a": 1}`, "a", jsontext.KindString},
		{"{ \"a\"\n : null }", "a", jsontext.KindNull},
		{`{"\u0061": 1}`, "a", jsontext.KindInvalid},
		{`[{"a": 1}]`, "a", jsontext.KindInvalid},
		{`{}`, "", jsontext.KindInvalid},
	} {
		r, err := NewReader(diag.File("in.json"), start, []byte(c.text))
		if err != nil {
			t.Fatal(err)
		}
		if got := r.MemberKind(c.name); got != c.want {
			t.Errorf("%s: member %q has kind %v, want %v", c.text, c.name, got, c.want)
		}
	}
}
