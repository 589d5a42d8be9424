package iam

import (
	"cmp"
	"encoding/json/jsontext"
	"fmt"
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/strictjson"
)

// node is one JSON value and its place in the text.
type node struct {
	kind       nodeKind
	lacks      bool       // a member or item is left out because of a fault
	start, end diag.Point // of the first and the last character
	text       string     // string: decoded; number, boolean, null: as written
	members    []member
	items      []node
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
// faults; of two members with one name it contains the first. It uses the memory of stacks.
func parseJSON(source diag.Source, start diag.Point, text []byte, stacks *stacks) (*node, error) {
	root := new(node)
	t := diag.NewText(source, start, text)
	if err := cmp.Or(t.Check(), t.CheckCharacters("policies", notInPolicies, characters)); err != nil {
		return root, err
	}
	r, err := strictjson.NewReader(source, start, text)
	if err != nil {
		return root, err
	}
	p := parser{Reader: r, stacks: stacks}
	*root, err = p.value(0)
	p.faults.Add(err)
	return root, p.faults.Err()
}

// parser builds the tree of a text.
type parser struct {
	*strictjson.Reader
	*stacks
	faults diag.Faults // of arrays and objects
}

// stacks collect members and items until their object or array ends, so that those of each are
// allocated once. They are empty between two texts.
type stacks struct {
	members []member // of the objects around the next value
	items   []node   // of the arrays around the next value
}

// notInPolicies reports whether the IAM User Guide's quotas page excludes a character
// from policy documents: all but tab, line feed, carriage return and U+0020 to U+00FF.
func notInPolicies(c rune) bool {
	return c != '\t' && c != '\n' && c != '\r' && (c < ' ' || c > 0xff)
}

const characters = "use tab, line breaks and U+0020 to U+00FF only"

// value reads one value; depth counts the arrays and objects around it. An error means that
// the value is not correct.
func (p *parser) value(depth int) (n node, err error) {
	at := p.Start()
	n.start = p.Point(at)
	switch p.Kind() {
	case jsontext.KindBeginArray:
		n.kind = arrayNode
		n.items, n.lacks, err = p.array(depth + 1)
	case jsontext.KindBeginObject:
		n.kind = objectNode
		n.members, n.lacks, err = p.object(depth + 1)
	case jsontext.KindString:
		n.kind = stringNode
		if n.text, _, err = p.String("the value"); err == nil {
			err = p.checkString(n.text, at)
		}
	case jsontext.KindNumber:
		n.kind = numberNode
		n.text, err = p.literal()
	case jsontext.KindTrue, jsontext.KindFalse:
		n.kind = booleanNode
		n.text, err = p.literal()
	case jsontext.KindNull, jsontext.KindInvalid, jsontext.KindEndArray, jsontext.KindEndObject:
		n.kind = nullNode
		n.text, err = p.literal()
	}
	if err != nil {
		n.kind = brokenNode
		return n, err
	}
	n.end = p.Point(p.End() - 1) // the last character is ASCII
	return n, nil
}

// literal reads a number, a boolean or null.
func (p *parser) literal() (string, error) {
	text, err := p.Raw()
	return string(text), err
}

// checkString refuses characters that are written as escapes.
func (p *parser) checkString(text string, at int) error {
	if strings.ContainsFunc(text, notInPolicies) {
		return p.ErrorAt(at, fmt.Sprintf("%q contains a character that policies cannot contain", text), characters)
	}
	return nil
}

// array reads an array, which depth counts. lacks reports that an item has a fault.
func (p *parser) array(depth int) (items []node, lacks bool, err error) {
	if err := p.checkDepth(depth); err != nil {
		return nil, false, err
	}
	first := len(p.items)
	p.faults.Add(p.Items("the value", func(int) error {
		item, err := p.value(depth)
		if err == nil {
			p.items = append(p.items, item)
		}
		lacks = lacks || err != nil
		return err
	}))
	items = slices.Clone(p.items[first:])
	p.items = p.items[:first]
	return items, lacks, nil
}

// object reads an object, which depth counts. lacks reports that a member has a fault.
func (p *parser) object(depth int) (members []member, lacks bool, err error) {
	if err := p.checkDepth(depth); err != nil {
		return nil, false, err
	}
	first := len(p.members)
	p.faults.Add(p.Members("the value", func(name string, at int) error {
		m := member{name: name, at: p.Point(at)}
		err := p.checkString(name, at)
		if err == nil {
			m.value, err = p.value(depth)
		}
		if err == nil {
			p.members = append(p.members, m)
		}
		lacks = lacks || err != nil
		return err
	}))
	members = slices.Clone(p.members[first:])
	p.members = p.members[:first]
	return members, lacks, nil
}

func (p *parser) checkDepth(depth int) error {
	if depth > maxDepth {
		return p.ErrorAt(p.Start(), "nested too deeply for a policy document", "")
	}
	return nil
}
