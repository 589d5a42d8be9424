package strictyaml

import (
	"fmt"
	"reflect"

	"go.yaml.in/yaml/v3"
)

// errorIn is an error at a node.
func (f *File) errorIn(node *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("%s:%d:%d: %s", f.name, node.Line, node.Column, fmt.Sprintf(format, args...))
}

// errorOn is an error that concerns the line of a node as a whole.
func (f *File) errorOn(node *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", f.name, node.Line, fmt.Sprintf(format, args...))
}

// kinds are the library's names of what may stand in a file.
var kinds = map[string]string{
	"str": "a string", "seq": "a list", "map": "a mapping of keys to values", "int": "a number", "float": "a number",
	"bool": "true or false", "null": "nothing", "timestamp": "a date", "binary": "bytes",
}

// shown is how many characters of a value that has the wrong type an error shows.
const shown = 10

// wrongType tells of a value that has another type than wanted.
func (f *File) wrongType(node *yaml.Node, wanted reflect.Kind) error {
	value := ""
	if text := []rune(node.Value); len(text) > shown {
		value = fmt.Sprintf(", %q,", string(text[:shown-3])+"...")
	} else if len(text) > 0 {
		value = fmt.Sprintf(", %q,", node.Value)
	}
	return f.errorOn(node, "%s%s stands here; write %s", kinds[shortTag(node)], value, goKind(wanted))
}

// goKind names what a kind of Go is read from.
func goKind(kind reflect.Kind) string {
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
