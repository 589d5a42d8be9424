package strictjson

import (
	"bytes"
	"encoding/json"
	"encoding/json/jsontext"
	"fmt"
	"slices"

	"extauthz/diag"
)

// A Reader reads one JSON text, value by value. An error of a method about a value
// begins with what the caller calls the value.
type Reader struct {
	*diag.Text
	text   []byte
	tokens *jsontext.Decoder
	last   int // offset of the value or name that was read last, -1 for none

	members []member // of the text, if it is an object
}

// NewReader returns a reader of text, which begins at start in its source. It returns an
// error if text is not one JSON value.
func NewReader(source diag.Source, start diag.Point, text []byte) (*Reader, error) {
	r := &Reader{Text: diag.NewText(source, start, text), text: text, last: -1}
	if err := r.Check(); err != nil {
		return nil, err
	}
	if err := r.checkSyntax(); err != nil {
		return nil, err
	}
	r.restart()
	return r, nil
}

// NewFileReader returns a reader of a whole file.
func NewFileReader(path string, text []byte) (*Reader, error) {
	return NewReader(diag.File(path), diag.Point{Line: 1, Column: 1}, text)
}

// restart puts the decoder at the beginning of the text. Reader refuses repeated names
// itself, but not those in values that its caller skips. The text is valid UTF-8, but
// an escape such as \ud800 is not valid Unicode and becomes U+FFFD.
func (r *Reader) restart() {
	r.tokens = jsontext.NewDecoder(bytes.NewBuffer(r.text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// ErrorAt returns an error about the value at a byte of the text.
func (r *Reader) ErrorAt(offset int, problem, remedy string) error {
	d := diag.New(r.Position(offset), problem, remedy)
	if offset == r.last {
		d.Pointer = string(r.tokens.StackPointer())
	}
	return d
}

// Wrap returns an error that was found in the value at a byte of the text, as
// [diag.Wrap] does.
func (r *Reader) Wrap(offset int, prefix string, err error) error {
	return diag.Wrap(r.Position(offset), prefix, err)
}

// WrapString returns an error that was found in the text of the string at a byte of the
// reader's text, as [diag.WrapString] does.
func (r *Reader) WrapString(offset int, element string, err error) error {
	return diag.WrapString(r.Position(offset), element, err)
}

// A member is a member of the object that is the whole text.
type member struct {
	name []byte // as it is written, with quotes
	kind jsontext.Kind
}

// MemberKind returns the kind of the value of a member of the object that is the whole
// text, and [jsontext.KindInvalid] if the text is not an object with such a member. It
// reads nothing. Names are compared as they are written: one with an escape sequence
// equals none.
func (r *Reader) MemberKind(name string) jsontext.Kind {
	for _, m := range r.members {
		if string(m.name[1:len(m.name)-1]) == name {
			return m.kind
		}
	}
	return jsontext.KindInvalid
}

// Start returns the offset of the next value or name.
func (r *Reader) Start() int {
	at := r.End()
	for at < len(r.text) && isSeparator(r.text[at]) {
		at++
	}
	return at
}

// isSeparator reports whether a byte can be between two values.
func isSeparator(c byte) bool {
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' || c == ':'
}

// End returns the offset of the first byte after the last value, name or opening bracket
// that was read.
func (r *Reader) End() int { return int(r.tokens.InputOffset()) }

// Kind returns the kind of the next value, or of the bracket that ends the array or
// object.
func (r *Reader) Kind() jsontext.Kind { return r.tokens.PeekKind() }

// AtArray reports whether the next value is an array.
func (r *Reader) AtArray() bool { return r.Kind() == jsontext.KindBeginArray }

// next reads a token and returns it with its offset.
func (r *Reader) next() (jsontext.Token, int, error) {
	at := r.Start()
	token, err := r.tokens.ReadToken()
	if err != nil {
		return token, at, r.syntaxError(err)
	}
	r.last = at
	return token, at, nil
}

// Object reads an object. It calls read for each name, with the offset of the name, and
// read reads the value. A name that occurs twice is an error.
func (r *Reader) Object(what string, read func(name string, at int) error) error {
	return r.object(what, read, func(err error) error { return err })
}

// Members is [Reader.Object] for members that do not depend on each other: after an error
// in one of them it reads the next one, and it returns all errors.
func (r *Reader) Members(what string, read func(name string, at int) error) error {
	var faults diag.Faults
	depth, members := r.tokens.StackDepth()+1, int64(0)
	err := r.object(what, read, func(err error) error {
		members++
		if !faults.Add(err) {
			return nil
		}
		return r.readRest(depth, 2*members) // the decoder counts names and values
	})
	faults.Add(err)
	return faults.Err()
}

// object reads an object. It calls after with the error of each member, and ends if after
// returns one.
func (r *Reader) object(what string, read func(name string, at int) error, after func(error) error) error {
	start, err := r.open(jsontext.KindBeginObject, what)
	if err != nil {
		return err
	}
	var names nameSet
	for r.Kind() != jsontext.KindEndObject {
		token, at, err := r.next()
		if err != nil {
			return err
		}
		name := token.String()
		if names.add(name) {
			err = read(name, at)
		} else {
			err = r.ErrorAt(at, fmt.Sprintf("%q occurs twice", name), "keep one of the two")
		}
		if err := after(err); err != nil {
			return err
		}
	}
	return r.close(start)
}

// Array reads an array. It calls read for each item, with its number from 1.
func (r *Reader) Array(what string, read func(n int) error) error {
	start, err := r.open(jsontext.KindBeginArray, what)
	if err != nil {
		return err
	}
	for n := 1; r.Kind() != jsontext.KindEndArray; n++ {
		if err := read(n); err != nil {
			return err
		}
	}
	return r.close(start)
}

// Items is [Reader.Array] for items that do not depend on each other: after an error in
// one of them it reads the next one, and it returns all errors.
func (r *Reader) Items(what string, read func(n int) error) error {
	var faults diag.Faults
	err := r.Array(what, func(n int) error {
		depth := r.tokens.StackDepth()
		if !faults.Add(read(n)) {
			return nil
		}
		return r.readRest(depth, int64(n))
	})
	faults.Add(err)
	return faults.Err()
}

// readRest reads what is left of the value in the array or object at a depth. Names and
// values in it are counted; the value is the one with the given number.
func (r *Reader) readRest(depth int, number int64) error {
	for r.tokens.StackDepth() > depth {
		if _, _, err := r.next(); err != nil {
			return err
		}
	}
	if _, count := r.tokens.StackIndex(depth); count < number {
		return r.Skip()
	}
	return nil
}

// open reads the token at which an array or object begins, and returns its offset.
func (r *Reader) open(kind jsontext.Kind, what string) (int, error) {
	token, at, err := r.next()
	if err == nil && token.Kind() != kind {
		err = r.mismatch(at, what, kind, token.Kind())
	}
	return at, err
}

// close reads the token at which the array or object that began at start ends.
func (r *Reader) close(start int) error {
	_, _, err := r.next()
	r.last = start
	return err
}

// String reads a string and returns it with its offset.
func (r *Reader) String(what string) (string, int, error) {
	token, at, err := r.next()
	if err == nil && token.Kind() != jsontext.KindString {
		err = r.mismatch(at, what, jsontext.KindString, token.Kind())
	}
	if err != nil {
		return "", at, err
	}
	return token.String(), at, nil
}

// Number reads a number and discards it.
func (r *Reader) Number(what string) error {
	token, at, err := r.next()
	if err == nil && token.Kind() != jsontext.KindNumber {
		err = r.mismatch(at, what, jsontext.KindNumber, token.Kind())
	}
	return err
}

// Raw reads any value and returns its text, which is a part of the reader's text.
func (r *Reader) Raw() (json.RawMessage, error) {
	at := r.Start()
	if err := r.Skip(); err != nil {
		return nil, err
	}
	return json.RawMessage(r.text[at:r.End():r.End()]), nil
}

// Skip reads any value and discards it.
func (r *Reader) Skip() error {
	at := r.Start()
	if err := r.tokens.SkipValue(); err != nil {
		return r.syntaxError(err)
	}
	r.last = at
	return nil
}

// mismatch returns the error about a value of another kind than required.
func (r *Reader) mismatch(at int, what string, required, found jsontext.Kind) error {
	remedy := ""
	if found == jsontext.KindNull {
		remedy = "leave it out instead"
	}
	return r.ErrorAt(at, fmt.Sprintf("%s must be %s, not %s", what, KindText(required), KindText(found)), remedy)
}

// KindText returns what messages call a kind of value.
func KindText(k jsontext.Kind) string {
	switch k {
	case jsontext.KindNull:
		return "null"
	case jsontext.KindTrue, jsontext.KindFalse:
		return "a boolean"
	case jsontext.KindNumber:
		return "a number"
	case jsontext.KindString:
		return "a string"
	case jsontext.KindBeginArray:
		return "an array"
	case jsontext.KindBeginObject:
		return "an object"
	case jsontext.KindInvalid, jsontext.KindEndArray, jsontext.KindEndObject:
	}
	return "the end of the text"
}

// A nameSet is the names of one object that were read so far.
type nameSet struct {
	few  [16]string
	n    int // how many of few are in use
	many map[string]bool
}

// add adds a name, and reports whether it is new.
func (s *nameSet) add(name string) bool {
	if s.many[name] || slices.Contains(s.few[:s.n], name) {
		return false
	}
	switch {
	case s.n < len(s.few):
		s.few[s.n] = name
		s.n++
	case s.many == nil:
		s.many = map[string]bool{name: true}
	default:
		s.many[name] = true
	}
	return true
}
