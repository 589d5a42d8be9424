package strictyaml

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// decimal is the one notation of a whole number that all readers of YAML agree
// on: 010 is eight to some and ten to others, and 1_0 is text to some.
var decimal = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)

// checkWritten wants each value written as what it is read into, so that an editor
// that holds the file against a JSON Schema reads the same: the YAML library also
// takes yes for true, 010 for eight, 1.5 for one, numbers for strings and nothing
// for anything. kind is the type that node was decoded into. A [yaml.Node] in it is
// its owner's to judge.
func (f *File) checkWritten(node *yaml.Node, kind reflect.Type) error {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	for kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	switch {
	case kind == reflect.TypeFor[yaml.Node]():
		return nil
	case node.Kind == yaml.MappingNode:
		return f.checkMapping(node, kind)
	case node.Kind == yaml.ScalarNode:
		return f.checkScalar(node, kind)
	}
	for _, item := range node.Content {
		if err := f.checkWritten(item, kind.Elem()); err != nil {
			return err
		}
	}
	return nil
}

// checkMapping checks what is read into a struct or map.
func (f *File) checkMapping(node *yaml.Node, kind reflect.Type) error {
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if err := f.checkScalar(key, reflect.TypeFor[string]()); err != nil {
			return err
		}
		of := kind
		if kind.Kind() == reflect.Map {
			of = kind.Elem()
		} else if field, found := fieldOf(kind, key.Value); found {
			if of = field; value.Kind == yaml.ScalarNode && value.Value == "" && of.Kind() == reflect.String {
				return f.errorIn(value, "nothing stands behind %s; write it, or remove the key", key.Value)
			}
		}
		if err := f.checkWritten(value, of); err != nil {
			return err
		}
	}
	return nil
}

// fieldOf is the type of the field of a struct, or of one inline in it, that a
// key is read into.
func fieldOf(kind reflect.Type, key string) (reflect.Type, bool) {
	for i := range kind.NumField() {
		field := kind.Field(i)
		name, option, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if option == "inline" {
			if found, ok := fieldOf(field.Type, key); ok {
				return found, true
			}
		} else if name == key {
			return field.Type, true
		}
	}
	return nil, false
}

// checkScalar checks a single value.
func (f *File) checkScalar(node *yaml.Node, kind reflect.Type) error {
	tag := strings.TrimPrefix(node.ShortTag(), "!!")
	switch {
	case tag == "null" && node.Value == "":
		return f.errorIn(node, "nothing stands here; write a value, or remove the key")
	case tag == "null":
		return f.errorIn(node, "%s is nothing; write a value, or remove the key", node.Value)
	case kind.Kind() == reflect.Bool && tag != "bool":
		return f.errorIn(node, "%q is text to other readers of YAML; write true or false", node.Value)
	case kind.Kind() == reflect.Int && !decimal.MatchString(node.Value):
		return f.errorIn(node, "%s is another number to other readers of YAML; write a whole number in decimal digits", node.Value)
	case kind.Kind() == reflect.String && (tag == "int" || tag == "float" || tag == "bool"):
		return f.errorIn(node, "%s is %s; put it between quotes, since a string belongs here", node.Value, kinds[tag])
	}
	return nil
}

// errorIn is an error at a node.
func (f *File) errorIn(node *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("%s:%d:%d: %s", f.name, node.Line, node.Column, fmt.Sprintf(format, args...))
}
