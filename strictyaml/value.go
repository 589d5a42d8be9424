package strictyaml

import (
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"extauthz/diag"
	"extauthz/nearest"
)

// maxExpanded limits how many values of a file are decoded through aliases. A few lines
// of aliases to aliases can describe more values than fit into memory.
const maxExpanded = 100_000

// A String is a string and its position in the file.
type String struct {
	Text string
	At   diag.Point
}

// A StringMap is a mapping from strings to strings, and its position in the file.
type StringMap struct {
	Map map[string]string
	At  diag.Point
}

// value decodes a node, and reports whether it is correct. The YAML library could decode
// it, but compares each key of a mapping with each other: it would take minutes for some
// thousands of accounts or tags.
func (f *File) value(node *yaml.Node, out reflect.Value) bool {
	if out.Type() == reflect.TypeFor[yaml.Node]() {
		out.Set(reflect.ValueOf(node).Elem())
		f.faulty[node] = f.hasFault(node)
		return !f.faulty[node]
	}
	if at, inner, ok := positioned(out); ok {
		*at = PointOf(node)
		out = inner
	}
	if node.Kind == yaml.AliasNode {
		node = node.Alias
		f.aliases++
		defer func() { f.aliases-- }()
	}
	if f.aliases > 0 {
		if f.expanded++; f.expanded > maxExpanded {
			if f.expanded == maxExpanded+1 {
				f.fault(f.root, fmt.Sprintf("aliases repeat more than %d values", maxExpanded), "write the values out, without anchors")
			}
			f.faulty[node] = true
			return false
		}
	}
	if !f.plain(node, out) {
		f.faulty[node] = true
	}
	return !f.faulty[node]
}

// hasFault reports whether checkTags found a fault in a node.
func (f *File) hasFault(node *yaml.Node) bool {
	return f.faulty[node] || slices.ContainsFunc(node.Content, f.hasFault)
}

// positioned returns the position and the value of a String or StringMap.
func positioned(out reflect.Value) (at *diag.Point, inner reflect.Value, ok bool) {
	switch value := out.Addr().Interface().(type) {
	case *String:
		return &value.At, reflect.ValueOf(&value.Text).Elem(), true
	case *StringMap:
		return &value.At, reflect.ValueOf(&value.Map).Elem(), true
	}
	return nil, out, false
}

// plain decodes a node that is not an alias.
func (f *File) plain(node *yaml.Node, out reflect.Value) bool {
	kind := out.Kind()
	switch {
	case kind == reflect.Pointer:
		out.Set(reflect.New(out.Type().Elem()))
		return f.plain(node, out.Elem())
	case node.Kind == yaml.ScalarNode:
		return f.scalar(node, out)
	case node.Kind == yaml.MappingNode && (kind == reflect.Struct || kind == reflect.Map):
		return f.mapping(node, out)
	case node.Kind == yaml.SequenceNode && kind == reflect.Slice:
		return f.sequence(node, out)
	}
	return f.wrongType(node, kind)
}

// sequence decodes a list.
func (f *File) sequence(node *yaml.Node, out reflect.Value) bool {
	ok := true
	out.Set(reflect.MakeSlice(out.Type(), len(node.Content), len(node.Content)))
	for i, item := range node.Content {
		ok = f.value(item, out.Index(i)) && ok
	}
	return ok
}

// mapping decodes a mapping into a struct or map.
func (f *File) mapping(node *yaml.Node, out reflect.Value) bool {
	ok := true
	lines := map[string]diag.Point{} // by key
	setPosition(out, PointOf(node))
	if out.Kind() == reflect.Map {
		out.Set(reflect.MakeMapWithSize(out.Type(), len(node.Content)/2))
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		name := ""
		if !f.value(key, reflect.ValueOf(&name).Elem()) {
			f.lack(node, "")
			ok = false
			continue
		}
		if first, twice := lines[name]; twice {
			f.fault(key, fmt.Sprintf("key %q is already in line %v", name, first), "keep one of the two")
			f.lack(node, name)
			ok = false
			continue
		}
		lines[name] = diag.Point{Line: PointOf(key).Line}
		ok = f.member(node, key, name, value, out) && ok
	}
	return ok
}

// member decodes the value of a key in a mapping.
func (f *File) member(mapping, key *yaml.Node, name string, value *yaml.Node, out reflect.Value) bool {
	if out.Kind() == reflect.Map {
		element := reflect.New(out.Type().Elem()).Elem()
		ok := f.value(value, element)
		out.SetMapIndex(reflect.ValueOf(name), element)
		return ok
	}
	field, known := fieldOf(out, name)
	switch {
	case !known:
		f.lack(mapping, f.unknownKey(key, name, out))
		return false
	case isString(field) && isEmpty(value):
		f.fault(value, name+" is empty", "write a value, or remove the key")
		return false
	}
	return f.value(value, field)
}

// fieldOf returns the field of a struct, or of a struct inline in it, that has the key.
func fieldOf(out reflect.Value, key string) (reflect.Value, bool) {
	for i := range out.NumField() {
		name, option, _ := strings.Cut(out.Type().Field(i).Tag.Get("yaml"), ",")
		if option == "inline" {
			if field, found := fieldOf(out.Field(i), key); found {
				return field, true
			}
		} else if name == key && name != "" {
			return out.Field(i), true
		}
	}
	return reflect.Value{}, false
}

// setPosition sets the field of a struct that has the option position in its yaml tag.
func setPosition(out reflect.Value, at diag.Point) {
	if out.Kind() != reflect.Struct {
		return
	}
	for i := range out.NumField() {
		if out.Type().Field(i).Tag.Get("yaml") == ",position" {
			out.Field(i).Set(reflect.ValueOf(at))
		}
	}
}

// isString reports whether a field is a string, with or without its position.
func isString(field reflect.Value) bool {
	return field.Kind() == reflect.String || field.Type() == reflect.TypeFor[String]()
}

// keysOf returns the keys of a struct, and of those inline in it.
func keysOf(of reflect.Type) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := range of.NumField() {
			name, option, _ := strings.Cut(of.Field(i).Tag.Get("yaml"), ",")
			if option == "inline" {
				for key := range keysOf(of.Field(i).Type) {
					if !yield(key) {
						return
					}
				}
			} else if name != "" && !yield(name) {
				return
			}
		}
	}
}

// unknownKey reports a key that a struct does not have. It proposes and returns the nearest
// key of the struct if at most half of the key is misspelled, and otherwise returns "".
func (f *File) unknownKey(key *yaml.Node, name string, out reflect.Value) (meant string) {
	remedy := "fix its name, or remove it"
	if meant = nearest.To(name, keysOf(out.Type()), len(name)/2); meant != "" {
		remedy = fmt.Sprintf("did you mean %q?", meant)
	}
	f.fault(key, fmt.Sprintf("unknown key %q", name), remedy)
	return meant
}

// isEmpty reports whether a node is a scalar without characters.
func isEmpty(node *yaml.Node) bool {
	node = target(node)
	return node.Kind == yaml.ScalarNode && node.Value == ""
}
