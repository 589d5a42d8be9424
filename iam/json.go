package iam

import (
	"cmp"
	"encoding/json/jsontext"
	"fmt"
	"strings"

	"extauthz/diag"
	"extauthz/strictjson"
)

// node is one JSON value and its place in the text.
type node struct {
	kind       nodeKind
	start, end diag.Point // of the first and the last character
	text       string     // string: decoded; number, boolean, null: as written
	members    []member
	items      []node
	lacks      bool // a member or item is left out because of a fault
}

type nodeKind uint8

const (
	brokenNode nodeKind = iota // the text is not one JSON value
	nullNode
	booleanNode
	numberNode
	stringNode
	arrayNode
	objectNode
)

// String names the kind for messages.
func (k nodeKind) String() string {
	return [...]string{"invalid", "null", "a boolean", "a number", "a string", "an array", "an object"}[k]
}

// member is one name and value of an object.
type member struct {
	name  string
	at    diag.Point
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

// list returns the items of an array, or the value itself as the only item: the grammar
// allows a single value instead of a list of one.
func (n *node) list() []node {
	if n.kind == arrayNode {
		return n.items
	}
	return []node{*n}
}

// maxDepth bounds the nesting of a document. The grammar needs six levels.
const maxDepth = 8

// parseJSON reads text, which begins at start of its source: one value of bounded depth
// that contains only the characters of policies, and no name twice in an object. The error
// consists of all faults. With an error, the tree lacks the members and items that have
// faults; of two members with one name it contains the first.
func parseJSON(source diag.Source, start diag.Point, text []byte) (*node, error) {
	root := new(node)
	t := diag.NewText(source, start, text)
	if err := cmp.Or(t.Check(), t.CheckCharacters("policies", notInPolicies, characters)); err != nil {
		return root, err
	}
	r, err := strictjson.NewReader(source, start, text)
	if err != nil {
		return root, err
	}
	p := parser{Reader: r}
	p.faults.Add(p.value(root, 0))
	return root, p.faults.Err()
}

// parser builds the tree of a text.
type parser struct {
	*strictjson.Reader
	faults diag.Faults // of arrays and objects
}

// notInPolicies reports whether the IAM User Guide's quotas page excludes a character
// from policy documents: all but tab, line feed, carriage return and U+0020 to U+00FF.
func notInPolicies(c rune) bool {
	return c != '\t' && c != '\n' && c != '\r' && (c < ' ' || c > 0xff)
}

const characters = "use tab, line breaks and U+0020 to U+00FF only"

// value reads one value into n; depth counts the arrays and objects around it. An error
// means that n is not correct.
func (p *parser) value(n *node, depth int) (err error) {
	at := p.Start()
	n.start = p.Point(at)
	switch p.Kind() {
	case jsontext.KindBeginArray:
		n.kind, err = arrayNode, p.array(n, depth+1)
	case jsontext.KindBeginObject:
		n.kind, err = objectNode, p.object(n, depth+1)
	case jsontext.KindString:
		n.kind = stringNode
		if n.text, _, err = p.String("the value"); err == nil {
			err = p.checkString(n.text, at)
		}
	case jsontext.KindNumber:
		n.kind, err = numberNode, p.literal(n)
	case jsontext.KindTrue, jsontext.KindFalse:
		n.kind, err = booleanNode, p.literal(n)
	case jsontext.KindNull, jsontext.KindInvalid, jsontext.KindEndArray, jsontext.KindEndObject:
		n.kind, err = nullNode, p.literal(n)
	}
	if err != nil {
		n.kind = brokenNode
		return err
	}
	n.end = p.Point(p.End() - 1) // the last character is ASCII
	return nil
}

// literal reads a number, a boolean or null.
func (p *parser) literal(n *node) error {
	text, err := p.Raw()
	n.text = string(text)
	return err
}

// checkString refuses characters that are written as escapes.
func (p *parser) checkString(text string, at int) error {
	if strings.ContainsFunc(text, notInPolicies) {
		return p.ErrorAt(at, fmt.Sprintf("%q contains a character that policies cannot contain", text), characters)
	}
	return nil
}

// array reads an array, which depth counts.
func (p *parser) array(n *node, depth int) error {
	if err := p.checkDepth(depth); err != nil {
		return err
	}
	p.faults.Add(p.Items("the value", func(int) error {
		var item node
		err := p.value(&item, depth)
		if err == nil {
			n.items = append(n.items, item)
		}
		n.lacks = n.lacks || err != nil
		return err
	}))
	return nil
}

// object reads an object, which depth counts.
func (p *parser) object(n *node, depth int) error {
	if err := p.checkDepth(depth); err != nil {
		return err
	}
	p.faults.Add(p.Members("the value", func(name string, at int) error {
		m := member{name: name, at: p.Point(at)}
		err := p.checkString(name, at)
		if err == nil {
			err = p.value(&m.value, depth)
		}
		if err == nil {
			n.members = append(n.members, m)
		}
		n.lacks = n.lacks || err != nil
		return err
	}))
	return nil
}

func (p *parser) checkDepth(depth int) error {
	if depth > maxDepth {
		return p.ErrorAt(p.Start(), "nested too deeply for a policy document", "")
	}
	return nil
}
