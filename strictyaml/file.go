package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A File is a YAML document whose values can be traced to their lines.
type File struct {
	name string
	root yaml.Node
}

// Decode reads one YAML document into value: unknown keys, repeated keys, wrong
// types and a second document are errors that name file and line. name is what
// errors call the file.
func Decode(name string, text []byte, value any) (*File, error) {
	f := &File{name: name}
	if err := yaml.Unmarshal(text, &f.root); err != nil {
		return nil, f.wrap(err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(value); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("the file is empty")
		}
		return nil, f.wrap(err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: a second YAML document follows the first; keep one", name)
	}
	return f, nil
}

var (
	errorLine = regexp.MustCompile(`line (\d+): (.*)`)
	goType    = regexp.MustCompile(` (in|into) (type )?[\w.\[\]*]+$`)
)

// wrap turns an error of the YAML library into one line that names the place.
func (f *File) wrap(err error) error {
	text := err.Error()
	var several *yaml.TypeError
	if errors.As(err, &several) && len(several.Errors) > 0 {
		text = several.Errors[0]
	}
	m := errorLine.FindStringSubmatch(text)
	if m == nil {
		return fmt.Errorf("%s: %s", f.name, text)
	}
	text = goType.ReplaceAllString(m[2], "")
	if key, found := strings.CutPrefix(text, "field "); found {
		text = "key " + strings.TrimSuffix(key, " not found") + " is not known here; mend its name or remove it"
	}
	return fmt.Errorf("%s:%s: %s", f.name, m[1], text)
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
