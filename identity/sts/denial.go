package sts

import (
	"fmt"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/identity/oidc"
)

// AccessDenied is the error of a verified caller that may not become the principal that
// it requests. Its text is for the client, and does not show policies or which roles
// exist.
type AccessDenied struct {
	Reason string // the text
	Detail string // for the operator only

	IsExplicit bool // a Deny statement denies it, also for the operator only
}

func (d *AccessDenied) Error() string { return d.Reason }

// NoSuchEntity is the error of a user or role that is not among the entities.
type NoSuchEntity struct {
	ARN   string // of the user or role; of a role without its path
	fault diag.Diagnostic
}

// noSuchEntity returns the error of a user or role that problem describes.
func noSuchEntity(arn, problem string) *NoSuchEntity {
	return &NoSuchEntity{arn, diag.New(diag.Position{}, problem, "add it there with its policies")}
}

func (e *NoSuchEntity) Error() string { return e.fault.Error() }

// Unwrap returns the diagnostic of an entry that refers to the user or role.
func (e *NoSuchEntity) Unwrap() error { return e.fault }

// notAuthorized returns the error of a caller that may not assume a role, in AWS's words.
func notAuthorized(who, action, role, detail string) *AccessDenied {
	return &AccessDenied{Reason: fmt.Sprintf("%s is not authorized to perform: %s on resource: %s", who, action, oidc.Excerpt(role)), Detail: detail}
}

// denialReason returns why the policies do not allow the request: the statement that
// denies it or, for an implicit denial, the Allow statement that matches most of it, with
// its first element that does not match.
func denialReason(p *iam.Policies, r *iam.Request) string {
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
			return describeStatement(&t) + " denies it"
		case nearest == nil || t.Applicability > nearest.Applicability:
			nearest = &t
		}
	}
	if nearest == nil {
		return fmt.Sprintf("no %s allows it", why.BlockedBy)
	}
	return describeStatement(nearest) + " " + describeMismatch(nearest, r)
}

// describeStatement returns the position and the Sid of a statement.
func describeStatement(t *iam.StatementTrace) string {
	text := t.Policy.Source.At(t.Statement.Start).String()
	if t.Statement.Sid != "" {
		text += fmt.Sprintf(" %q", t.Statement.Sid)
	}
	return text
}

// describeMismatch returns the first element of an Allow that does not match.
func describeMismatch(t *iam.StatementTrace, r *iam.Request) string {
	switch t.Applicability {
	case iam.OtherAction:
		return "does not allow " + r.Action
	case iam.OtherResource:
		return "is about other resources"
	case iam.OtherPrincipal:
		return fmt.Sprintf("is about other principals than %q", r.Principal.ARN)
	case iam.Applies:
		return "allows it, but other statements do not"
	case iam.FalseCondition:
	}
	return fmt.Sprintf("requires %s of %s, and the request has %s", t.Operator, t.Key, valueText(r.Context, t.Key))
}

func valueText(c iam.Context, key string) string {
	switch entry, found := c.Lookup(key); {
	case !found:
		return "no such key"
	case entry.Multi:
		return fmt.Sprintf("%q", oidc.Excerpt(strings.Join(entry.Values, " ")))
	default:
		return fmt.Sprintf("%q", oidc.Excerpt(entry.Value))
	}
}
