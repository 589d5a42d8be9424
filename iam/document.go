package iam

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"extauthz/diag"
)

// A Document is a policy as its text has it, with the position of each part. [Parse] reads
// it, and [Document.Compile] compiles it. If that fails, the document may be incomplete.
// It is immutable.
type Document struct {
	Source diag.Source
	Start  diag.Point // of the text in its source
	// Size is the number of characters without white space, which AWS's quotas limit.
	Size int
	// Version is the element's text. It is "" at Start if the document has none.
	Version Entry
	IDAt    diag.Point // of the name Id; zero if the document has none
	// Statements are in the same order as those of the compiled policy.
	Statements []StatementSyntax

	root   *node
	faults error // of the JSON
}

// An Entry is a string of a document, such as an action, and its position.
type Entry struct {
	Text string
	At   diag.Point
}

// A StatementSyntax is a statement as the text has it, for code that checks the text and
// not a request. The lists of absent elements are empty.
type StatementSyntax struct {
	SidAt        diag.Point // zero if the statement has none
	NotAction    bool       // Actions are those of NotAction
	Actions      []Entry
	NotResource  bool // Resources are those of NotResource
	Resources    []Entry
	ResourceAt   diag.Point // of the name Resource or NotResource; zero if the statement has none
	NotPrincipal bool       // Principals are those of NotPrincipal
	Principals   []PrincipalSyntax
	Conditions   []ConditionSyntax
	// EmptyOperators are the operators in Condition that have no keys.
	EmptyOperators []Entry

	node      *node
	operators []operatorSyntax
}

// A PrincipalSyntax is one entry of Principal or NotPrincipal.
type PrincipalSyntax struct {
	Type string // AWS, Service, Federated or CanonicalUser; AWS for the bare "*"
	Entry
}

// A ConditionSyntax is one key of one operator in a Condition block.
type ConditionSyntax struct {
	// Operator is as written, such as ForAllValues:StringLikeIfExists; Base is
	// without set operator and IfExists, such as StringLike.
	Operator, Base string
	// Set is ForAllValues, ForAnyValue or "".
	Set      string
	IfExists bool
	Negated  bool // the operator is true for values that differ, such as StringNotEquals
	Key      Entry
	Values   []Entry
	ValuesAt diag.Point // of the value or the list of values
}

// operatorSyntax is an operator with its keys, as the Condition block has it.
type operatorSyntax struct {
	*member
	parsedOperator
	known bool
}

// Parse reads the text of a policy, which begins at start of its source. The document
// keeps the faults that it finds: [Document.Compile] returns them with its own.
func Parse(source diag.Source, start diag.Point, text []byte) *Document {
	return ParseWith(source, start, text, new(Elements))
}

// ParseWith is Parse for one of many policies, which uses the same memory as for the others.
func ParseWith(source diag.Source, start diag.Point, text []byte, elements *Elements) *Document {
	d := &Document{Source: source, Start: start, Size: sizeOf(text), Version: Entry{At: start}}
	d.root, d.faults = parseJSON(source, start, text, &elements.stacks)
	if m := d.root.member("Version"); m != nil {
		d.Version = Entry{m.value.text, m.value.start}
	}
	if m := d.root.member("Id"); m != nil {
		d.IDAt = m.at
	}
	if m := d.root.member("Statement"); m != nil {
		list := m.value.list()
		d.Statements = make([]StatementSyntax, len(list))
		for i := range list {
			d.Statements[i] = newStatementSyntax(&list[i])
		}
	}
	return d
}

// sizeOf counts the characters of a text that are not white space.
func sizeOf(text []byte) int {
	size := utf8.RuneCount(text)
	for _, space := range [...]string{" ", "\t", "\r", "\n"} {
		size -= bytes.Count(text, []byte(space))
	}
	return size
}

func newStatementSyntax(n *node) StatementSyntax {
	s := StatementSyntax{node: n}
	if m := n.member("Sid"); m != nil {
		s.SidAt = m.value.start
	}
	if m, not := element(n, "Action"); m != nil {
		s.Actions, s.NotAction = entriesOf(&m.value), not
	}
	if m, not := element(n, "Resource"); m != nil {
		s.Resources, s.NotResource, s.ResourceAt = entriesOf(&m.value), not, m.at
	}
	if m, not := element(n, "Principal"); m != nil {
		s.Principals, s.NotPrincipal = principalsOf(&m.value), not
	}
	s.addConditions(n.member("Condition"))
	return s
}

// element finds an element or its negation.
func element(statement *node, name string) (m *member, not bool) {
	if m := statement.member(name); m != nil {
		return m, false
	}
	m = statement.member("Not" + name)
	return m, m != nil
}

func entriesOf(value *node) []Entry {
	nodes := value.list()
	if len(nodes) == 0 {
		return nil
	}
	list := make([]Entry, len(nodes))
	for i := range nodes {
		list[i] = Entry{nodes[i].text, nodes[i].start}
	}
	return list
}

func principalsOf(value *node) (list []PrincipalSyntax) {
	if value.kind == stringNode {
		return []PrincipalSyntax{{"AWS", Entry{value.text, value.start}}}
	}
	for i := range value.members {
		for _, entry := range entriesOf(&value.members[i].value) {
			list = append(list, PrincipalSyntax{value.members[i].name, entry})
		}
	}
	return list
}

// addConditions adds the operators of a Condition block, and their keys.
func (s *StatementSyntax) addConditions(block *member) {
	if block == nil {
		return
	}
	for i := range block.value.members {
		operator := operatorSyntax{member: &block.value.members[i]}
		operator.parsedOperator, operator.known = parseOperator(operator.name)
		s.operators = append(s.operators, operator)
		if operator.value.kind == objectNode && len(operator.value.members) == 0 {
			s.EmptyOperators = append(s.EmptyOperators, Entry{operator.name, operator.at})
		}
		for j := range operator.value.members {
			s.Conditions = append(s.Conditions, operator.condition(&operator.value.members[j]))
		}
	}
}

// condition returns the condition on one key.
func (o *operatorSyntax) condition(key *member) ConditionSyntax {
	set, base, found := strings.Cut(o.name, ":")
	if !found {
		set, base = "", o.name
	}
	return ConditionSyntax{
		Operator: o.name, Base: strings.TrimSuffix(base, "IfExists"), Set: set, IfExists: o.ifExists, Negated: o.operator.negated,
		Key: Entry{key.name, key.at}, Values: entriesOf(&key.value), ValuesAt: key.value.start,
	}
}
