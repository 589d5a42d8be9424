package strictyaml

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// many is a file of a map of n keys, each of the same length.
func many(n int) []byte {
	var text bytes.Buffer
	text.WriteString("m:\n")
	for i := range n {
		fmt.Fprintf(&text, "  %q: o-example/r-ab12/ou-ab12-11111111\n", fmt.Sprintf("%012d", i))
	}
	return text.Bytes()
}

// TestLargeMaps holds that the time grows with the text alone: were each key
// compared with each other, any of these would take minutes.
func TestLargeMaps(t *testing.T) {
	const n, bound = 50_000, 20 * time.Second
	for _, c := range []struct {
		name string
		text []byte
		want string
	}{
		{"a map", many(n), ""},
		{"one key", bytes.Repeat([]byte("s: x\n"), n), `a.yaml:2: mapping key "s" already defined at line 1; keep one of the two`},
		{"the last key twice", append(many(n), `  "000000049999": x`...), `a.yaml:50002: mapping key "000000049999" already defined at line 50001`},
		{"unknown keys", bytes.Replace(many(n), []byte("m:"), []byte("p:"), 1), "a.yaml:2:3: key 000000000000 is not known here"},
		{"a map for a list", bytes.Replace(many(n), []byte("m:"), []byte("l:"), 1), "a.yaml:2: a mapping of keys to values stands here; write a list"},
		{"a map for a string", bytes.Replace(many(n), []byte("m:"), []byte("s:"), 1), "a.yaml:2: a mapping of keys to values stands here; write a string"},
	} {
		t.Run(c.name, func(t *testing.T) {
			began := time.Now()
			var value written
			_, err := Decode("a.yaml", c.text, &value)
			if took := time.Since(began); took > bound {
				t.Errorf("it took %s", took)
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

// TestAliases holds that aliases stand for what they name, and not for more than
// a file could hold.
func TestAliases(t *testing.T) {
	var value written
	if _, err := Decode("a.yaml", []byte("p: &p {name: &n x, tags: &t [*n, y]}\ne: [*p, {name: *n, tags: *t}]\nm: {*n : z}\n"), &value); err != nil {
		t.Fatal(err)
	}
	want := entry{Name: "x", Tags: []string{"x", "y"}}
	if !reflect.DeepEqual(value.E, []entry{want, want}) || !reflect.DeepEqual(*value.P, want) || value.M["x"] != "z" {
		t.Errorf("%+v", value)
	}
	bomb := "p: &p {tags: [" + strings.Repeat("x, ", 1000) + "x]}\ne: [" + strings.Repeat("*p, ", 1000) + "*p]\n"
	for _, c := range []struct{ text, want string }{
		{bomb, "a.yaml: document contains excessive aliasing; write the values out"},
		{"e: &e [*e]\n", "a.yaml:1: a list stands here; write a mapping"},
		{"p: &p {name: *p}\n", "a.yaml:1: a mapping of keys to values stands here; write a string"},
		{"l: [*a]\n", "a.yaml:1: not YAML: the line refers to an anchor that does not exist; write the values out, without anchors"},
		{"l: [&a '']\ns: *a\n", "a.yaml:2:4: nothing stands behind s"},
		{"m: {a: x, &k a : y}\n", `a.yaml:1: mapping key "a" already defined at line 1`},
	} {
		if _, err := Decode("a.yaml", []byte(c.text), new(written)); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%.40q: %v, want %s", c.text, err, c.want)
		}
	}
}

// FuzzTwin holds that what Decode takes the YAML library takes too, to the same
// value.
func FuzzTwin(f *testing.F) {
	for _, text := range []string{
		"s: x\nb: TRUE\ni: -10\nl: [a, 2026-01-01]\nm: {a: b, y: ''}\n", "p: &p {name: x, tags: []}\ne: [*p, {}]\nin: |\n  x\n", "any: {a: [1, ~]}\nm: {}\n", "? s\n: x\n", "b: yes\n", "i: 0x1\n", "m: {a: 1}\n", "s: &s [*s]\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var ours, theirs written
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
				if _, err := Decode("a.yaml", text, new(written)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
