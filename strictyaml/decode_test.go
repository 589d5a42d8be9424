package strictyaml

import (
	"errors"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"extauthz/diag"
	_ "extauthz/goldentest" // accept -update
)

type entry struct {
	Name string   `yaml:"name"`
	Tags []string `yaml:"tags"`
}

func TestDecode(t *testing.T) {
	var value struct {
		Entries []entry `yaml:"entries"`
	}
	f, err := Decode("a.yaml", []byte("# comment\nentries:\n- name: x\n  tags: [a, b]\n- &y {name: y}\n- *y\n"), &value)
	if err != nil || len(value.Entries) != 3 || value.Entries[2].Name != "y" {
		t.Fatalf("%+v, %v", value, err)
	}
	for _, c := range []struct {
		path []any
		want string
	}{
		{nil, "a.yaml:2:1: wrong"},
		{[]any{"entries", 0, "tags", 1}, "a.yaml:4:13: wrong"},
		{[]any{"entries", 1, "name"}, "a.yaml:5:13: wrong"},
		{[]any{"entries", 2, "name"}, "a.yaml:5:13: wrong"},  // an alias has the position of its target
		{[]any{"entries", 0, "absent"}, "a.yaml:3:3: wrong"}, // the last value on the path that exists
		{[]any{"entries", 7}, "a.yaml:3:1: wrong"},
		{[]any{0}, "a.yaml:2:1: wrong"},
	} {
		if got := f.ErrorAt(errors.New("wrong"), c.path...).Error(); got != c.want {
			t.Errorf("%v: %s, want %s", c.path, got, c.want)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "a.yaml: the file is empty"},
		{"comment", "# only\n", "a.yaml: the file is empty"},
		{"syntax", "name: [x\n", "a.yaml:1:7: not valid YAML; "},
		{"unknown key", "name: x\nnmae: y\n", `a.yaml:2:1: unknown key "nmae"; did you mean "name"?`},
		{"repeated key", "name: x\nname: y\n", `a.yaml:2:1: key "name" is already in line 1; keep one of the two`},
		{"type", "name: x\ntags: y\n", `a.yaml:2:7: "y" is a string, not a list; write a list`},
		{"list", "- name: x\n", "a.yaml:1:1: a list is given where a mapping of keys to values is expected; write a mapping of keys to values"},
		{"two documents", "name: x\n---\nname: y\n", "a.yaml:2:1: a second YAML document follows the first; keep one"},
		{"other encoding", "name: \xff\n", "a.yaml:1:7: this byte is not UTF-8; save the text as UTF-8"},
		{"byte order mark", "\ufeffname: x\n", "a.yaml:1:1: the text begins with a byte order mark; save it as UTF-8 without one"},
		{"UTF-16", "\xff\xfen\x00a\x00", "a.yaml:1:1: the text is UTF-16; save it as UTF-8"},
		{"merged keys", "a: &a {name: x}\n<<: *a\n", "a.yaml:1:1: unknown key \"a\"; fix its name, or remove it\na.yaml:2:1: << merges the keys of another mapping; write the keys here"},
		{"merged keys and another fault", "<<: {name: x}\ntags: y\n", "a.yaml:1:1: << merges the keys of another mapping; write the keys here\na.yaml:2:7: \"y\" is a string, not a list; write a list"},
		{"tags and another fault", "name: !x y\ntags: !y [!z 1, 2]\n", "a.yaml:1:7: the tag, which begins with !, changes the type of the value; remove the tag, or put the value in quotes\na.yaml:2:7: the tag, which begins with !, changes the type of the value; remove the tag, or put the value in quotes\na.yaml:2:11: the tag, which begins with !, changes the type of the value; remove the tag, or put the value in quotes\na.yaml:2:17: 2 is a number, not a string; put it in quotes"},
		{"tag of another type", "name: !!map {}\ntags: !!str y\n", "a.yaml:1:7: the tag, which begins with !, changes the type of the value; remove the tag, or put the value in quotes\na.yaml:2:7: the tag, which begins with !, changes the type of the value; remove the tag, or put the value in quotes"},
		{"a second document and another fault", "nmae: x\n---\nname: y\n", "a.yaml:1:1: unknown key \"nmae\"; did you mean \"name\"?\na.yaml:2:1: a second YAML document follows the first; keep one"},
		{"tag", "name: !!binary eA==\n", "a.yaml:1:7: the tag, which begins with !, changes the type of the value; remove the tag, or put the value in quotes"},
		{"tag without a name", "name: ! x\n", "a.yaml:1:7: the tag, which begins with !, changes the type of the value; remove the tag, or put the value in quotes"},
		{"tag of a list", "tags: ! [x]\n", "a.yaml:1:7: the tag, which begins with !, changes the type of the value; remove the tag, or put the value in quotes"},
		{"tab", "name: x\n\ttags: [y]\n", "a.yaml:2:1: not valid YAML; "},
		{"map for a string", "name: {}\n", "a.yaml:1:7: a mapping of keys to values is given where a string is expected; write a string"},
		{"bomb", "name: x\ntags: &a [x,x,x,x,x,x,x,x,x,x]\na: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nb: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n", "a.yaml:3:1: unknown key \"a\"; fix its name, or remove it\na.yaml:4:1: unknown key \"b\""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Decode("a.yaml", []byte(c.text), new(entry))
			if err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Count(err.Error(), "\n") != strings.Count(c.want, "\n") || strings.Contains(err.Error(), "entry") {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

// TestDecodeReportsAllFaults checks that the error consists of all independent faults in
// order, and that the rest of the file is decoded.
func TestDecodeReportsAllFaults(t *testing.T) {
	const text = `entries:
- name: x
  tags: y
  nmae: z
- {name: 1, tags: [a, 2, {b: c}]}
- {name: good, tags: [a]}
- name: x
  name: y
extra: 1
`
	var value struct {
		Entries []entry `yaml:"entries"`
	}
	f, err := Decode("a.yaml", []byte(text), &value)
	want := `a.yaml:3:9: "y" is a string, not a list; write a list
a.yaml:4:3: unknown key "nmae"; did you mean "name"?
a.yaml:5:10: 1 is a number, not a string; put it in quotes
a.yaml:5:23: 2 is a number, not a string; put it in quotes
a.yaml:5:26: a mapping of keys to values is given where a string is expected; write a string
a.yaml:8:3: key "name" is already in line 7; keep one of the two
a.yaml:9:1: unknown key "extra"; fix its name, or remove it`
	if err == nil || err.Error() != want {
		t.Fatalf("got\n%v\nwant\n%s", err, want)
	}
	if e := value.Entries; len(e) != 4 || e[2].Name != "good" || len(e[2].Tags) != 1 || e[0].Name != "x" {
		t.Errorf("%+v", e)
	}
	for i, want := range []bool{true, true, false, true} {
		if f.Faulty("entries", i) != want {
			t.Errorf("entry %d is faulty: %t", i, !want)
		}
	}
	if !f.Faulty() || !f.Faulty("entries", 0, "tags") || f.Faulty("entries", 0, "name") || f.Faulty("entries", 0, "absent") {
		t.Error("faults are attributed to the wrong values")
	}
}

// TestIsKnown checks which values of a text with faults are known.
func TestIsKnown(t *testing.T) {
	var value struct {
		Entries []entry   `yaml:"entries"`
		Any     yaml.Node `yaml:"any"`
		Other   yaml.Node `yaml:"other"`
	}
	f, err := Decode("a.yaml", []byte(`entries:
- {name: x, tags: [1, a]}
- {name: x, tgas: [a]}
- {name: x, name: y}
- {<<: {name: x}}
- {name: !x y}
- {tags: []}
- x
- {tgas: [a]}
- {something: [a]}
any: {a: [!y b]}
other: {a: b}
`), &value)
	if err == nil {
		t.Fatal("no fault")
	}
	for _, c := range []struct {
		name string
		path []any
		want bool
	}{
		{"a value without a fault", []any{"entries", 0, "name"}, true},
		{"a list with a fault", []any{"entries", 0, "tags"}, false},
		{"an item with a fault", []any{"entries", 0, "tags", 0}, false},
		{"an item without a fault", []any{"entries", 0, "tags", 1}, true},
		{"an item that does not exist", []any{"entries", 0, "tags", 2}, true},
		{"a value next to an unknown key", []any{"entries", 1, "name"}, true},
		{"a missing value next to an unknown key that is similar", []any{"entries", 1, "tags"}, false},
		{"a missing value next to an unknown key that is similar to another", []any{"entries", 7, "name"}, true},
		{"a missing value next to an unknown key that is similar to none", []any{"entries", 8, "name"}, false},
		{"the first of two values", []any{"entries", 2, "name"}, false},
		{"a missing value next to a repeated key", []any{"entries", 2, "tags"}, true},
		{"a value that may be merged", []any{"entries", 3, "name"}, false},
		{"a value with a tag", []any{"entries", 4, "name"}, false},
		{"a missing value next to one with a tag", []any{"entries", 4, "tags"}, true},
		{"a value that is missing", []any{"entries", 5, "name"}, true},
		{"an item of a mapping", []any{"entries", 0, 1}, false},
		{"a value in one that does not exist", []any{"entries", 9, "name"}, false},
		{"a value in one of another type", []any{"entries", 6, "name"}, false},
		{"a value of any type with a tag in it", []any{"any"}, false},
		{"a value of any type", []any{"other"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := f.IsKnown(c.path...); got != c.want {
				t.Errorf("known: %t", got)
			}
		})
	}
}

// TestErrorAt checks that a diagnostic with a position retains it.
func TestErrorAt(t *testing.T) {
	f, err := Decode("a.yaml", []byte("name: x\n"), new(entry))
	if err != nil {
		t.Fatal(err)
	}
	other := diag.New(diag.File("b.yaml").At(diag.Point{Line: 3, Column: 4}), "wrong too", "")
	got := f.ErrorAt(errors.Join(other, diag.New(diag.Position{}, "wrong", "fix it")), "name").Error()
	if want := "a.yaml:1:7: wrong; fix it\nb.yaml:3:4: wrong too"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// FuzzDecode checks that no text makes Decode panic, and that each fault is in the file.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("name: x\ntags: [a]\n"))
	f.Add([]byte("- &a [*a]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		_, err := Decode("a.yaml", text, new(entry))
		lines := 2 + strings.Count(strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n").Replace(string(text)), "\n")
		for i, d := range diag.Of(err) {
			if i < diag.MaxFaults && d.File != "a.yaml" || int(d.Line) > lines { // a value that is missing can be after the last line
				t.Errorf("%v in a text of %d lines", d, lines)
			}
		}
	})
}
