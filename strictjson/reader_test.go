package strictjson

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	_ "extauthz/goldentest" // accept -update
)

// read takes a text for {"name": STRING, "count": NUMBER, "list": [STRING...],
// "any": ANYTHING} and returns what it holds, in the order of the text.
func read(text string) ([]string, error) {
	r, err := NewReader("in.json", 3, []byte(text))
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
		case "any":
			value, err := r.Raw()
			return add(string(value), 0, err)
		case "list":
			if !r.AtArray() {
				return add(r.String("the one item of list"))
			}
			return r.Array(name, func(n int) error { return add(r.String("an item of list")) })
		}
		return r.ErrorAt(at, "unknown name %q", name)
	})
	return found, err
}

func TestReader(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", `{}`, ""},
		{"everything", "{\"name\": \"a\\u00e9\", \"list\":[ \"b\",\n\"c\" ], \"any\": {\"x\": [1, 2]}, \"count\": 1e3}\n", `aé b c {"x": [1, 2]}`},
		{"one for a list", `{"list": "b"}`, "b"},
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
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "in.json:3:1: not JSON"},
		{"half", `{"name": `, "in.json:3:9: not JSON"},
		{"two values", "{}\n{}", "in.json:4:1: not JSON"},
		{"not UTF-8", "{\"name\": \"é\xff\"}", "in.json:3:12: this byte is not UTF-8"},
		{"an array", `[]`, "in.json:3:1: the input must be an object, not an array"},
		{"another case", `{"Name": "a"}`, `in.json:3:2: unknown name "Name"`},
		{"a name twice", "{\"name\": \"a\",\n  \"name\": \"b\"}", `in.json:4:3: "name" occurs twice`},
		{"a number for a string", `{"name": 1}`, "in.json:3:10: name must be a string, not a number"},
		{"null for a string", `{"name": null}`, "in.json:3:10: name must be a string, not null; leave it out"},
		{"a boolean for a number", `{"count": true}`, "in.json:3:11: count must be a number, not a boolean"},
		{"an object in a list", `{"list": ["a", {}]}`, "in.json:3:16: an item of list must be a string, not an object"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := read(c.text)
			if err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
			if !errors.As(err, new(*Error)) {
				t.Errorf("%T is no *Error", err)
			}
		})
	}
}

// TestPosition asks for positions in order and out of it, and compares them with
// those counted from the beginning.
func TestPosition(t *testing.T) {
	text := "{\n \"é\": [\"a\", \"ü\"],\n\n\"b\": 1}"
	r, err := NewReader("in.json", 3, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, offset := range []int{0, 1, 2, 4, 6, 6, len(text), 3, 20, 19, 0, len(text) + 9} {
		before := text[:min(offset, len(text))]
		wantLine, wantColumn := 3+strings.Count(before, "\n"), len([]rune(before[strings.LastIndexByte(before, '\n')+1:]))+1
		if line, column := r.Position(offset); line != wantLine || column != wantColumn {
			t.Errorf("offset %d is at %d:%d, want %d:%d", offset, line, column, wantLine, wantColumn)
		}
	}
}

// FuzzReader wants every text read or refused, and whatever is read to be JSON.
func FuzzReader(f *testing.F) {
	for _, text := range []string{`{}`, `{"name":"a","list":["b"],"any":null,"count":1}`, `{"any":[{"a":1},[]]}`, `[`, "{\"name\":\"\xff\"}", `{"list":[}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := read(text); err == nil && !json.Valid([]byte(text)) {
			t.Errorf("read %q from %q, which is not JSON", got, text)
		}
	})
}
