package sts

import (
	"fmt"
	"strings"

	"extauthz/iam"
)

// AccessDenied is why somebody who was verified may not be whom it asks to be. Its
// text is what the asker may know, who learns neither the policies nor which roles
// there are.
type AccessDenied struct {
	Reason string // the text
	Detail string // for the operator alone
}

func (d *AccessDenied) Error() string { return d.Reason }

// NoSuchEntity says that a user or role is not among the entities.
type NoSuchEntity struct{ text string }

func (a *NoSuchEntity) Error() string { return a.text }

// unassumed says that somebody may not assume a role, as AWS STS does.
func unassumed(who, action, role, detail string) *AccessDenied {
	return &AccessDenied{fmt.Sprintf("%s is not authorized to perform: %s on resource: %s", who, action, short(role)), detail}
}

// short cuts what a message repeats of somebody's text.
func short(text string) string { return text[:min(len(text), 128)] }

// whyNot says what keeps the policies from allowing the request: the statement
// that denies it or, of those that allow such, the one that comes nearest, with
// the first of its elements that is not met.
func whyNot(p *iam.Policies, r *iam.Request) string {
	why := p.Explain(r)
	if why.Exhausted {
		return "evaluating the policies takes more steps than one decision may take"
	}
	var nearest *iam.StatementTrace
	for _, t := range p.Trace(r) {
		isDeny := t.Statement.Effect == iam.Deny
		switch {
		case t.Class != why.BlockedBy || isDeny != (why.Decision == iam.ExplicitDeny):
		case isDeny && t.Applicability == iam.Applies:
			return place(&t) + " denies it"
		case nearest == nil || t.Applicability > nearest.Applicability:
			nearest = &t
		}
	}
	if nearest == nil {
		return fmt.Sprintf("no %s allows it", why.BlockedBy)
	}
	return place(nearest) + " " + unmet(nearest, r)
}

// place is where a statement stands, and what it is called.
func place(t *iam.StatementTrace) string {
	text := fmt.Sprintf("%s:%d:%d", t.Policy.Source, t.Statement.Start.Line, t.Statement.Start.Column)
	if t.Statement.Sid != "" {
		text += fmt.Sprintf(" %q", t.Statement.Sid)
	}
	return text
}

// unmet is the first element that keeps an Allow from applying.
func unmet(t *iam.StatementTrace, r *iam.Request) string {
	switch t.Applicability {
	case iam.OtherAction:
		return "does not allow " + r.Action
	case iam.OtherResource:
		return "is about other resources"
	case iam.OtherPrincipal:
		return fmt.Sprintf("is about other principals than %q", r.Principal.ARN)
	case iam.Applies:
		return "allows it, and others do not"
	case iam.FalseCondition:
	}
	return fmt.Sprintf("wants %s of %s, and the request has %s", t.Operator, t.Key, valueText(r.Context, t.Key))
}

func valueText(c iam.Context, key string) string {
	switch entry, found := c.Lookup(key); {
	case !found:
		return "no such key"
	case entry.Multi:
		return fmt.Sprintf("%q", short(strings.Join(entry.Values, " ")))
	default:
		return fmt.Sprintf("%q", short(entry.Value))
	}
}
