package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// syntaxError describes a text that is not YAML. The YAML library tells the place of
// an error only in the wording of its text, so the line is found by parsing: it is
// the one after the longest beginning of the text that is YAML by itself. The fault
// is in that line, or in what it opens and a later line should close.
func (f *File) syntaxError(text []byte) error {
	number, line := brokenLine(text)
	return fmt.Errorf("%s:%d: not YAML: %s", f.name, number, remedy(line))
}

// maxReparsed bounds the bytes that are parsed again to find a line.
const maxReparsed = 32 << 20

// linesOneByOne is how many lines before the end of what was read are tried one by
// one. Before them the steps grow.
const linesOneByOne = 16

// brokenLine returns the number and the text of the line where YAML ends.
func brokenLine(text []byte) (number int, line []byte) {
	r := &lineReader{rest: text}
	parses(r)
	ends := []int{0} // of the first lines
	for line := range bytes.Lines(text) {
		ends = append(ends, ends[len(ends)-1]+len(line))
	}
	budget := maxReparsed
	isYAML := func(lines int) bool {
		budget -= ends[lines]
		return lines == 0 || parses(bytes.NewReader(text[:ends[lines]]))
	}
	good, bad, step := 0, min(max(r.lines, 1), len(ends)-1), 1
	for tried := 1; budget > 0; tried++ {
		lines := max(bad-step, 0)
		if isYAML(lines) {
			good = lines
			break
		}
		if bad = lines; tried >= linesOneByOne {
			step *= 2
		}
	}
	for bad-good > 1 && budget > 0 {
		if lines := (good + bad) / 2; isYAML(lines) {
			good = lines
		} else {
			bad = lines
		}
	}
	return bad, text[ends[bad-1]:ends[bad]]
}

// parses reports whether all documents that r contains are YAML.
func parses(r io.Reader) bool {
	for decoder := yaml.NewDecoder(r); ; {
		var document yaml.Node
		if err := decoder.Decode(&document); err != nil {
			return errors.Is(err, io.EOF)
		}
	}
}

// lineReader returns one line at a time, so that the number of lines read shows how
// far the YAML library went.
type lineReader struct {
	rest  []byte
	begun bool // a part of the line was returned
	lines int
}

// Read implements io.Reader.
func (r *lineReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	end := bytes.IndexByte(r.rest, '\n') + 1
	if end == 0 {
		end = len(r.rest)
	}
	n := copy(p, r.rest[:end])
	if !r.begun {
		r.lines++
	}
	r.begun, r.rest = n < end, r.rest[n:]
	return n, nil
}

// The forms of common faults.
var (
	tabIndentation = regexp.MustCompile(`^ *\t`)
	unquoted       = regexp.MustCompile("(^|[-:,] +|[\\[{] *)[@%`]")
	aliasOfNothing = regexp.MustCompile(`(^|[-:,] +|[\[{] *)\*[^ *]`)
)

// remedy says what to do about a line that is not YAML.
func remedy(line []byte) string {
	trimmed := bytes.TrimLeft(line, " ")
	switch {
	case bytes.ContainsFunc(line, isControl):
		return "the line contains control characters; remove them, or save the file again"
	case tabIndentation.Match(line):
		return "indent with spaces, not tabs"
	case unquoted.Match(trimmed):
		return "put what begins with @, ` or % between quotes"
	case aliasOfNothing.Match(trimmed):
		return "the line refers to an anchor that does not exist; write the values out, without anchors"
	}
	return "fix the indentation, quotes and brackets here or in the lines below"
}

// isControl reports whether YAML excludes a character (YAML 1.2, section 5.1).
func isControl(c rune) bool {
	return c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f || 0x80 <= c && c < 0xa0 && c != 0x85
}
