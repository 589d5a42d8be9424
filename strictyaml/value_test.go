package strictyaml

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"extauthz/diag"
)

// many returns a file with a map of n keys of the same length.
func many(n int) []byte {
	var text bytes.Buffer
	text.WriteString("m:\n")
	for i := range n {
		fmt.Fprintf(&text, "  %q: o-example/r-ab12/ou-ab12-11111111\n", fmt.Sprintf("%012d", i))
	}
	return text.Bytes()
}

// TestLargeMaps checks that the time is in proportion to the text: if each key were
// compared with each other, any of these would take minutes.
func TestLargeMaps(t *testing.T) {
	const n, bound = 50_000, 20 * time.Second
	for _, c := range []struct {
		name string
		text []byte
		want string
	}{
		{"a map", many(n), ""},
		{"one key", bytes.Repeat([]byte("s: x\n"), n), `a.yaml:2:1: key "s" is already in line 1; keep one of the two`},
		{"the last key twice", append(many(n), `  "000000049999": x`...), `a.yaml:50002:3: key "000000049999" is already in line 50001`},
		{"unknown keys", bytes.Replace(many(n), []byte("m:"), []byte("p:"), 1), `a.yaml:2:3: unknown key "000000000000"`},
		{"a map for a list", bytes.Replace(many(n), []byte("m:"), []byte("l:"), 1), "a.yaml:2:3: a mapping of keys to values is given where a list is expected; write a list"},
		{"a map for a string", bytes.Replace(many(n), []byte("m:"), []byte("s:"), 1), "a.yaml:2:3: a mapping of keys to values is given where a string is expected; write a string"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := processorTime(t)
			var value everyType
			_, err := Decode("a.yaml", c.text, &value)
			if took := processorTime(t) - before; took > bound {
				t.Errorf("it took %s of a processor", took)
			}
			switch {
			case c.want == "" && (err != nil || len(value.M) != n):
				t.Errorf("%d keys, %v; want %d", len(value.M), err, n)
			case c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)):
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

// processorTime returns the processor time that the process has used. Elapsed time would depend on
// what else the machine does.
func processorTime(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// TestAliases checks that an alias has the value of its anchor, and that aliases are
// limited.
func TestAliases(t *testing.T) {
	var value everyType
	if _, err := Decode("a.yaml", []byte("p: &p {name: &n x, tags: &t [*n, y]}\ne: [*p, {name: *n, tags: *t}]\nm: {*n : z}\n"), &value); err != nil {
		t.Fatal(err)
	}
	want := entry{Name: "x", Tags: []string{"x", "y"}}
	if !reflect.DeepEqual(value.E, []entry{want, want}) || !reflect.DeepEqual(*value.P, want) || value.M["x"] != "z" {
		t.Errorf("%+v", value)
	}
	bomb := "p: &p {tags: [" + strings.Repeat("x, ", 1000) + "x]}\ne: [" + strings.Repeat("*p, ", 1000) + "*p]\n"
	for _, c := range []struct{ text, want string }{
		{bomb, "a.yaml:1:1: aliases repeat more than 100000 values; write the values out, without anchors"},
		{"e: &e [*e]\n", "a.yaml:1:4: a list is given where a mapping of keys to values is expected; write a mapping"},
		{"p: &p {name: *p}\n", "a.yaml:1:4: a mapping of keys to values is given where a string is expected; write a string"},
		{"l: [*a]\n", "a.yaml:1:5: not valid YAML; this refers to an anchor that does not exist; write the values out, without anchors"},
		{"l: [&a '']\ns: *a\n", "a.yaml:2:4: s is empty"},
		{"m: {a: x, &k a : y}\n", `a.yaml:1:11: key "a" is already in line 1`},
	} {
		if _, err := Decode("a.yaml", []byte(c.text), new(everyType)); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%.40q: %v, want %s", c.text, err, c.want)
		}
	}
}

// FuzzTwin checks that the YAML library reads what Decode accepts, as the same value.
func FuzzTwin(f *testing.F) {
	for _, text := range []string{
		"s: x\nb: TRUE\ni: -10\nl: [a, 2026-01-01]\nm: {a: b, y: ''}\n", "p: &p {name: x, tags: []}\ne: [*p, {}]\nin: |\n  x\n", "any: {a: [1, ~]}\nm: {}\n", "? s\n: x\n", "b: yes\n", "i: 0x1\n", "m: {a: 1}\n", "s: &s [*s]\n", "b: ! true\n", "s: -0\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var ours, theirs everyType
		if _, err := Decode("a.yaml", text, &ours); err != nil {
			return
		}
		decoder := yaml.NewDecoder(bytes.NewReader(text))
		decoder.KnownFields(true)
		if err := decoder.Decode(&theirs); err != nil || !reflect.DeepEqual(ours, theirs) {
			t.Errorf("%+v, the library: %+v, %v", ours, theirs, err)
		}
	})
}

func BenchmarkDecodeAccounts(b *testing.B) {
	for _, n := range []int{100, 20_000} {
		text := many(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := Decode("a.yaml", text, new(everyType)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestPositions checks the positions of strings, maps and structs.
func TestPositions(t *testing.T) {
	type item struct {
		At   diag.Point        `yaml:",position"`
		Name String            `yaml:"name"`
		List []String          `yaml:"list"`
		Tags StringMap         `yaml:"tags"`
		Map  map[string]String `yaml:"map"`
	}
	var value struct {
		Items []item `yaml:"items"`
	}
	const text = "items:\n- name: x\n  list: [a,\n    &b b]\n- tags: {k: v}\n  name: *b\n  map: {m: n}\n"
	if _, err := Decode("a.yaml", []byte(text), &value); err != nil {
		t.Fatal(err)
	}
	want := []item{
		{At: diag.Point{Line: 2, Column: 3}, Name: String{"x", diag.Point{Line: 2, Column: 9}}, List: []String{{"a", diag.Point{Line: 3, Column: 10}}, {"b", diag.Point{Line: 4, Column: 5}}}},
		{At: diag.Point{Line: 5, Column: 3}, Name: String{"b", diag.Point{Line: 6, Column: 9}}, Tags: StringMap{map[string]string{"k": "v"}, diag.Point{Line: 5, Column: 9}}, Map: map[string]String{"m": {"n", diag.Point{Line: 7, Column: 12}}}},
	}
	if !reflect.DeepEqual(value.Items, want) {
		t.Errorf("got\n%+v\nwant\n%+v", value.Items, want)
	}
	for _, c := range []struct{ text, want string }{
		{"items: [{name: ''}]\n", "a.yaml:1:16: name is empty; write a value, or remove the key"},
		{"items: [{name: [x]}]\n", "a.yaml:1:16: a list is given where a string is expected; write a string"},
		{"items: [{tags: x}]\n", `a.yaml:1:16: "x" is a string, not a mapping of keys to values; write a mapping of keys to values`},
		{"items: [{'': x}]\n", `a.yaml:1:10: unknown key ""; fix its name, or remove it`},
	} {
		if _, err := Decode("a.yaml", []byte(c.text), &value); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.text, err, c.want)
		}
	}
}
