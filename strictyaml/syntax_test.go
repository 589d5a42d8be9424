package strictyaml

import (
	"bytes"
	"strings"
	"testing"
)

// TestSyntaxErrors finds the line that is wrong, whatever the YAML library says.
func TestSyntaxErrors(t *testing.T) {
	const fix = "fix the indentation, quotes and brackets here or in the lines below"
	long := strings.Repeat("- x\n", 50_000)
	for _, c := range []struct{ name, text, want string }{
		{"list that is not closed", "a: [x\n", "1: not YAML: " + fix},
		{"list that is not closed, in a later line", "a: x\nb: [x,\n  y,\n", "2: not YAML: " + fix},
		{"quote that is not closed", "a: x\nb: \"y\nc: z\n", "2: not YAML: " + fix},
		{"key to the left", "a:\n  b: x\n c: y\n", "3: not YAML: " + fix},
		{"key without a colon", "a: x\nb\nc: y\n", "2: not YAML: " + fix},
		{"two colons", "a: x\nb: c: d\n", "2: not YAML: " + fix},
		{"bracket too many", "a: x\n]\n", "2: not YAML: " + fix},
		{"second document", "a: x\n---\nb: [\n", "3: not YAML: " + fix},
		{"tab", "a:\n\tb: x\n", "2: not YAML: indent with spaces, not tabs"},
		{"tab after spaces", "a:\n  b:\n  \tc: x\n  d\n", "3: not YAML: indent with spaces, not tabs"},
		{"at sign", "a: x\nb: @c\n", "2: not YAML: put what begins with @, ` or % between quotes"},
		{"backquote in a list", "a: [`x`]\n", "1: not YAML: put what begins with @, ` or % between quotes"},
		{"percent in an item", "a:\n- %x\n", "2: not YAML: put what begins with @, ` or % between quotes"},
		{"control character", "a: x\nb: \x01\n", "2: not YAML: the line contains control characters"},
		{"unknown anchor", "a: x\nb: *c\n", "2: not YAML: the line refers to an anchor that does not exist"},
		{"no line break at the end", "a: x\nb: [", "2: not YAML: " + fix},
		{"carriage returns", "a: x\r\nb: [\r\n", "2: not YAML: " + fix},
		{"in a long text", "a:\n" + long + "b: [\n" + long, "50002: not YAML: " + fix},
		{"at the beginning of a long text", "a: [\n" + strings.Repeat("x,\n", 50), "1: not YAML: " + fix},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Decode("a.yaml", []byte(c.text), new(map[string]any))
			if err == nil || !strings.HasPrefix(err.Error(), "a.yaml:"+c.want) {
				t.Errorf("error %.200v, want a.yaml:%s", err, c.want)
			}
		})
	}
}

// TestLineReader returns one line at a time and counts it once.
func TestLineReader(t *testing.T) {
	text := "a\n\n" + strings.Repeat("b", 700) + "\nc"
	r := &lineReader{rest: []byte(text)}
	var got bytes.Buffer
	if n, err := got.ReadFrom(struct{ *lineReader }{r}); err != nil || int(n) != len(text) || got.String() != text || r.lines != 4 {
		t.Errorf("%d bytes in %d lines, error %v; want %d in 4", n, r.lines, err, len(text))
	}
}
