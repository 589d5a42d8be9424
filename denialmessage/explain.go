package denialmessage

import (
	"encoding/json/jsontext"
	"encoding/json/v2"
	"fmt"
	"strconv"
	"strings"
	"time"

	"extauthz/diag"
)

// JSON returns the message as indented JSON with a line feed.
func (m *Message) JSON() ([]byte, error) {
	text, err := json.Marshal(m, jsontext.WithIndent("  "))
	return append(text, '\n'), err
}

// Explain returns the message as text for people.
func (m *Message) Explain() string {
	var b strings.Builder
	decision := "implicitDeny"
	if m.ExplicitDeny {
		decision = "explicitDeny"
	}
	fmt.Fprintf(&b, "%s: %s\n\n", decision, printable(m.Reason))
	for _, row := range [][2]string{
		{"decision", m.DecisionID}, {"time", m.Time.Format(time.RFC3339Nano)}, {"registry", m.Registry}, {"policies", m.PolicyDigest},
		{"principal", m.Context.Principal.ARN}, {"action", m.Context.Action}, {"resource", m.Context.Resource},
	} {
		fmt.Fprintf(&b, "%-10s %s\n", row[0], printable(row[1]))
	}
	if m.DryRun {
		b.WriteString("\nThe request was a dry run.\n")
	}
	b.WriteString("\nStatements that applied:\n")
	for _, s := range m.MatchedStatements.Items {
		fmt.Fprintf(&b, "  %s\n", s.explain())
	}
	if len(m.MatchedStatements.Items) == 0 {
		b.WriteString("  none\n")
	}
	for _, f := range m.Failures.Items {
		fmt.Fprintf(&b, "\nThe evaluation failed: %s\n", printable(f.Message))
	}
	b.WriteString("\nCondition keys of the request:\n")
	for _, c := range m.Context.Conditions.Items {
		var values []string
		for _, v := range c.Values.Items {
			values = append(values, printable(v.Value))
		}
		fmt.Fprintf(&b, "  %s = %s\n", printable(c.Key), strings.Join(values, ", "))
	}
	if len(m.Truncated) > 0 {
		fmt.Fprintf(&b, "\nThe message was too large. Cut: %s.\n", printable(strings.Join(m.Truncated, ", ")))
	}
	return b.String()
}

// explain returns the statement's position, effect and Sid.
func (s *Statement) explain() string {
	at := diag.File(s.Policy).At(diag.Point{Line: int32(s.Line)})
	text := printable(fmt.Sprintf("%s %s (%s)", at, s.Effect, s.PolicyType))
	if s.StatementID != "" {
		text += fmt.Sprintf(", Sid %q", s.StatementID)
	}
	return text
}

// printable returns text without characters that control a terminal. A client may have chosen it.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if strconv.IsPrint(r) {
			return r
		}
		return '?'
	}, text)
}
