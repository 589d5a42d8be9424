package strictyaml

import (
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

var (
	// decimal is the one notation of a whole number that all readers of YAML agree
	// on: 010 is eight to some and ten to others, and 1_0 is text to some.
	decimal = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)

	// elsewhereBool are the words that were true and false until YAML 1.2.
	elsewhereBool = regexp.MustCompile(`^(?i:y|yes|on|n|no|off)$`)
)

// scalar reads a single value into out. It wants each written as what it is read
// into, so that an editor that holds the file against a JSON Schema reads the same:
// others take yes for true, 010 for eight, numbers for strings and nothing for
// anything.
func (f *File) scalar(node *yaml.Node, out reflect.Value) error {
	tag := shortTag(node)
	switch {
	case tag == "null" && node.Value == "":
		return f.errorIn(node, "nothing stands here; write a value, or remove the key")
	case tag == "null":
		return f.errorIn(node, "%s is nothing; write a value, or remove the key", node.Value)
	}
	switch out.Kind() {
	case reflect.String:
		if tag == "int" || tag == "float" || tag == "bool" {
			return f.errorIn(node, "%s is %s; put it between quotes, since a string belongs here", node.Value, kinds[tag])
		}
		out.SetString(node.Value)
		return nil
	case reflect.Bool:
		return f.boolean(node, tag, out)
	case reflect.Int:
		return f.number(node, tag, out)
	default:
		return f.wrongType(node, out.Kind())
	}
}

// boolean reads true or false.
func (f *File) boolean(node *yaml.Node, tag string, out reflect.Value) error {
	switch {
	case tag == "bool":
		out.SetBool(strings.EqualFold(node.Value, "true"))
		return nil
	case tag == "str" && elsewhereBool.MatchString(node.Value):
		return f.errorIn(node, "%q is text to other readers of YAML; write true or false", node.Value)
	}
	return f.wrongType(node, reflect.Bool)
}

// number reads a whole number.
func (f *File) number(node *yaml.Node, tag string, out reflect.Value) error {
	if decimal.MatchString(node.Value) && (tag == "int" || tag == "float") { // a float where it is too large
		n, err := strconv.Atoi(node.Value)
		if err != nil {
			return f.wrongType(node, reflect.Int)
		}
		out.SetInt(int64(n))
		return nil
	}
	float, err := strconv.ParseFloat(node.Value, 64)
	if tag == "int" || tag == "float" && err == nil && !math.IsInf(float, 0) {
		return f.errorIn(node, "%s is another number to other readers of YAML; write a whole number in decimal digits", node.Value)
	}
	return f.wrongType(node, reflect.Int)
}

// shortTag is the kind of a node's value: str, int, map and so on.
func shortTag(node *yaml.Node) string { return strings.TrimPrefix(node.ShortTag(), "!!") }
