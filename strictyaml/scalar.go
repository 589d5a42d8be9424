package strictyaml

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

var (
	// decimal matches the only notation of whole numbers that all readers of YAML
	// agree on: 010 is eight to some and ten to others, and 1_0 is text to some.
	decimal = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)

	// oldBoolean matches the words that mean true or false in YAML 1.1 only.
	oldBoolean = regexp.MustCompile(`^(?i:y|yes|on|n|no|off)$`)
)

// scalar decodes a single value, and reports whether it is correct. The value must be
// written as the type that it is decoded into, so that an editor that checks the file
// with a JSON Schema agrees. Other readers of YAML take yes for true, 010 for eight,
// numbers for strings, and no value for any type.
func (f *File) scalar(node *yaml.Node, out reflect.Value) bool {
	tag := shortTag(node)
	switch {
	case f.faulty[node]: // its tag
		return false
	case tag == "null" && node.Value == "":
		f.fault(node, "the value is missing", "write it, or remove the key")
		return false
	case tag == "null":
		f.fault(node, node.Value+" is not allowed here", "write a value, or remove the key")
		return false
	}
	switch out.Kind() {
	case reflect.String:
		return f.text(node, tag, out)
	case reflect.Bool:
		return f.boolean(node, tag, out)
	case reflect.Int:
		return f.number(node, tag, out)
	default:
		return f.wrongType(node, out.Kind())
	}
}

// text decodes a string.
func (f *File) text(node *yaml.Node, tag string, out reflect.Value) bool {
	if tag == "int" || tag == "float" || tag == "bool" {
		f.fault(node, fmt.Sprintf("%s is %s, not a string", node.Value, typeNames[tag]), "put it in quotes")
		return false
	}
	out.SetString(node.Value)
	return true
}

// boolean decodes true or false.
func (f *File) boolean(node *yaml.Node, tag string, out reflect.Value) bool {
	switch {
	case tag == "bool":
		out.SetBool(strings.EqualFold(node.Value, "true"))
		return true
	case tag == "str" && oldBoolean.MatchString(node.Value):
		f.fault(node, fmt.Sprintf("%q is a string to some readers of YAML", node.Value), "write true or false")
		return false
	}
	return f.wrongType(node, reflect.Bool)
}

// number decodes a whole number.
func (f *File) number(node *yaml.Node, tag string, out reflect.Value) bool {
	isNumber := tag == "int" || tag == "float" // a float if it is too large for an int
	if isNumber && decimal.MatchString(node.Value) {
		n, err := strconv.Atoi(node.Value)
		if err != nil {
			f.fault(node, fmt.Sprintf("the number %s is too large", shorten(node.Value)), "write a smaller one")
			return false
		}
		out.SetInt(int64(n))
		return true
	}
	float, err := strconv.ParseFloat(node.Value, 64)
	if tag == "int" || tag == "float" && err == nil && !math.IsInf(float, 0) {
		f.fault(node, node.Value+" is not a whole number in plain decimal digits", "write one such as 8, which all readers of YAML understand")
		return false
	}
	return f.wrongType(node, reflect.Int)
}

// shortTag returns the type of a node's value: str, int, map and so on.
func shortTag(node *yaml.Node) string { return strings.TrimPrefix(node.ShortTag(), "!!") }

// typeNames describes the types of the YAML library.
var typeNames = map[string]string{
	"str": "a string", "seq": "a list", "map": "a mapping of keys to values", "int": "a number", "float": "a number",
	"bool": "a boolean", "null": "nothing", "timestamp": "a date", "binary": "bytes",
}

// wrongType reports a value that has another type than required, and returns false.
func (f *File) wrongType(node *yaml.Node, kind reflect.Kind) bool {
	required := typeName(kind)
	switch {
	case f.faulty[node]: // its tag
	case node.Value == "":
		f.fault(node, fmt.Sprintf("%s is given where %s is expected", typeNames[shortTag(node)], required), "write "+required)
	default:
		f.fault(node, fmt.Sprintf("%s is %s, not %s", shorten(node.Value), typeNames[shortTag(node)], required), "write "+required)
	}
	return false
}

// maxShown is how many characters of a value an error contains.
const maxShown = 10

// shorten quotes the beginning of a value.
func shorten(value string) string {
	if text := []rune(value); len(text) > maxShown {
		value = string(text[:maxShown-3]) + "..."
	}
	return fmt.Sprintf("%q", value)
}

// typeName describes the YAML type that is decoded into a Go type.
func typeName(kind reflect.Kind) string {
	switch kind {
	case reflect.Slice:
		return "a list"
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	default:
		return "a mapping of keys to values"
	}
}
