package diag

import (
	"cmp"
	"fmt"
	"strings"
)

// A Point is a place in a text. Line and Column count from 1, and a column is a
// character, not a byte. The zero Point is unknown; a Point without a column is a
// whole line. Policies have many of them, and a text has less than 2 GiB.
type Point struct{ Line, Column int32 }

// Compare orders points as they occur in a text.
func (p Point) Compare(q Point) int {
	return cmp.Or(cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column))
}

// String returns "line:column" without what is unknown.
func (p Point) String() string {
	switch {
	case p.Line == 0:
		return ""
	case p.Column == 0:
		return fmt.Sprint(p.Line)
	}
	return fmt.Sprintf("%d:%d", p.Line, p.Column)
}

// A Source is a text that has lines of its own: a file, or the value of a JSON string
// in a file, such as the policyText of an output of the AWS CLI.
type Source struct {
	// File is the path of the file, relative to the policy directory.
	File string
	// Element is the name of the JSON string that contains the text, "" if the text
	// is the file itself or a part of it.
	Element string
	// Start is where that string begins in the file; zero without an Element.
	Start Point
}

// File returns the source that is a whole file.
func File(path string) Source { return Source{File: path} }

// At returns a position in the source.
func (s Source) At(p Point) Position { return Position{s, p} }

// String returns the file or, of a text in a string, "file:line:column: in element".
func (s Source) String() string {
	if s.Element == "" {
		return s.File
	}
	return fmt.Sprintf("%s: in %s", at(s.File, s.Start), s.Element)
}

// Compare orders sources by file and by where they begin in it.
func (s Source) Compare(t Source) int {
	return cmp.Or(strings.Compare(s.File, t.File), s.Start.Compare(t.Start), strings.Compare(s.Element, t.Element))
}

// A Position is a point in a source.
type Position struct {
	Source
	Point
}

// InFile returns where the position is in its file: of a text in a JSON string, the
// beginning of the string.
func (p Position) InFile() Point {
	if p.Element != "" {
		return p.Start
	}
	return p.Point
}

// Compare orders positions by file, and as they occur in it.
func (p Position) Compare(q Position) int {
	return cmp.Or(strings.Compare(p.File, q.File), p.InFile().Compare(q.InFile()), p.Source.Compare(q.Source), p.Point.Compare(q.Point))
}

// String returns "file:line:column" without what is unknown.
func (p Position) String() string { return at(p.Source.String(), p.Point) }

// at joins the name of a source and a point.
func at(source string, p Point) string {
	switch {
	case p.Line == 0:
		return source
	case source == "":
		return p.String()
	}
	return source + ":" + p.String()
}
