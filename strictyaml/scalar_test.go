package strictyaml

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// everyType has a value of each type.
type everyType struct {
	S      string            `yaml:"s"`
	B      bool              `yaml:"b"`
	I      int               `yaml:"i"`
	L      []string          `yaml:"l"`
	M      map[string]string `yaml:"m"`
	P      *entry            `yaml:"p"`
	E      []entry           `yaml:"e"`
	Any    yaml.Node         `yaml:"any"`
	Inline struct {
		In string `yaml:"in"`
	} `yaml:",inline"`
}

// TestScalars checks that each value must be written as the type that it is decoded into.
func TestScalars(t *testing.T) {
	const (
		text     = " is a string to some readers of YAML; write true or false"
		notation = " is not a whole number in plain decimal digits; write one such as 8, which all readers of YAML understand"
		quotes   = ", not a string; put it in quotes"
		nothing  = "the value is missing; write it, or remove the key"
		nullWord = " is not allowed here; write a value, or remove the key"
	)
	for _, c := range []struct{ yaml, want string }{
		{"b: true", ""}, {"b: False", ""},
		{"b: yes", `1:4: "yes"` + text}, {"b: y", `1:4: "y"` + text}, {"b: On", `1:4: "On"` + text}, {"b: NO", `1:4: "NO"` + text}, {"b: off", `1:4: "off"` + text},
		{"b: ~", "1:4: ~" + nullWord}, {"b:", "1:3: " + nothing},

		{"i: 0", ""}, {"i: 10", ""}, {"i: -1", ""},
		{"i: 010", "1:4: 010" + notation}, {"i: 0o10", "1:4: 0o10" + notation}, {"i: 0x10", "1:4: 0x10" + notation}, {"i: 0b10", "1:4: 0b10" + notation},
		{"i: 1_0", "1:4: 1_0" + notation}, {"i: 1.5", "1:4: 1.5" + notation}, {"i: 1e1", "1:4: 1e1" + notation}, {"i: +1", "1:4: +1" + notation},
		{"i: 1:30", `1:4: "1:30" is a string, not a whole number; write a whole number`}, {"i: .nan", `1:4: ".nan" is a number, not a whole number; write`}, {"i: .inf", `1:4: ".inf" is a number, not a whole number; write`}, {"i: 99999999999999999999", `1:4: the number "9999999..." is too large; write a smaller one`}, {"i: 99999999999999999999.5", "1:4: 99999999999999999999.5" + notation}, {"i: null", "1:4: null" + nullWord},

		{"s: yes", ""}, {"s: 2026-01-01", ""}, {"s: 12:30:45", ""}, {"s: '1'", ""}, {"s: \"\\u0041\"", ""}, {"s: |\n  1\n", ""}, {"s: 'null'", ""},
		{"s: 1", "1:4: 1 is a number" + quotes}, {"s: 012", "1:4: 012 is a number" + quotes}, {"s: 1_000", "1:4: 1_000 is a number" + quotes}, {"s: 1e3", "1:4: 1e3 is a number" + quotes},
		{"s: .nan", "1:4: .nan is a number" + quotes}, {"s: true", "1:4: true is a boolean" + quotes},
		{"s: NULL", "1:4: NULL" + nullWord}, {"s:", "1:3: s is empty; write a value, or remove the key"}, {"s: ''", "1:4: s is empty; write a value, or remove the key"},
		{"in: 1", "1:5: 1 is a number" + quotes}, {"in: ''", "1:5: in is empty; write a value"},

		{"l: [yes, a]", ""}, {"l: []", ""}, {"l: [1]", "1:5: 1 is a number" + quotes}, {"l: [a, ~]", "1:8: ~" + nullWord}, {"l:", "1:3: " + nothing}, {"l: [true]", "1:5: true is a boolean" + quotes},
		{"m: {a: ''}", ""}, {"m: {}", ""}, {"m: {a: 1}", "1:8: 1 is a number" + quotes}, {"m: {a: }", "1:8: " + nothing}, {"m: {1: a}", "1:5: 1 is a number" + quotes},
		{"m: {~: a}", "1:5: ~" + nullWord}, {"m: {true: a}", "1:5: true is a boolean" + quotes}, {"m: {012: a}", "1:5: 012 is a number" + quotes}, {"m: {yes: a}", ""},
		{"p: {}", ""}, {"p: ~", "1:4: ~" + nullWord}, {"p: {name: 1}", "1:11: 1 is a number" + quotes},
		{"e: [{name: a}, {name: b, tags: [1]}]", "1:33: 1 is a number" + quotes}, {"e: [~]", "1:5: ~" + nullWord},
		{"any: {a: ~, 1: yes}", ""}, {"any: 1", ""},
		{"m: {a: &n '1', b: *n}", ""}, {"i: &n 1\ns: *n", "1:4: 1 is a number" + quotes},
		{"~", "1:1: ~" + nullWord}, {"null # comment", "1:1: null" + nullWord},
		{"%YAML 1.1\n---\nb: true", "1:1: a line that begins with % is a YAML directive; remove it"}, {"# a\n%YAML 1.2\n---\nb: true", "2:1: a line that begins with % is a YAML directive; remove it"}, {"s: |\n  a\nm: {a: '%'}", ""},
		{"---\ns: a\n...", ""}, {"s: a\r\nb: true\r", ""},
	} {
		_, err := Decode("a.yaml", []byte(c.yaml+"\n"), new(everyType))
		if (err == nil) != (c.want == "") || err != nil && !strings.HasPrefix(err.Error(), "a.yaml:"+c.want) {
			t.Errorf("%q: %v, want %q", c.yaml, err, c.want)
		}
	}
}
