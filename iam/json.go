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
}

type nodeKind uint8

const (
	brokenNode nodeKind = iota // a fault of it was reported
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
// that contains only the characters of policies, and no name twice in an object. After
// a fault in an item of an array it goes on with the next item: the item is a broken node
// in the tree that it returns with the faults.
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
	p.add(p.value(root, 0))
	return root, p.faults.Err()
}

// parser builds the tree of a text.
type parser struct {
	*strictjson.Reader
	faults diag.Faults
	broken int // how many values have faults
}

// add adds a fault, if there is one.
func (p *parser) add(err error) {
	if p.faults.Add(err) {
		p.broken++
	}
}

// notInPolicies reports whether the IAM User Guide's quotas page excludes a character
// from policy documents: all but tab, line feed, carriage return and U+0020 to U+00FF.
func notInPolicies(c rune) bool {
	return c != '\t' && c != '\n' && c != '\r' && (c < ' ' || c > 0xff)
}

const characters = "use tab, line breaks and U+0020 to U+00FF only"

// value reads one value into n; depth counts the arrays and objects around it.
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

// array reads an array, which depth counts. An item that contains a fault is broken.
func (p *parser) array(n *node, depth int) error {
	if err := p.checkDepth(depth); err != nil {
		return err
	}
	p.add(p.Items("the value", func(int) error {
		n.items = append(n.items, node{})
		item, before := &n.items[len(n.items)-1], p.broken
		err := p.value(item, depth)
		if p.broken > before {
			item.kind = brokenNode
		}
		return err
	}))
	return nil
}

// object reads an object, which depth counts.
func (p *parser) object(n *node, depth int) error {
	if err := p.checkDepth(depth); err != nil {
		return err
	}
	return p.Object("the value", func(name string, at int) error {
		if err := p.checkString(name, at); err != nil {
			return err
		}
		n.members = append(n.members, member{name: name, at: p.Point(at)})
		return p.value(&n.members[len(n.members)-1].value, depth)
	})
}

func (p *parser) checkDepth(depth int) error {
	if depth > maxDepth {
		return p.ErrorAt(p.Start(), "nested too deeply for a policy document", "")
	}
	return nil
}
