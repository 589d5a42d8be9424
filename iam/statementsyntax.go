package iam

import (
	"iter"
	"strings"

	"extauthz/diag"
)

// An Entry is a string of a document, such as an action, and its position.
type Entry struct {
	Text string
	At   diag.Point
}

// A StatementSyntax is a statement as the text has it, for code that checks the text and
// not a request. The lists of absent elements are empty.
type StatementSyntax struct {
	// Statement is the same statement, compiled.
	Statement    *Statement
	NotAction    bool // Actions are those of NotAction
	Actions      []Entry
	NotResource  bool // Resources are those of NotResource
	Resources    []Entry
	NotPrincipal bool // Principals are those of NotPrincipal
	Principals   []PrincipalSyntax
	Conditions   []ConditionSyntax
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
}

// Syntax returns the statements as the text has them. It parses the text again, which
// costs about as much as compiling it, and panics if the text has changed since then.
func (p *Policy) Syntax() []StatementSyntax {
	if len(p.Statements) == 0 {
		return nil // a policy that was not compiled
	}
	document, err := parseJSON(p.Source, p.start, p.text)
	if err != nil {
		panic(err)
	}
	list := document.member("Statement").value.list()
	written := make([]StatementSyntax, len(list))
	for i := range list {
		w := &written[i]
		w.Statement = &p.Statements[i]
		w.Actions, w.NotAction = entries(&list[i], "Action")
		w.Resources, w.NotResource = entries(&list[i], "Resource")
		w.Principals, w.NotPrincipal = principalSyntax(&list[i])
		w.Conditions = conditionSyntax(&list[i])
	}
	return written
}

// element finds an element or its negation.
func element(statement *node, name string) (m *member, not bool) {
	if m := statement.member(name); m != nil {
		return m, false
	}
	m = statement.member("Not" + name)
	return m, m != nil
}

func entries(statement *node, name string) (list []Entry, not bool) {
	m, not := element(statement, name)
	if m == nil {
		return nil, false
	}
	return entriesOf(&m.value), not
}

func entriesOf(value *node) (list []Entry) {
	for _, n := range value.list() {
		list = append(list, Entry{n.text, n.start})
	}
	return list
}

func principalSyntax(statement *node) (list []PrincipalSyntax, not bool) {
	m, not := element(statement, "Principal")
	switch {
	case m == nil:
		return nil, false
	case m.value.kind == stringNode:
		return []PrincipalSyntax{{"AWS", Entry{m.value.text, m.value.start}}}, not
	}
	for i := range m.value.members {
		for _, word := range entriesOf(&m.value.members[i].value) {
			list = append(list, PrincipalSyntax{m.value.members[i].name, word})
		}
	}
	return list, not
}

func conditionSyntax(statement *node) (list []ConditionSyntax) {
	block := statement.member("Condition")
	if block == nil {
		return nil
	}
	for i := range block.value.members {
		operator := &block.value.members[i]
		for j := range operator.value.members {
			list = append(list, newConditionSyntax(operator.name, &operator.value.members[j]))
		}
	}
	return list
}

func newConditionSyntax(name string, key *member) ConditionSyntax {
	parsed, _ := parseOperator(name)
	w := ConditionSyntax{
		Operator: name, IfExists: parsed.ifExists, Negated: parsed.operator.negated,
		Key: Entry{key.name, key.at}, Values: entriesOf(&key.value),
	}
	set, base, found := strings.Cut(name, ":")
	if !found {
		set, base = "", name
	}
	w.Set, w.Base = set, strings.TrimSuffix(base, "IfExists")
	return w
}

// Covers reports whether the statement's Action or NotAction covers an action. Its other
// elements do not matter.
func (s *Statement) Covers(action string) bool {
	m := newMeter()
	return s.actions.matches(action, &m)
}

// ECRActions returns the known actions of Amazon ECR with their prefix (Service
// Authorization Reference for Amazon ECR).
func ECRActions() iter.Seq[string] { return ecrActions() }

// IsResourceless reports whether an action of ECR has no resource type, so that
// only the resource "*" covers it.
func IsResourceless(action string) bool { return isResourceless(action) }
