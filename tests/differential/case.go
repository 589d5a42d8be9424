package differential

import (
	"encoding/json"

	"extauthz/iam"
)

// Case is one question: a request and every policy that applies to it.
type Case struct {
	Caller            iam.Principal
	Action            string
	Resource          string
	Context           iam.Context
	Identity          []Document
	Boundary          []Document
	Session           []Document
	Resources         []Document // repository and registry policies
	SCPs, RCPs        [][]Document
	ResourceAccount   string
	ManagementAccount string
}

// Document is one policy document.
type Document struct {
	Kind       iam.Kind
	Version    string // "" leaves it out
	Statements []Statement
}

// Statement is one statement of a document.
type Statement struct {
	Effect       iam.Effect
	Principal    *Principal // nil where the kind of document has none
	NotPrincipal bool
	Actions      []string
	NotAction    bool
	Resources    []string // empty leaves the element out
	NotResource  bool
	Conditions   []Condition
	Lone         bool // a list of one is written without brackets
}

// Principal is a Principal or NotPrincipal element.
type Principal struct {
	Everyone bool // the bare "*"
	Entries  map[string][]string
}

// Condition is one operator with one key.
type Condition struct {
	Set      string // "", "ForAllValues:" or "ForAnyValue:"
	Base     string // the operator without prefix and suffix
	IfExists bool
	Key      string
	Values   []string
	Bare     bool // numbers and booleans are written without quotes
}

// Operator returns the operator's full name.
func (c *Condition) Operator() string {
	if c.IfExists {
		return c.Set + c.Base + "IfExists"
	}
	return c.Set + c.Base
}

// MarshalJSON writes the document in the policy language.
func (d Document) MarshalJSON() ([]byte, error) {
	document := map[string]any{"Statement": d.Statements}
	if d.Version != "" {
		document["Version"] = d.Version
	}
	return json.Marshal(document)
}

// MarshalJSON writes the statement in the policy language.
func (s Statement) MarshalJSON() ([]byte, error) {
	statement := map[string]any{"Effect": s.Effect.String()}
	statement[not(s.NotAction)+"Action"] = s.list(s.Actions)
	if len(s.Resources) > 0 {
		statement[not(s.NotResource)+"Resource"] = s.list(s.Resources)
	}
	if s.Principal != nil {
		statement[not(s.NotPrincipal)+"Principal"] = s.principal()
	}
	if len(s.Conditions) > 0 {
		statement["Condition"] = s.conditions()
	}
	return json.Marshal(statement)
}

func not(negated bool) string {
	if negated {
		return "Not"
	}
	return ""
}

// list returns a list, or its only item.
func (s *Statement) list(items []string) any {
	if s.Lone && len(items) == 1 {
		return items[0]
	}
	return items
}

func (s *Statement) principal() any {
	if s.Principal.Everyone {
		return "*"
	}
	element := map[string]any{}
	for name, entries := range s.Principal.Entries {
		element[name] = s.list(entries)
	}
	return element
}

func (s *Statement) conditions() any {
	block := map[string]map[string]any{}
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if block[c.Operator()] == nil {
			block[c.Operator()] = map[string]any{}
		}
		block[c.Operator()][c.Key] = c.written(s.Lone)
	}
	return block
}

// written returns the condition's values for JSON.
func (c *Condition) written(lone bool) any {
	values := make([]any, len(c.Values))
	for i, text := range c.Values {
		values[i] = text
		if c.Bare && json.Valid([]byte(text)) {
			values[i] = json.RawMessage(text)
		}
	}
	if lone && len(values) == 1 {
		return values[0]
	}
	return values
}

// documents calls visit with every document of the case.
func (k *Case) documents(visit func(*Document)) {
	levels := [][]Document{k.Identity, k.Boundary, k.Session, k.Resources}
	levels = append(append(levels, k.SCPs...), k.RCPs...)
	for _, level := range levels {
		for i := range level {
			visit(&level[i])
		}
	}
}

// statements calls visit with every statement of the case.
func (k *Case) statements(visit func(*Document, *Statement)) {
	k.documents(func(d *Document) {
		for i := range d.Statements {
			visit(d, &d.Statements[i])
		}
	})
}

// clone returns a deep copy of the case.
func (k *Case) clone() *Case {
	copied := *k
	copied.Context = append(iam.Context(nil), k.Context...)
	copied.Identity, copied.Boundary = cloneAll(k.Identity), cloneAll(k.Boundary)
	copied.Session, copied.Resources = cloneAll(k.Session), cloneAll(k.Resources)
	copied.SCPs, copied.RCPs = cloneLevels(k.SCPs), cloneLevels(k.RCPs)
	return &copied
}

func cloneLevels(levels [][]Document) [][]Document {
	var copied [][]Document
	for _, level := range levels {
		copied = append(copied, cloneAll(level))
	}
	return copied
}

func cloneAll(documents []Document) []Document {
	copied := append([]Document(nil), documents...)
	for i := range copied {
		copied[i].Statements = append([]Statement(nil), copied[i].Statements...)
		for j := range copied[i].Statements {
			copied[i].Statements[j].unshare()
		}
	}
	return copied
}

// unshare replaces the statement's lists with copies.
func (s *Statement) unshare() {
	s.Actions = append([]string(nil), s.Actions...)
	s.Resources = append([]string(nil), s.Resources...)
	s.Conditions = append([]Condition(nil), s.Conditions...)
	for i := range s.Conditions {
		s.Conditions[i].Values = append([]string(nil), s.Conditions[i].Values...)
	}
	if s.Principal == nil {
		return
	}
	principal := &Principal{Everyone: s.Principal.Everyone, Entries: map[string][]string{}}
	for name, entries := range s.Principal.Entries {
		principal.Entries[name] = append([]string(nil), entries...)
	}
	s.Principal = principal
}
