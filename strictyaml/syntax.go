package strictyaml

import (
	"bytes"
	"errors"
	"slices"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"extauthz/diag"
)

// A mark is a place in a text that the YAML library reports. Index counts characters
// from 0.
type mark struct {
	index int
	diag.Point
}

// syntaxError describes a text that is not YAML.
func (f *File) syntaxError(text []byte, err error) error {
	var e *yaml.LoadError
	if !errors.As(err, &e) {
		return diag.New(f.source.At(diag.Point{}), "not valid YAML", "fix the file, or restore it")
	}
	at := faultOf(text, e)
	return diag.New(f.source.At(at.Point), "not valid YAML", remedy(text, e.Stage, at))
}

// faultOf returns the place where the text should be fixed. An error of the library has
// two marks: how far it read, and the beginning of what it was reading. The first is the
// fault if a character is wrong there, and the second if something was not closed.
func faultOf(text []byte, e *yaml.LoadError) mark {
	read, opened := marks(e)
	before, rest := split(text, read.index)
	switch {
	case e.Stage == yaml.ComposerStage:
		return read // and has no index
	case len(rest) == 0:
		if opened == read {
			opened = openBracket(before)
		}
		if opened.Line == 0 {
			return lastCharacter(text)
		}
		return opened
	case opened.Line == 0, opened == read && bytes.HasPrefix(rest, []byte("- ")):
		opened = openBracket(before) // the character is wrong in a list or mapping only
	}
	if opened.Line == 0 || opened.Line == read.Line {
		return read
	}
	line := before[bytes.LastIndexByte(before, '\n')+1:]
	switch {
	case e.Stage == yaml.ParserStage && !startsBracket(text, opened),
		bytes.HasPrefix(rest, []byte("\t")),
		bytes.Contains(line, []byte(`\`)) || bytes.HasPrefix(rest, []byte(`\`)):
		return read // the indentation, a tab or an escape sequence
	}
	return opened // without its end or, for a key, its colon
}

// marks returns the marks of an error; the second is zero if it has only one.
func marks(e *yaml.LoadError) (read, opened mark) {
	point := func(m yaml.Mark) mark { return mark{m.Index, diag.Point{Line: int32(m.Line), Column: int32(m.Column)}} }
	return point(e.Mark), point(e.ContextMark)
}

// openBracket returns the bracket that is not closed at the end of a text; zero if there
// is none. With a value at the end, the library reports the list or mapping that the
// value is in.
func openBracket(text []byte) mark {
	longer := append(slices.Clip(text), "\n 0"...)
	var e *yaml.LoadError
	if err := yaml.Load(longer, new(yaml.Node)); !errors.As(err, &e) {
		return mark{}
	}
	read, opened := marks(e)
	if opened.Line == 0 || opened == read || !startsBracket(longer, opened) {
		return mark{}
	}
	return opened
}

// startsBracket reports whether a list or mapping in brackets starts at a mark.
func startsBracket(text []byte, at mark) bool {
	_, rest := split(text, at.index)
	return bytes.HasPrefix(rest, []byte("[")) || bytes.HasPrefix(rest, []byte("{"))
}

// split splits a text before the character with this index.
func split(text []byte, index int) (before, rest []byte) {
	at := 0
	for ; index > 0 && at < len(text); index-- {
		_, width := utf8.DecodeRune(text[at:])
		at += width
	}
	return text[:at], text[at:]
}

// lastCharacter returns where the last character of a text is that is not a space.
func lastCharacter(text []byte) mark {
	text = bytes.TrimRightFunc(text, unicode.IsSpace)
	_, width := utf8.DecodeLastRune(text)
	before := text[:len(text)-width]
	return mark{utf8.RuneCount(before), diag.NewFileText("", text).Point(len(before))}
}

// remedy says how to fix a text at a place.
func remedy(text []byte, stage yaml.Stage, at mark) string {
	if stage == yaml.ComposerStage {
		return "this refers to an anchor that does not exist; write the values out, without anchors"
	}
	switch _, rest := split(text, at.index); {
	case bytes.HasPrefix(rest, []byte("\t")):
		return "indent with spaces, not tabs"
	case len(rest) > 0 && bytes.IndexByte([]byte("@`%"), rest[0]) >= 0:
		return "put a value that begins with @, ` or % in quotes"
	}
	return "fix the indentation, quotes and brackets here or in the lines below"
}
