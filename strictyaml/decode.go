package strictyaml

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"reflect"

	"go.yaml.in/yaml/v4"

	"extauthz/diag"
)

// A File is a decoded YAML document. It finds the positions of values.
type File struct {
	source diag.Source
	root   *yaml.Node

	faults diag.Faults
	faulty map[*yaml.Node]bool            // values that have a fault in them
	lacks  map[*yaml.Node]map[string]bool // by mapping: the keys whose value may be missing because of a faulty key; "" means any

	keys map[*yaml.Node]map[string]*yaml.Node // values by key, of mappings that find looked into

	aliases  int // aliases around the value that is being decoded
	expanded int // values that were decoded through aliases
}

// Decode reads one YAML document into value, a pointer to a struct. The fields of a
// struct have names in their yaml tags, or are inline. They are strings, booleans,
// ints, lists, structs, pointers to these, maps from strings, and [yaml.Node]s, which
// the caller checks. A [String], a [StringMap] and a [diag.Point] with the yaml tag
// ",position" receive positions. Decode takes time in proportion to the text.
//
// The error consists of all faults: unknown keys, repeated keys, values of the wrong
// type, and values that readers of YAML disagree about. Merged keys, tags, directives
// and a second document are faults too. Only a fault in the encoding or syntax of the
// text hides others. If the text is a mapping that does not repeat too many values through
// aliases, Decode returns a File even with an error, and value contains what is correct;
// see [File.IsKnown].
func Decode(name string, text []byte, value any) (*File, error) {
	f := &File{source: diag.File(name), faulty: map[*yaml.Node]bool{}, lacks: map[*yaml.Node]map[string]bool{}, keys: map[*yaml.Node]map[string]*yaml.Node{}}
	if err := f.parse(text); err != nil {
		return nil, err
	}
	if ok := f.value(f.root, reflect.ValueOf(value).Elem()); !ok && f.root.Kind != yaml.MappingNode || f.expanded > maxExpanded {
		return nil, f.faults.Err()
	}
	return f, f.faults.Err()
}

// parse reads the nodes of the document.
func (f *File) parse(text []byte) error {
	if err := f.checkText(text); err != nil {
		return err
	}
	loader, err := yaml.NewLoader(bytes.NewReader(text))
	if err != nil {
		return err // only for wrong options
	}
	var document yaml.Node
	if err := loader.Load(&document); errors.Is(err, io.EOF) {
		return diag.New(f.source.At(diag.Point{}), "the file is empty", "write its content, or restore the file")
	} else if err != nil {
		return f.syntaxError(text, err)
	}
	f.root = document.Content[0]
	f.faults.Add(f.checkEnd(loader, text))
	f.checkTags(f.root)
	return nil
}

// checkText checks the encoding of a text, and that it has no directives.
func (f *File) checkText(text []byte) error {
	t := diag.NewText(f.source, diag.Point{Line: 1, Column: 1}, text)
	if err := cmp.Or(t.Check(), t.CheckCharacters("YAML", notInYAML, "remove it, or save the file again")); err != nil {
		return err
	}
	start := 0
	for line := range bytes.Lines(text) {
		if line[0] == '%' {
			return diag.New(t.Position(start), "a line that begins with % is a YAML directive", "remove it")
		}
		if content := bytes.TrimSpace(line); len(content) > 0 && content[0] != '#' {
			return nil // directives are before the document
		}
		start += len(line)
	}
	return nil
}

// notInYAML reports whether YAML excludes a character (YAML 1.2, section 5.1). [diag.Text]
// excludes those below U+0020.
func notInYAML(c rune) bool {
	return 0x7f <= c && c < 0xa0 && c != 0x85 || c == 0xfffe || c == 0xffff
}

// checkEnd checks that nothing follows the document.
func (f *File) checkEnd(loader *yaml.Loader, text []byte) error {
	var second yaml.Node
	switch err := loader.Load(&second); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return f.syntaxError(text, err)
	}
	return diag.New(f.positionOf(&second), "a second YAML document follows the first", "keep one")
}

