package iam

import (
	"iter"
	"strings"

	"extauthz/diag"
)

// A Word is a text in a document, and where it stands.
type Word struct {
	Text     string
	Position diag.Point
}

// A WrittenStatement is a statement as it stands in the text: what evaluation
// has compiled away, for who judges the text. The lists are empty where the
// element is absent.
type WrittenStatement struct {
	// Statement is the same statement, compiled.
	Statement    *Statement
	NotAction    bool // Actions are those of NotAction
	Actions      []Word
	NotResource  bool // Resources are those of NotResource
	Resources    []Word
	NotPrincipal bool // Principals are those of NotPrincipal
	Principals   []WrittenPrincipal
	Conditions   []WrittenCondition
}

// A WrittenPrincipal is one entry of Principal or NotPrincipal.
type WrittenPrincipal struct {
	Type string // AWS, Service, Federated or CanonicalUser; AWS for the bare "*"
	Word
}

// A WrittenCondition is one key of one operator in a Condition block.
type WrittenCondition struct {
	// Operator is as written, such as ForAllValues:StringLikeIfExists; Base is
	// without set operator and IfExists, such as StringLike.
	Operator, Base string
	// Set is ForAllValues, ForAnyValue or "".
	Set      string
	IfExists bool
	Negated  bool // the operator asks for a difference, as StringNotEquals does
	Key      Word
	Values   []Word
}

// Written reads the policy's text again, for its words and their places. It
// costs about as much as compiling it.
func (p *Policy) Written() []WrittenStatement {
	document, err := parseJSON(p.Source, p.start, p.text)
	if err != nil || document.member("Statement") == nil {
		return nil // a policy that was not compiled
	}
	list := document.member("Statement").value.list()
	written := make([]WrittenStatement, len(list))
	for i := range list {
		w := &written[i]
		w.Statement = &p.Statements[i]
		w.Actions, w.NotAction = words(&list[i], "Action")
		w.Resources, w.NotResource = words(&list[i], "Resource")
		w.Principals, w.NotPrincipal = writtenPrincipals(&list[i])
		w.Conditions = writtenConditions(&list[i])
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

func words(statement *node, name string) (list []Word, not bool) {
	m, not := element(statement, name)
	if m == nil {
		return nil, false
	}
	return wordsOf(&m.value), not
}

func wordsOf(value *node) (list []Word) {
	for _, n := range value.list() {
		list = append(list, Word{n.text, n.start})
	}
	return list
}

func writtenPrincipals(statement *node) (list []WrittenPrincipal, not bool) {
	m, not := element(statement, "Principal")
	switch {
	case m == nil:
		return nil, false
	case m.value.kind == stringNode:
		return []WrittenPrincipal{{"AWS", Word{m.value.text, m.value.start}}}, not
	}
	for i := range m.value.members {
		for _, word := range wordsOf(&m.value.members[i].value) {
			list = append(list, WrittenPrincipal{m.value.members[i].name, word})
		}
	}
	return list, not
}

func writtenConditions(statement *node) (list []WrittenCondition) {
	block := statement.member("Condition")
	if block == nil {
		return nil
	}
	for i := range block.value.members {
		operator := &block.value.members[i]
		for j := range operator.value.members {
			list = append(list, writtenCondition(operator.name, &operator.value.members[j]))
		}
	}
	return list
}

func writtenCondition(name string, key *member) WrittenCondition {
	parsed, _ := parseOperator(name)
	w := WrittenCondition{
		Operator: name, IfExists: parsed.ifExists, Negated: parsed.operator.negated,
		Key: Word{key.name, key.at}, Values: wordsOf(&key.value),
	}
	set, base, found := strings.Cut(name, ":")
	if !found {
		set, base = "", name
	}
	w.Set, w.Base = set, strings.TrimSuffix(base, "IfExists")
	return w
}

// Covers reports whether the statement's Action or NotAction covers an action,
// whatever its other elements say.
func (s *Statement) Covers(action string) bool {
	m := newMeter()
	return s.actions.matches(action, &m)
}

// ECRActions are the known actions of Amazon ECR, prefix and all (Service
// Authorization Reference for Amazon ECR).
func ECRActions() iter.Seq[string] { return ecrActions() }

// IsResourceless reports whether an action of ECR has no resource type, so that
// only the resource "*" covers it.
func IsResourceless(action string) bool { return isResourceless(action) }
