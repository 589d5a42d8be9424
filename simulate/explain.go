package simulate

import (
	"fmt"
	"io"
	"strings"

	"extauthz/iam"
)

// Explain writes a description of the evaluation: the decision and the class of policies
// that denies, the missing context keys, each statement of the policies that apply, with the
// first reason if it does not match, and what would allow a denied request.
func (q *Evaluation) Explain(to io.Writer) error {
	e := q.Policies.Explain(&q.Request)
	var text strings.Builder
	fmt.Fprintf(&text, "%s: %s on %s\n", e.Decision, q.Request.Action, q.Request.Resource)
	fmt.Fprintf(&text, "  caller: %s\n", callerText(q.Request.Principal, q.Unnamed))
	if reason := q.decisionReason(&e); reason != "" {
		fmt.Fprintf(&text, "  %s\n", reason)
	}
	if len(e.MissingContextKeys) > 0 {
		fmt.Fprintf(&text, "  missing from the context: %s\n", strings.Join(e.MissingContextKeys, ", "))
	}
	q.explainClasses(&text, &e)
	if remedy := q.Remedy(); remedy != nil {
		text.WriteString(remedy.Text())
	}
	_, err := io.WriteString(to, text.String())
	return err
}

// decisionReason returns why a request is denied, or is allowed without a statement.
func (q *Evaluation) decisionReason(e *iam.Explanation) string {
	root := q.Request.Principal != nil && q.Request.Principal.Kind == iam.RootUser
	reason := Reason(e)
	switch {
	case e.Decision == iam.Allowed && root && !q.crossAccount():
		return "the root user has full access to its own account"
	case reason != "" && e.Decision == iam.ImplicitDeny:
		return "denied because " + reason
	}
	return reason
}

// explainClasses writes the policies that apply by class and level, with the decision of
// each class on its own.
func (q *Evaluation) explainClasses(text *strings.Builder, e *iam.Explanation) {
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

// levelText returns the number of a level, from 1 as in the IDs of policies.
func levelText(c iam.Class, level int) string {
	if c == iam.SCPClass || c == iam.RCPClass {
		return fmt.Sprintf(", level %d", level+1)
	}
	return ""
}

// statementText names a statement, and says whether it applies or why not.
func (q *Evaluation) statementText(t *iam.StatementTrace) string {
	name := StatementLabel(t.Policy, t.Statement)
	if t.Applicability == iam.Applies {
		return name + ": applies"
	}
	return name + ": does not apply: " + q.reason(t)
}

// reason returns the first reason why a statement does not apply.
func (q *Evaluation) reason(t *iam.StatementTrace) string {
	switch t.Applicability {
	case iam.OtherAction:
		return "its actions do not cover " + q.Request.Action
	case iam.OtherResource:
		return otherPartition(t.Statement.ResourcePartition(), q.Request.Resource, "its resources do not cover "+q.Request.Resource)
	case iam.OtherPrincipal:
		return otherPartition(t.Statement.PrincipalPartition(), q.Request.Principal.ARN, "its principals do not cover "+callerText(q.Request.Principal, q.Unnamed))
	case iam.FalseCondition, iam.Applies:
	}
	return fmt.Sprintf("its condition %s on %s is false: %s", t.Operator, t.Key, q.valueText(t.Key))
}

// valueText describes the value of a condition key in the request.
func (q *Evaluation) valueText(key string) string {
	switch entry, found := q.Request.Context.Lookup(key); {
	case !found:
		return "the request lacks the key"
	case entry.Ambiguous:
		return "the request has several tags whose keys differ only in case, and none has exactly this key"
	case entry.Multi:
		return fmt.Sprintf("the request has the values %q", entry.Values)
	default:
		return fmt.Sprintf("the request has %q", entry.Value)
	}
}

// otherPartition returns the general reason why the entries of a statement do not cover an
// ARN, and their partition if it is another one; "" means that they have no common one.
func otherPartition(partition, arn, general string) string {
	own := partitionOf(arn)
	if own == "" || partition == "" || partition == own {
		return general
	}
	return fmt.Sprintf("%s, which is in partition %s: they are in partition %s", general, own, partition)
}
