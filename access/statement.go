package access

import (
	"fmt"
	"strings"

	"extauthz/iam"
)

// A Statement is a statement of a policy that contributes to an access.
type Statement struct {
	Class  string `json:"class"`           // of the policy, such as "identity-based policy"
	Level  int    `json:"level,omitempty"` // of a service or resource control policy, from 1
	Place  string `json:"place"`           // file:line:column
	Effect string `json:"effect"`
	Sid    string `json:"sid,omitempty"`
	// Conditions are those on which it depends whether the statement applies. The others
	// are true.
	Conditions []Condition `json:"conditions,omitempty"`
}

// String returns the statement in one line.
func (s Statement) String() string {
	text := s.Class
	if s.Level > 0 {
		text += fmt.Sprintf(" at level %d", s.Level)
	}
	text += " " + s.Place
	if s.Sid != "" {
		text += fmt.Sprintf(" %q", s.Sid)
	}
	for i, c := range s.Conditions {
		text += [...]string{" if ", " and "}[min(i, 1)] + c.String()
	}
	return text
}

// A Condition is a condition of a statement.
type Condition struct {
	// Operator is that of the Condition element; "Resource" or "NotResource" if it depends on
	// the repository, or on policy variables in these elements.
	Operator string   `json:"operator"`
	Key      string   `json:"key,omitempty"`
	Values   []string `json:"values"`
}

// String returns the condition as StringEquals aws:PrincipalTag/team "app".
func (c Condition) String() string {
	text := c.Operator
	if c.Key != "" {
		text += " " + c.Key
	}
	quoted := make([]string, len(c.Values))
	for i, value := range c.Values {
		quoted[i] = fmt.Sprintf("%q", value)
	}
	if len(quoted) != 1 {
		return text + " [" + strings.Join(quoted, ", ") + "]"
	}
	return text + " " + quoted[0]
}

// statement describes a statement that applies.
func (d *Directory) statement(m *iam.OpenMatch) Statement {
	s := Statement{
		Class: m.Class.String(), Place: m.Policy.Source.At(m.Statement.Start).String(),
		Effect: m.Statement.Effect.String(), Sid: m.Statement.Sid,
	}
	if m.Class == iam.SCPClass || m.Class == iam.RCPClass {
		s.Level = m.Level + 1
	}
	if m.Applies == iam.Always {
		return s
	}
	syntax := d.syntaxOf(m)
	if m.OpenResource {
		c := Condition{Operator: "Resource", Values: texts(syntax.Resources)}
		if syntax.NotResource {
			c.Operator = "NotResource"
		}
		s.Conditions = append(s.Conditions, c)
	}
	for _, i := range m.OpenConditions {
		c := &syntax.Conditions[i]
		s.Conditions = append(s.Conditions, Condition{c.Operator, c.Key.Text, texts(c.Values)})
	}
	return s
}

// syntaxOf returns the text of a statement.
func (d *Directory) syntaxOf(m *iam.OpenMatch) *iam.StatementSyntax {
	i := 0
	for &m.Policy.Statements[i] != m.Statement {
		i++
	}
	return &d.contents.Documents[m.Policy].Statements[i]
}

func texts(entries []iam.Entry) []string {
	all := make([]string, len(entries))
	for i := range entries {
		all[i] = entries[i].Text
	}
	return all
}
