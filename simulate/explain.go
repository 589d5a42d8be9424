package simulate

import (
	"fmt"
	"io"
	"strings"

	"extauthz/iam"
)

// Explain writes for a person how the question is decided: the decision and what
// refused, the missing context keys, and each statement of each policy in play
// with the first reason why it does not apply, if it does not.
func (q *Question) Explain(to io.Writer) error {
	e := q.Policies.Explain(&q.Request)
	var text strings.Builder
	fmt.Fprintf(&text, "%s: %s on %s\n", e.Decision, q.Request.Action, q.Request.Resource)
	fmt.Fprintf(&text, "  asked by %s\n", callerText(q.Request.Principal, q.Unnamed))
	if because := q.because(&e); because != "" {
		fmt.Fprintf(&text, "  %s\n", because)
	}
	if len(e.MissingContextKeys) > 0 {
		fmt.Fprintf(&text, "  missing from the context: %s\n", strings.Join(e.MissingContextKeys, ", "))
	}
	q.explainClasses(&text, &e)
	_, err := io.WriteString(to, text.String())
	return err
}

// because names the class that refused, and the access that no statement gives.
func (q *Question) because(e *iam.Explanation) string {
	root := q.Request.Principal != nil && q.Request.Principal.Kind == iam.RootUser
	switch {
	case e.Exhausted:
		return "denied because evaluating the policies takes more steps than one decision may take"
	case e.Decision == iam.Allowed && root && !q.crossAccount():
		return "the root user has full access to its own account"
	case e.BlockedBy == iam.NoClass:
		return ""
	case e.Decision == iam.ExplicitDeny:
		return fmt.Sprintf("explicitly denied by the %s", e.BlockedBy)
	}
	return fmt.Sprintf("denied because no %s allows it", e.BlockedBy)
}

// explainClasses writes the policies in play, class by class and level by level,
// with what each decides by itself.
func (q *Question) explainClasses(text *strings.Builder, e *iam.Explanation) {
	traces := q.Policies.Trace(&q.Request)
	for _, c := range e.Classes {
		fmt.Fprintf(text, "  %s%s: %s\n", c.Class, levelText(c.Class, c.Level), c.Decision)
		for i := range traces {
			if t := &traces[i]; t.Class == c.Class && t.Level == c.Level {
				fmt.Fprintf(text, "    %s\n", q.statementText(t))
			}
		}
	}
}

// levelText counts levels from 1, as the ids of policies do.
func levelText(c iam.Class, level int) string {
	if c == iam.SCPClass || c == iam.RCPClass {
		return fmt.Sprintf(", level %d", level+1)
	}
	return ""
}

// statementText says which statement it is and what became of it.
func (q *Question) statementText(t *iam.StatementTrace) string {
	s := t.Statement
	name := fmt.Sprintf("%s:%d:%d %s", t.Policy.Source, s.Start.Line, s.Start.Column, s.Effect)
	if s.Sid != "" {
		name += fmt.Sprintf(" %q", s.Sid)
	}
	if t.Applicability == iam.Applies {
		return name + ": applies"
	}
	return name + ": does not apply: " + q.reason(t)
}

// reason is the first reason why a statement does not apply.
func (q *Question) reason(t *iam.StatementTrace) string {
	switch t.Applicability {
	case iam.OtherAction:
		return "its actions do not cover " + q.Request.Action
	case iam.OtherResource:
		return q.otherPartition(t, func(w *iam.WrittenStatement) []iam.Word { return w.Resources }, q.Request.Resource, "its resources do not cover "+q.Request.Resource)
	case iam.OtherPrincipal:
		return q.otherPartition(t, principalWords, q.Request.Principal.ARN, "its principals do not cover "+callerText(q.Request.Principal, q.Unnamed))
	case iam.FalseCondition, iam.Applies:
	}
	return fmt.Sprintf("its condition %s on %s is false: %s", t.Operator, t.Key, q.valueText(t.Key))
}

// valueText says what the request has for a condition key.
func (q *Question) valueText(key string) string {
	switch entry, found := q.Request.Context.Lookup(key); {
	case !found:
		return "the request lacks the key"
	case entry.Ambiguous:
		return "the request has several tags whose keys differ only in case, and none is written like this"
	case entry.Multi:
		return fmt.Sprintf("the request has the values %q", entry.Values)
	default:
		return fmt.Sprintf("the request has %q", entry.Value)
	}
}

// otherPartition returns the reason why entries of a statement do not cover an ARN: if
// all of them are ARNs in one other partition, that; otherwise the general reason.
func (q *Question) otherPartition(t *iam.StatementTrace, entries func(*iam.WrittenStatement) []iam.Word, arn, general string) string {
	own, found := partitionOf(arn), ""
	for _, w := range t.Policy.Written() {
		if w.Statement != t.Statement || w.NotResource || w.NotPrincipal {
			continue
		}
		for _, entry := range entries(&w) {
			partition := partitionOfPattern(entry.Text)
			if partition == "" || partition == own || strings.ContainsAny(partition, "*?$") || found != "" && found != partition {
				return general
			}
			found = partition
		}
	}
	if own == "" || found == "" {
		return general
	}
	return fmt.Sprintf("%s, which is in partition %s: they are in partition %s", general, own, found)
}

// partitionOfPattern returns the partition in an ARN that may have wildcards, "" for
// another text.
func partitionOfPattern(text string) string {
	segments := strings.SplitN(text, ":", 3)
	if len(segments) < 3 || segments[0] != "arn" {
		return ""
	}
	return segments[1]
}

func principalWords(w *iam.WrittenStatement) (words []iam.Word) {
	for _, p := range w.Principals {
		words = append(words, p.Word)
	}
	return words
}
