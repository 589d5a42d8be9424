package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// A File is a YAML document whose values can be traced to their lines.
type File struct {
	name string
	root yaml.Node

	aliases  int // around the value that is read now
	expanded int // values that aliases stood for so far
}

// Decode reads one YAML document into value, a pointer to a struct whose fields have
// names in their yaml tags, or are inline: strings, booleans, ints, lists, structs,
// pointers to them, maps from strings, and [yaml.Node]s, which are their owners' to
// judge. It takes time in proportion to the text. Unknown keys,
// repeated keys, wrong types, values that readers of YAML differ about, merged keys,
// tags, directives and a second document are errors that name file and line. name
// is what errors call the file.
func Decode(name string, text []byte, value any) (*File, error) {
	f := &File{name: name}
	if !utf8.Valid(text) || bytes.HasPrefix(text, []byte("\ufeff")) {
		return nil, fmt.Errorf("%s: not UTF-8, or with a byte order mark; save it as UTF-8 without one", name)
	}
	if err := f.parse(text); err != nil {
		return nil, err
	}
	if err := f.value(f.root.Content[0], reflect.ValueOf(value).Elem()); err != nil {
		return nil, err
	}
	return f, nil
}

// parse reads the nodes, and refuses what no file here has a use for.
func (f *File) parse(text []byte) error {
	for line := range bytes.Lines(text) { // up to the document
		if bytes.HasPrefix(line, []byte("%")) {
			return fmt.Errorf("%s: lines that begin with %% say which YAML this is; remove them", f.name)
		} else if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			break
		}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&f.root); errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: the file is empty; write what belongs in it, or restore it", f.name)
	} else if err != nil {
		return f.syntaxError(text)
	}
	if err := f.checkEnd(decoder, text); err != nil {
		return err
	}
	return f.checkPlain(&f.root)
}

// checkEnd wants nothing more behind the document.
func (f *File) checkEnd(decoder *yaml.Decoder, text []byte) error {
	var second yaml.Node
	switch err := decoder.Decode(&second); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return f.syntaxError(text)
	}
	return fmt.Errorf("%s:%d: a second YAML document follows the first; keep one", f.name, second.Line)
}

// checkPlain refuses what YAML has and these files have no use for: keys that are
// merged in from elsewhere, whose places no error could tell, and tags, which make
// another value of what is written.
func (f *File) checkPlain(node *yaml.Node) error {
	wrong := ""
	switch {
	case node.Tag == "!!merge":
		wrong = "<< merges keys from elsewhere; write them out here"
	case node.Style&yaml.TaggedStyle != 0:
		wrong = fmt.Sprintf("the tag %s makes another value of what is written; remove the tag", node.ShortTag())
	}
	if wrong != "" {
		return f.errorIn(node, "%s", wrong)
	}
	for _, child := range node.Content {
		if err := f.checkPlain(child); err != nil {
			return err
		}
	}
	return nil
}

// ErrorAt places an error at the value that path leads to: strings are keys,
// numbers are positions in a list. Where a step is missing it stays at the last
// that is there.
func (f *File) ErrorAt(err error, path ...any) error {
	line, column := f.Position(path...)
	return fmt.Errorf("%s:%d:%d: %w", f.name, line, column, err)
}

// Position is the line and column, from 1, of the value that path leads to, as in
// [File.ErrorAt].
func (f *File) Position(path ...any) (line, column int) {
	node := &f.root
	if node.Kind == yaml.DocumentNode && len(node.Content) > 0 {
		node = node.Content[0]
	}
	for _, step := range path {
		next := child(node, step)
		if next == nil {
			break
		}
		node = next
	}
	return node.Line, node.Column
}

func child(node *yaml.Node, step any) *yaml.Node {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	switch step := step.(type) {
	case int:
		if node.Kind == yaml.SequenceNode && step < len(node.Content) {
			return node.Content[step]
		}
	case string:
		for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return node.Content[i+1]
			}
		}
	}
	return nil
}
