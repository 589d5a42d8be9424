package accesskey

import (
	"fmt"
	"strings"

	"extauthz/diag"
)

// A File contains the access keys of a file.
type File struct {
	keys  map[string]key
	order []string // the ids in the order of their lines
}

type key struct {
	secret string
	line   int // from 1
}

// ParseFile parses a file with a line "ID:SECRET" for each access key. Blank lines and lines
// that start with # are ignored. The error has a diagnostic for each faulty line, and
// contains nothing of the line except the id of a key.
func ParseFile(file string, text []byte) (*File, error) {
	f := &File{keys: map[string]key{}}
	var faults diag.Faults
	all, offset := diag.NewFileText(file, text), 0
	for line := range strings.Lines(string(text)) {
		at := diag.Point{Line: all.Point(offset).Line}
		offset += len(line)
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		if line == "" || line[0] == '#' {
			continue
		}
		if problem, remedy := f.add(line, int(at.Line)); problem != "" {
			faults.Add(diag.New(diag.File(file).At(at), problem, remedy))
		}
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return f, nil
}

// add adds the key of a line, or returns what is wrong with the line.
func (f *File) add(line string, number int) (problem, remedy string) {
	const create = "create a key with `extauthz access-key create`"
	id, text, found := strings.Cut(line, ":")
	_, twice := f.keys[id]
	switch {
	case !found:
		return "no colon in this line", "write ID:SECRET, or " + create
	case IsID(id, Temporary):
		return fmt.Sprintf("access key %s is of temporary credentials, which need no line", id), "remove the line"
	case !IsID(id, LongTerm):
		return "the id of the access key is not AKIA and 16 of the characters A-Z and 2-7", create
	case twice:
		return fmt.Sprintf("access key %s is listed twice", id), "keep one line"
	case !secret.MatchString(text):
		return fmt.Sprintf("the secret of access key %s is not 40 characters of base64", id), create
	}
	f.keys[id] = key{text, number}
	f.order = append(f.order, id)
	return "", ""
}

// Secret returns the secret of an access key, "" if the file does not have it.
func (f *File) Secret(id string) string {
	if f == nil {
		return ""
	}
	return f.keys[id].secret
}

// A Line is a line of the file.
type Line struct {
	ID     string
	Number int // from 1
}

// Lines returns the lines of the file in order.
func (f *File) Lines() []Line {
	if f == nil {
		return nil
	}
	lines := make([]Line, 0, len(f.order))
	for _, id := range f.order {
		lines = append(lines, Line{id, f.keys[id].line})
	}
	return lines
}