// checkTags reports merged keys, which have no position of their own in the mapping, and
// tags, which change the value. The library leaves the tag "!" as it is, which some
// readers take for a string and others ignore.
func (f *File) checkTags(node *yaml.Node) {
	switch {
	case node.Tag == "!!merge":
		f.fault(node, "<< merges the keys of another mapping", "write the keys here")
	case node.Style&yaml.TaggedStyle != 0 || node.Tag == "!":
		// Without the tag, which is a password that begins with an exclamation mark.
		f.fault(node, "the tag, which begins with !, changes the type of the value", "remove the tag, or put the value in quotes")
	}
	for _, child := range node.Content {
		f.checkTags(child)
	}
}

// fault adds a fault at a node.
func (f *File) fault(node *yaml.Node, problem, remedy string) {
	f.faults.Add(diag.New(f.positionOf(node), problem, remedy))
	f.faulty[node] = true
}

func (f *File) positionOf(node *yaml.Node) diag.Position { return f.source.At(PointOf(node)) }

// PointOf returns where a node begins.
func PointOf(node *yaml.Node) diag.Point {
	return diag.Point{Line: int32(node.Line), Column: int32(node.Column)}
}

// At returns the position of the value that path leads to: strings are keys, and
// numbers are indexes of a list. If a step does not exist, it returns the position of
// the last value that does.
func (f *File) At(path ...any) diag.Position {
	node, _ := f.find(path)
	return f.positionOf(node)
}

// ErrorAt returns err with the position of the value that path leads to, as [File.At]
// finds it. Diagnostics that have a position retain it.
func (f *File) ErrorAt(err error, path ...any) error {
	return diag.Wrap(f.At(path...), "", err)
}

// Faulty reports whether Decode found a fault in the value that path leads to.
func (f *File) Faulty(path ...any) bool {
	node, found := f.find(path)
	return found && f.faulty[target(node)]
}

// IsKnown reports whether the value that path leads to is the one that was meant: it is
// correct and occurs once or, if it does not exist, no key with a fault could be its key.
// An unknown key could not if it is similar to another one.
func (f *File) IsKnown(path ...any) bool {
	if len(path) == 0 {
		return !f.Faulty()
	}
	last := len(path) - 1
	parent, found := f.find(path[:last])
	parent = target(parent)
	value := f.child(parent, path[last])
	if value != nil && f.faulty[target(value)] {
		return false
	}
	key, isKey := path[last].(string)
	switch {
	case !found:
		return false
	case isKey:
		return parent.Kind == yaml.MappingNode && !f.lacks[parent][key] && (value != nil || !f.lacks[parent][""])
	}
	return parent.Kind == yaml.SequenceNode
}

// lack records that a key of a mapping has a fault, and so the value of the key that was
// meant may be missing.
func (f *File) lack(mapping *yaml.Node, meant string) {
	if f.lacks[mapping] == nil {
		f.lacks[mapping] = map[string]bool{}
	}
	f.lacks[mapping][meant] = true
}

// find returns the node that path leads to, or the last on the path that exists.
func (f *File) find(path []any) (node *yaml.Node, found bool) {
	node = f.root
	for _, step := range path {
		next := f.child(node, step)
		if next == nil {
			return node, false
		}
		node = next
	}
	return node, true
}

// child returns a value of a mapping or an item of a list; nil if it does not exist.
func (f *File) child(node *yaml.Node, step any) *yaml.Node {
	node = target(node)
	switch step := step.(type) {
	case int:
		if node.Kind == yaml.SequenceNode && step < len(node.Content) {
			return node.Content[step]
		}
	case string:
		return f.valuesOf(node)[step]
	}
	return nil
}

// valuesOf returns the values of a mapping by key. The index makes it fast to find the
// positions of many faults in a large mapping.
func (f *File) valuesOf(node *yaml.Node) map[string]*yaml.Node {
	if node.Kind != yaml.MappingNode {
		return nil
	}
	values, found := f.keys[node]
	if !found {
		values = make(map[string]*yaml.Node, len(node.Content)/2)
		for i := len(node.Content) - 2; i >= 0; i -= 2 { // the first of repeated keys remains
			values[target(node.Content[i]).Value] = node.Content[i+1]
		}
		f.keys[node] = values
	}
	return values
}

// target returns the node that an alias refers to, and any other node itself.
func target(node *yaml.Node) *yaml.Node {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}
