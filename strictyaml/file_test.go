package strictyaml

import (
	"errors"
	"strings"
	"testing"

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
		{[]any{"entries", 2, "name"}, "a.yaml:5:13: wrong"},  // an alias is what it stands for
		{[]any{"entries", 0, "absent"}, "a.yaml:3:3: wrong"}, // stays at the last that is there
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
		{"syntax", "name: [x\n", "a.yaml:1: "},
		{"unknown key", "name: x\nnmae: y\n", `a.yaml:2:1: key nmae is not known here; did you mean "name"?`},
		{"repeated key", "name: x\nname: y\n", `a.yaml:2: mapping key "name" already defined at line 1`},
		{"type", "name: x\ntags: y\n", `a.yaml:2: a string, "y", stands here; write a list`},
		{"list", "- name: x\n", "a.yaml:1: a list stands here; write a mapping of keys to values"},
		{"two documents", "name: x\n---\nname: y\n", "a.yaml:2: a second YAML document follows the first; keep one"},
		{"no UTF-8", "name: \xff\n", "a.yaml: not UTF-8"},
		{"byte order mark", "\ufeffname: x\n", "a.yaml: not UTF-8, or with a byte order mark"},
		{"UTF-16", "\xff\xfen\x00a\x00", "a.yaml: not UTF-8"},
		{"merged keys", "a: &a {name: x}\n<<: *a\n", "a.yaml:2:1: << merges keys from elsewhere; write them out here"},
		{"tag", "name: !!binary eA==\n", "a.yaml:1:7: the tag !!binary makes another value of what is written; remove the tag"},
		{"tab", "name: x\n\ttags: [y]\n", "a.yaml:2: not YAML: "},
		{"map for a string", "name: {}\n", "a.yaml:1: a mapping of keys to values stands here; write a string"},
		{"bomb", "name: x\ntags: &a [x,x,x,x,x,x,x,x,x,x]\na: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nb: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n", "a.yaml:3:1: key a is not known here; fix its name or remove it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Decode("a.yaml", []byte(c.text), new(entry))
			if err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "entry") {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

// FuzzDecode holds that no text makes Decode panic or answer with more than one
// line.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("name: x\ntags: [a]\n"))
	f.Add([]byte("- &a [*a]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, err := Decode("a.yaml", text, new(entry)); err != nil && !strings.HasPrefix(err.Error(), "a.yaml:") {
			t.Errorf("%v", err)
		}
	})
}
