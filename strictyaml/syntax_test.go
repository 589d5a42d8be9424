package strictyaml

import (
	"strings"
	"testing"
)

// TestSyntaxErrors checks the positions and remedies of texts that are not YAML.
func TestSyntaxErrors(t *testing.T) {
	const fix = "fix the indentation, quotes and brackets here or in the lines below"
	long := strings.Repeat("- x\n", 50_000)
	for _, c := range []struct{ name, text, want string }{
		{"list that is not closed", "a: [x\n", "1:4: not valid YAML; " + fix},
		{"list that is not closed, in a later line", "a: x\nb: [x,\n  y,\n", "2:4: not valid YAML; " + fix},
		{"quote that is not closed", "a: x\nb: \"y\nc: z\n", "2:4: not valid YAML; " + fix},
		{"key to the left", "a:\n  b: x\n c: y\n", "3:2: not valid YAML; " + fix},
		{"key without a colon", "a: x\nb\nc: y\n", "2:1: not valid YAML; " + fix},
		{"two colons", "a: x\nb: c: d\n", "2:5: not valid YAML; " + fix},
		{"two colons in an item", "a:\n- b: c\n  d: e : f\n- b: g\n", "3:8: not valid YAML; " + fix},
		{"two colons in an item on one line", "a:\n- b: c\n- b: d  e: f\n", "3:10: not valid YAML; " + fix},
		{"two colons in brackets", "a:\n- b: [c\n- d: e : f\n", "2:6: not valid YAML; " + fix},
		{"bracket too many", "a: x\n]\n", "2:1: not valid YAML; " + fix},
		{"second document", "{}\n---\nb: [\n", "3:4: not valid YAML; " + fix},
		{"tab", "a:\n\tb: x\n", "2:1: not valid YAML; indent with spaces, not tabs"},
		{"tab after spaces", "a:\n  b:\n  \tc: x\n  d\n", "3:3: not valid YAML; indent with spaces, not tabs"},
		{"at sign", "a: x\nb: @c\n", "2:4: not valid YAML; put a value that begins with @, ` or % in quotes"},
		{"backquote in a list", "a: [`x`]\n", "1:5: not valid YAML; put a value that begins with @, ` or % in quotes"},
		{"percent in an item", "a:\n- %x\n", "2:3: not valid YAML; put a value that begins with @, ` or % in quotes"},
		{"control character", "a: x\nb: \x01\n", "2:4: the control character U+0001 is not text; remove it"},
		{"unknown anchor", "a: x\nb: *c\n", "2:4: not valid YAML; this refers to an anchor that does not exist"},
		{"no line break at the end", "a: x\nb: [", "2:4: not valid YAML; " + fix},
		{"carriage returns", "a: x\r\nb: [\r\n", "2:4: not valid YAML; " + fix},
		{"control character of Latin-1", "a: é\u0080\n", "1:5: YAML cannot contain the character U+0080"},
		{"tab after a dash", "a:\n- b\n-\tc: d\n", "3:2: not valid YAML; indent with spaces, not tabs"},
		{"item without a space", "a:\n  - x\n  -y\n", "3:3: not valid YAML; " + fix},
		{"list of an item without a comma", "a: [x\n  y: z]\nb: c\n", "1:4: not valid YAML; " + fix},
		{"mapping that is not closed", "a: {b: c,\n  d: [e]\n", "1:4: not valid YAML; " + fix},
		{"quoted key without a colon", "a: x\n\"b\"\nc: y\n", "2:1: not valid YAML; " + fix},
		{"escape that does not exist", "a: \"x\n  \\q\"\n", "2:3: not valid YAML; " + fix},
		{"document marker in quotes", "a: \"x\n--- y\"\n", "1:4: not valid YAML; " + fix},
		{"alias without a name", "a: *\n", "1:5: not valid YAML; " + fix},
		{"other letters before", "é: [é, @]\n", "1:8: not valid YAML; put a value that begins with @, ` or % in quotes"},
		{"open only at the end", "a: x\n? [\n", "2:3: not valid YAML; " + fix},
		{"in a long text", "a:\n" + long + "b: [\n" + long, "50002:4: not valid YAML; " + fix},
		{"at the beginning of a long text", "a: [\n" + strings.Repeat("x,\n", 50), "1:4: not valid YAML; " + fix},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Decode("a.yaml", []byte(c.text), new(map[string]any))
			if err == nil || !strings.HasPrefix(err.Error(), "a.yaml:"+c.want) {
				t.Errorf("error %.200v, want a.yaml:%s", err, c.want)
			}
		})
	}
}
