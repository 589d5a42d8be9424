package denialmessage

import (
	"strings"
	"unicode/utf8"
)

// limits are the limits on the parts of a message, in bytes or elements.
type limits struct {
	text                           int // of every text except values of condition keys
	value                          int // of a value of a condition key
	values, conditions, statements int
}

// steps are the limits that are tried in this order until a message fits. With the last ones, every
// message fits.
var steps = [...]limits{
	{text: 2048, value: 512, values: 16, conditions: 64, statements: 16},
	{text: 1024, value: 64, values: 4, conditions: 64, statements: 4},
	{text: 256, value: 48, values: 1, conditions: 8, statements: 4},
	{text: 64},
}

// cut returns a copy of the message within the limits. Truncated has the names of the members that
// are shorter than in m.
func (m *Message) cut(l limits) *Message {
	c := cutter{limits: l}
	short := *m
	short.MatchedStatements.Items = cutList(&c, "matchedStatements", m.MatchedStatements.Items, l.statements, func(s Statement) Statement {
		return Statement{c.text("matchedStatements", s.StatementID), s.Effect, s.PolicyType, c.text("matchedStatements", s.Policy), s.Line}
	})
	short.Context = Context{
		Principal: Principal{c.text("context.principal", m.Context.Principal.ID), c.text("context.principal", m.Context.Principal.Name), c.text("context.principal", m.Context.Principal.ARN)},
		Action:    c.text("context.action", m.Context.Action),
		Resource:  c.text("context.resource", m.Context.Resource),
	}
	short.Context.Conditions.Items = cutList(&c, conditions, m.Context.Conditions.Items, l.conditions, c.condition)
	short.Failures.Items = cutList(&c, "failures", m.Failures.Items, 1, func(f Failure) Failure { return Failure{c.text("failures", f.Message)} })
	short.Reason = c.text("reason", m.Reason)
	short.Registry = c.text("registry", m.Registry)
	short.DecisionID, short.PolicyDigest = c.text("decisionId", m.DecisionID), c.text("policyDigest", m.PolicyDigest)
	short.Truncated = c.truncated
	return &short
}

const conditions = "context.conditions"

// A cutter cuts texts and lists, and remembers the members in which it did.
type cutter struct {
	limits
	truncated []string
}

func (c *cutter) mark(member string) {
	if n := len(c.truncated); n == 0 || c.truncated[n-1] != member {
		c.truncated = append(c.truncated, member)
	}
}

// text returns text that is valid UTF-8 and within the limit on texts.
func (c *cutter) text(member, text string) string { return c.cutText(member, text, c.limits.text) }

func (c *cutter) cutText(member, text string, limit int) string {
	if len(text) > limit {
		c.mark(member)
		for limit > 0 && !utf8.RuneStart(text[limit]) {
			limit--
		}
		text = text[:limit] + "…"
	}
	return strings.ToValidUTF8(text, "\ufffd")
}

func (c *cutter) condition(k Condition) Condition {
	k.Key = c.text(conditions, k.Key)
	k.Values.Items = cutList(c, conditions, k.Values.Items, c.values, func(v Value) Value {
		return Value{c.cutText(conditions, v.Value, c.value)}
	})
	return k
}

// cutList returns the first elements of a list, each of them cut.
func cutList[T any](c *cutter, member string, list []T, limit int, cut func(T) T) []T {
	if len(list) > limit {
		c.mark(member)
		list = list[:limit]
	}
	short := make([]T, len(list))
	for i := range list {
		short[i] = cut(list[i])
	}
	return short
}
