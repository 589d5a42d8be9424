package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Error says why a text is refused: what is wrong first, where, and what to do
// about it.
type Error struct {
	Source       string // what the text is called, such as its file name
	Line, Column int    // counted from 1; a column is a character
	Message      string
}

// Error gives "source:line:column: message".
func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.Source, e.Line, e.Column, e.Message)
}

// A Reader reads one JSON text strictly: no name twice in an object, no value of
// another type than asked for. What a value is to be called in an error, the
// caller says. Every error is an *Error.
type Reader struct {
	source string
	line   int // the number of the text's first line
	text   []byte
	tokens *json.Decoder

	// The last position asked for: counted bytes hold so many line breaks, and
	// behind the last of them so many characters.
	counted, lines, columns int
}

// NewReader checks that text is JSON: one value and nothing after it. line is
// the number of its first line.
func NewReader(source string, line int, text []byte) (*Reader, error) {
	r := &Reader{source: source, line: line, text: text}
	if !utf8.Valid(text) {
		return nil, r.ErrorAt(validPrefix(text), "this byte is not UTF-8; save the input as UTF-8")
	}
	var whole json.RawMessage
	if err := json.Unmarshal(text, &whole); err != nil {
		offset := 0
		if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
			offset = max(0, int(syntax.Offset)-1)
		}
		return nil, r.ErrorAt(offset, "not JSON: %v; fix it here or just before", err)
	}
	r.tokens = json.NewDecoder(bytes.NewReader(text))
	r.tokens.UseNumber()
	return r, nil
}

// validPrefix is the length of the part of text that is UTF-8.
func validPrefix(text []byte) int {
	for i := 0; i < len(text); {
		c, width := utf8.DecodeRune(text[i:])
		if c == utf8.RuneError && width == 1 {
			return i
		}
		i += width
	}
	return len(text)
}

// ErrorAt returns an error placed at a byte of the text.
func (r *Reader) ErrorAt(offset int, format string, args ...any) error {
	line, column := r.Position(offset)
	return &Error{r.source, line, column, fmt.Sprintf(format, args...)}
}

// Position is where a byte of the text stands: line and column as an Error has
// them. Asked in the order of the text, it goes through the text once.
func (r *Reader) Position(offset int) (line, column int) {
	offset = min(offset, len(r.text))
	if offset < r.counted {
		r.counted, r.lines, r.columns = 0, 0, 0
	}
	passed := r.text[r.counted:offset]
	if newline := bytes.LastIndexByte(passed, '\n'); newline >= 0 {
		r.lines += bytes.Count(passed, []byte("\n"))
		r.columns, passed = 0, passed[newline+1:]
	}
	r.columns += utf8.RuneCount(passed)
	r.counted = offset
	return r.line + r.lines, r.columns + 1
}

// Start is the offset at which the next token begins.
func (r *Reader) Start() int {
	at := int(r.tokens.InputOffset())
	for at < len(r.text) && bytes.IndexByte([]byte(" \t\r\n,:"), r.text[at]) >= 0 {
		at++
	}
	return at
}

// next reads a token and returns it with its offset.
func (r *Reader) next() (json.Token, int, error) {
	at := r.Start()
	token, err := r.tokens.Token()
	if err != nil {
		return nil, at, r.ErrorAt(at, "not JSON: %v", err)
	}
	return token, at, nil
}

// AtArray tells whether the next value is an array.
func (r *Reader) AtArray() bool {
	at := r.Start()
	return at < len(r.text) && r.text[at] == '['
}

// Object reads an object; read is called for each name, with its offset, and
// reads the value.
func (r *Reader) Object(what string, read func(name string, at int) error) error {
	if err := r.open('{', what, "an object"); err != nil {
		return err
	}
	names := map[string]bool{}
	for r.tokens.More() {
		token, at, err := r.next()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		if names[name] {
			return r.ErrorAt(at, "%q occurs twice; keep one of the two", name)
		}
		names[name] = true
		if err := read(name, at); err != nil {
			return err
		}
	}
	_, _, err := r.next()
	return err
}

// Array reads an array; read is called for each item, with its number from 1.
func (r *Reader) Array(what string, read func(n int) error) error {
	if err := r.open('[', what, "an array"); err != nil {
		return err
	}
	for n := 1; r.tokens.More(); n++ {
		if err := read(n); err != nil {
			return err
		}
	}
	_, _, err := r.next()
	return err
}

func (r *Reader) open(delimiter json.Delim, what, kind string) error {
	token, at, err := r.next()
	if err == nil && token != delimiter {
		err = r.ErrorAt(at, "%s must be %s, not %s", what, kind, kindOf(token))
	}
	return err
}

// String reads a string and returns it with its offset.
func (r *Reader) String(what string) (string, int, error) {
	token, at, err := r.next()
	if err != nil {
		return "", at, err
	}
	text, ok := token.(string)
	if !ok {
		return "", at, r.ErrorAt(at, "%s must be a string, not %s", what, kindOf(token))
	}
	return text, at, nil
}

// Number reads a number, of which nothing is wanted.
func (r *Reader) Number(what string) error {
	token, at, err := r.next()
	if _, ok := token.(json.Number); err == nil && !ok {
		err = r.ErrorAt(at, "%s must be a number, not %s", what, kindOf(token))
	}
	return err
}

// Raw reads any value as it stands.
func (r *Reader) Raw() (json.RawMessage, error) {
	at := r.Start()
	var value json.RawMessage
	if err := r.tokens.Decode(&value); err != nil {
		return nil, r.ErrorAt(at, "not JSON: %v", err)
	}
	return value, nil
}

// kindOf names the kind of value that begins with the token, for messages.
func kindOf(token json.Token) string {
	switch token := token.(type) {
	case string:
		return "a string"
	case json.Number:
		return "a number"
	case bool:
		return "a boolean"
	case json.Delim:
		if token == '{' {
			return "an object"
		}
		return "an array"
	}
	return "null; leave it out instead"
}
