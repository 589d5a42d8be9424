package iam

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"
)

// node is one JSON value with its place in the text.
type node struct {
	kind       nodeKind
	start, end Position // of the first and the last character
	text       string   // string: decoded; number, boolean, null: as written
	members    []member
	items      []node
}

type nodeKind uint8

const (
	nullNode nodeKind = iota
	booleanNode
	numberNode
	stringNode
	arrayNode
	objectNode
)

// String names the kind for messages.
func (k nodeKind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "an array", "an object"}[k]
}

// member is one name and value of an object.
type member struct {
	name  string
	at    Position
	value node
}

// member finds a member by its exact name.
func (n *node) member(name string) *member {
	for i := range n.members {
		if n.members[i].name == name {
			return &n.members[i]
		}
	}
	return nil
}

// list gives the items of an array, or the value itself as the only one: the
// grammar lets a single value stand for a list of one.
func (n *node) list() []node {
	if n.kind == arrayNode {
		return n.items
	}
	return []node{*n}
}

// maxDepth bounds the nesting of a document. The grammar needs six levels.
const maxDepth = 8

// parseJSON reads text strictly: one value and nothing after it, no name twice
// in an object, only the characters that a policy may hold, bounded depth. text
// begins at start of its source.
func parseJSON(source string, start Position, text []byte) (*node, error) {
	r := reader{source: source, text: text, at: start}
	if err := r.checkCharacters(); err != nil {
		return nil, err
	}
	var whole json.RawMessage
	if err := json.Unmarshal(text, &whole); err != nil {
		return nil, r.syntaxError(err)
	}
	r.decoder = json.NewDecoder(bytes.NewReader(text))
	r.decoder.UseNumber()
	root := new(node)
	return root, r.value(root, 0)
}

// reader walks the tokens of a text that is known to be JSON and keeps count
// of lines and columns.
type reader struct {
	source  string
	text    []byte
	decoder *json.Decoder
	offset  int // bytes of text that at has counted
	at      Position
}

func (r *reader) errorAt(at Position, message string) error {
	return &SyntaxError{r.source, at.Line, at.Column, message}
}

// moveTo counts lines and columns up to offset, which never lies behind.
func (r *reader) moveTo(offset int) Position {
	for r.offset < offset {
		_, width := utf8.DecodeRune(r.text[r.offset:])
		r.at.Column++
		if r.text[r.offset] == '\n' {
			r.at = Position{Line: r.at.Line + 1, Column: 1}
		}
		r.offset += width
	}
	return r.at
}

// checkCharacters refuses what the IAM User Guide's quotas page excludes from
// policy documents: all but tab, line feed, carriage return and U+0020 to U+00FF.
func (r *reader) checkCharacters() error {
	for i := 0; i < len(r.text); {
		c, width := utf8.DecodeRune(r.text[i:])
		if isInvalid(c, width) {
			return r.errorAt(r.moveTo(i), "this byte is not UTF-8; save the document as UTF-8")
		}
		if !isPolicyCharacter(c) {
			return r.errorAt(r.moveTo(i), quoted(string(c), "is no character for a policy; use tab, line breaks and U+0020 to U+00FF only"))
		}
		i += width
	}
	return nil
}

func isPolicyCharacter(c rune) bool {
	return c == '\t' || c == '\n' || c == '\r' || ' ' <= c && c <= 0xff
}

// syntaxError places an error of encoding/json, whose offset counts the bytes
// up to and including the offending one.
func (r *reader) syntaxError(err error) error {
	var syntax *json.SyntaxError
	offset := 0
	if errors.As(err, &syntax) {
		offset = max(0, min(int(syntax.Offset)-1, len(r.text)))
	}
	return r.errorAt(r.moveTo(offset), "not JSON: "+err.Error()+"; fix it here or just before")
}

// token reads the next token and returns it with its start.
func (r *reader) token() (json.Token, Position, error) {
	start := int(r.decoder.InputOffset())
	for start < len(r.text) && bytes.IndexByte([]byte(" \t\r\n,:"), r.text[start]) >= 0 {
		start++
	}
	at := r.moveTo(start)
	token, err := r.decoder.Token()
	if err != nil {
		return nil, at, r.errorAt(at, "not JSON: "+err.Error())
	}
	return token, at, nil
}

// value reads one value into n; depth counts the arrays and objects around it.
func (r *reader) value(n *node, depth int) error {
	token, start, err := r.token()
	if err != nil {
		return err
	}
	n.start = start
	switch token := token.(type) {
	case json.Delim:
		if depth == maxDepth {
			return r.errorAt(start, "nested too deeply for a policy document")
		}
		err = r.children(n, token, depth+1)
	case string:
		n.kind, n.text = stringNode, token
		err = r.checkString(n)
	case json.Number:
		n.kind, n.text = numberNode, token.String()
	case bool:
		n.kind, n.text = booleanNode, string(r.text[r.offset:r.decoder.InputOffset()])
	}
	if err != nil {
		return err
	}
	n.end = r.moveTo(int(r.decoder.InputOffset()) - 1) // the last character is ASCII
	return nil
}

// checkString refuses characters that an escape smuggled in.
func (r *reader) checkString(n *node) error {
	for _, c := range n.text {
		if !isPolicyCharacter(c) {
			return r.errorAt(n.start, quoted(n.text, "holds a character that is not for a policy; use tab, line breaks and U+0020 to U+00FF only"))
		}
	}
	return nil
}

// children reads the rest of an array or object, whose opening was read.
func (r *reader) children(n *node, opening json.Delim, depth int) error {
	read := r.item
	n.kind = arrayNode
	if opening == '{' {
		n.kind, read = objectNode, r.memberOf()
	}
	for r.decoder.More() {
		if err := read(n, depth); err != nil {
			return err
		}
	}
	_, _, err := r.token()
	return err
}

// item reads the next item of an array.
func (r *reader) item(n *node, depth int) error {
	n.items = append(n.items, node{})
	return r.value(&n.items[len(n.items)-1], depth)
}

// memberOf returns a function that reads the next member of an object, and
// refuses a name that occurs twice in it.
func (r *reader) memberOf() func(n *node, depth int) error {
	names := map[string]bool{}
	return func(n *node, depth int) error {
		var name node
		if err := r.value(&name, depth); err != nil {
			return err
		}
		if names[name.text] {
			return r.errorAt(name.start, quoted(name.text, "occurs twice in this object; keep one of the two"))
		}
		names[name.text] = true
		n.members = append(n.members, member{name: name.text, at: name.start})
		return r.value(&n.members[len(n.members)-1].value, depth)
	}
}
