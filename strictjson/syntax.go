package strictjson

import (
	"bytes"
	"encoding/json/jsontext"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// maxDepth is how many arrays and objects the decoder accepts around a value.
const maxDepth = 10_000

// whiteSpace is what JSON allows between tokens.
const whiteSpace = " \t\r\n"

// checkSyntax returns an error if the text is not one JSON value.
func (r *Reader) checkSyntax() error {
	r.restart()
	if err := r.readMembers(); err != nil {
		return r.syntaxError(err)
	}
	if rest := bytes.TrimLeft(r.text[r.End():], whiteSpace); len(rest) > 0 {
		return r.notJSON(len(r.text)-len(rest), "the text goes on after the end of its value")
	}
	return nil
}

// readMembers reads the value of the text. If it is an object, it records the members.
func (r *Reader) readMembers() error {
	if r.Kind() != jsontext.KindBeginObject {
		return r.tokens.SkipValue()
	}
	if _, err := r.tokens.ReadToken(); err != nil {
		return err
	}
	for r.Kind() != jsontext.KindEndObject {
		start := r.Start()
		if _, err := r.tokens.ReadToken(); err != nil {
			return err
		}
		r.members = append(r.members, member{name: r.text[start:r.End()], kind: r.Kind()})
		if err := r.tokens.SkipValue(); err != nil {
			return err
		}
	}
	_, err := r.tokens.ReadToken()
	return err
}

// syntaxError returns the error about a text that the decoder refuses.
func (r *Reader) syntaxError(err error) error {
	offset := len(r.text)
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		offset = min(int(syntax.ByteOffset), offset)
	}
	rest := r.text[offset:]
	switch {
	case len(bytes.TrimLeft(r.text, whiteSpace)) == 0:
		return r.notJSON(0, "the text is empty")
	case len(rest) == 0 || errors.Is(err, io.ErrUnexpectedEOF):
		return r.notJSON(len(r.text)-1, "the text ends before its value does")
	case r.tokens.StackDepth() >= maxDepth:
		return r.notJSON(offset, fmt.Sprintf("more than %d arrays and objects are nested", maxDepth))
	}
	switch c, width := utf8.DecodeRune(rest); c {
	case '\\':
		return r.notJSON(offset, fmt.Sprintf("%q begins an unknown escape sequence", rest[:min(2, len(rest))]))
	case ',':
		before, after := bytes.TrimRight(r.text[:offset], whiteSpace), bytes.TrimLeft(rest[width:], whiteSpace)
		if afterValue(before) && (bytes.HasPrefix(after, []byte("}")) || bytes.HasPrefix(after, []byte("]"))) {
			return r.notJSON(len(r.text)-len(after), fmt.Sprintf("a comma is before %q", after[0]))
		}
		fallthrough
	default:
		return r.notJSON(offset, fmt.Sprintf("unexpected %q", c))
	}
}

// afterValue reports whether a value can end where text ends.
func afterValue(text []byte) bool {
	return len(text) > 0 && !bytes.ContainsRune([]byte("[{,:"), rune(text[len(text)-1]))
}

func (r *Reader) notJSON(offset int, problem string) error {
	return r.ErrorAt(offset, "not JSON: "+problem, "fix it here or just before")
}
