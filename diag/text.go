package diag

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// A Text is the content of a source. It returns the positions of its bytes, and checks its
// characters.
type Text struct {
	source  Source
	start   Point // of the content in its source
	content []byte

	// The last point that was computed: the first counted bytes contain so many line
	// breaks, and so many characters follow the last of them.
	counted        int
	lines, columns int32
}

// NewText returns a text that begins at start in its source.
func NewText(source Source, start Point, content []byte) *Text {
	return &Text{source: source, start: start, content: content}
}

// NewFileText returns the text of a whole file.
func NewFileText(path string, content []byte) *Text {
	return NewText(File(path), Point{Line: 1, Column: 1}, content)
}

// Position returns the position of a byte.
func (t *Text) Position(offset int) Position { return t.source.At(t.Point(offset)) }

// Point returns the line and column of a byte. Calls in the order of the text take time in
// proportion to its length.
func (t *Text) Point(offset int) Point {
	offset = min(offset, len(t.content))
	if offset < t.counted {
		t.counted, t.lines, t.columns = 0, 0, 0
	}
	passed := t.content[t.counted:offset]
	if newline := bytes.LastIndexByte(passed, '\n'); newline >= 0 {
		t.lines += int32(bytes.Count(passed, []byte("\n")))
		t.columns, passed = 0, passed[newline+1:]
	}
	t.columns += int32(utf8.RuneCount(passed))
	t.counted = offset
	if t.lines == 0 {
		return Point{Line: t.start.Line, Column: t.start.Column + t.columns}
	}
	return Point{Line: t.start.Line + t.lines, Column: t.columns + 1}
}

// Check returns an error if the text is not UTF-8, begins with a byte order mark or contains
// a control character other than tab and line breaks. Programs read such texts differently.
func (t *Text) Check() error {
	switch {
	case bytes.HasPrefix(t.content, []byte("\xff\xfe")), bytes.HasPrefix(t.content, []byte("\xfe\xff")):
		return New(t.Position(0), "the text is UTF-16", "save it as UTF-8")
	case bytes.HasPrefix(t.content, []byte("\ufeff")):
		return New(t.Position(0), "the text begins with a byte order mark", "save it as UTF-8 without one")
	}
	for i := 0; i < len(t.content); i++ {
		switch c := t.content[i]; {
		case c < ' ' && c != '\t' && c != '\n' && c != '\r':
			return New(t.Position(i), fmt.Sprintf("the control character %U is not text", c), "remove it, or restore the file")
		case c >= utf8.RuneSelf:
			_, width := utf8.DecodeRune(t.content[i:])
			if width == 1 {
				return New(t.Position(i), "this byte is not UTF-8", "save the text as UTF-8")
			}
			i += width - 1
		}
	}
	return nil
}

// CheckCharacters returns an error about the first character that a format, such as YAML,
// does not allow.
func (t *Text) CheckCharacters(format string, isInvalid func(rune) bool, remedy string) error {
	at := bytes.IndexFunc(t.content, isInvalid)
	if at < 0 {
		return nil
	}
	c, _ := utf8.DecodeRune(t.content[at:])
	return New(t.Position(at), fmt.Sprintf("%s cannot contain the character %#U", format, c), remedy)
}
