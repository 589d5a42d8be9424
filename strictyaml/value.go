package strictyaml

import (
	"fmt"
	"iter"
	"reflect"
	"strings"

	"extauthz/nearest"

	"go.yaml.in/yaml/v3"
)

// maxExpanded bounds the values that aliases stand for in a file: a few lines of
// aliases to aliases can stand for more than there is memory.
const maxExpanded = 100_000

// value reads a node into out. The YAML library could, but compares each key of a
// mapping with each other: some thousands of accounts or tags would take it minutes.
func (f *File) value(node *yaml.Node, out reflect.Value) error {
	if out.Type() == reflect.TypeFor[yaml.Node]() {
		out.Set(reflect.ValueOf(node).Elem())
		return nil
	}
	if node.Kind == yaml.AliasNode {
		node = node.Alias
		f.aliases++
		defer func() { f.aliases-- }()
	}
	if f.aliases > 0 {
		if f.expanded++; f.expanded > maxExpanded {
			return fmt.Errorf("%s: document contains excessive aliasing; write the values out, without anchors", f.name)
		}
	}
	return f.plain(node, out)
}

// plain reads a node that is no alias.
func (f *File) plain(node *yaml.Node, out reflect.Value) error {
	kind := out.Kind()
	switch {
	case node.Kind == yaml.ScalarNode:
		return f.scalar(node, out)
	case kind == reflect.Pointer:
		out.Set(reflect.New(out.Type().Elem()))
		return f.plain(node, out.Elem())
	case node.Kind == yaml.MappingNode && (kind == reflect.Struct || kind == reflect.Map):
		return f.mapping(node, out)
	case node.Kind == yaml.SequenceNode && kind == reflect.Slice:
		return f.sequence(node, out)
	}
	return f.wrongType(node, kind)
}

// sequence reads a list.
func (f *File) sequence(node *yaml.Node, out reflect.Value) error {
	out.Set(reflect.MakeSlice(out.Type(), len(node.Content), len(node.Content)))
	for i, item := range node.Content {
		if err := f.value(item, out.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

// mapping reads a mapping into a struct or map.
func (f *File) mapping(node *yaml.Node, out reflect.Value) error {
	lines := map[string]int{} // where each key is
	if out.Kind() == reflect.Map {
		out.Set(reflect.MakeMapWithSize(out.Type(), len(node.Content)/2))
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		name := ""
		if err := f.value(key, reflect.ValueOf(&name).Elem()); err != nil {
			return err
		}
		if first, twice := lines[name]; twice {
			return f.errorOn(key, "mapping key %q already defined at line %d; keep one of the two", name, first)
		}
		lines[name] = key.Line
		if err := f.member(key, name, value, out); err != nil {
			return err
		}
	}
	return nil
}

// member reads what stands behind a key of a mapping.
func (f *File) member(key *yaml.Node, name string, value *yaml.Node, out reflect.Value) error {
	if out.Kind() == reflect.Map {
		element := reflect.New(out.Type().Elem()).Elem()
		if err := f.value(value, element); err != nil {
			return err
		}
		out.SetMapIndex(reflect.ValueOf(name), element)
		return nil
	}
	field, known := fieldOf(out, name)
	switch {
	case !known:
		return f.unknownKey(key, name, out)
	case field.Kind() == reflect.String && isEmpty(value):
		return f.errorIn(value, "nothing stands behind %s; write it, or remove the key", name)
	}
	return f.value(value, field)
}

// fieldOf is the field of a struct, or of one inline in it, that a key is read into.
func fieldOf(out reflect.Value, key string) (reflect.Value, bool) {
	for i := range out.NumField() {
		name, option, _ := strings.Cut(out.Type().Field(i).Tag.Get("yaml"), ",")
		if option == "inline" {
			if field, found := fieldOf(out.Field(i), key); found {
				return field, true
			}
		} else if name == key {
			return out.Field(i), true
		}
	}
	return reflect.Value{}, false
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
			} else if !yield(name) {
				return
			}
		}
	}
}

// unknownKey returns the error about a key that a struct does not have. It proposes
// the nearest one that the struct has, if at most half of the key is misspelled.
func (f *File) unknownKey(key *yaml.Node, name string, out reflect.Value) error {
	if meant := nearest.To(name, keysOf(out.Type()), len(name)/2); meant != "" {
		return f.errorIn(key, "key %s is not known here%s", name, nearest.DidYouMean(meant))
	}
	return f.errorIn(key, "key %s is not known here; fix its name or remove it", name)
}

// isEmpty tells whether a node is a scalar of no characters.
func isEmpty(node *yaml.Node) bool {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node.Kind == yaml.ScalarNode && node.Value == ""
}
