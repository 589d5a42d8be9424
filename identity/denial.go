package identity

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"extauthz/iam"
	"extauthz/oidc"
)

// A denial is why a credential that holds proves nobody. Its text is what its holder
// may know, who learns neither the policies nor which roles there are; detail is
// for the operator.
type denial struct{ told, detail string }

func (d *denial) Error() string { return d.told }

// detailOf is what an error has for the operator alone, "" for nothing.
func detailOf(err error) string {
	var d *denial
	if errors.As(err, &d) {
		return d.detail
	}
	return ""
}

// absent says that a user or role is not among the principals.
type absent struct{ text string }

func (a *absent) Error() string { return a.text }

// unled keeps from the client, whose name leads to nobody by its captures, where
// it was led to.
func unled(err error) error {
	var a *absent
	if errors.As(err, &a) {
		return &denial{"no principal is bound to this credential", err.Error()}
	}
	return err
}

// unassumed says that somebody may not assume a role, as AWS STS does.
func unassumed(who, action, role, detail string) *denial {
	return &denial{fmt.Sprintf("%s is not authorized to perform: %s on resource: %s", who, action, short(role)), detail}
}

// unbound says that no binding of the issuer has the claims, and which claims of
// those that bindings ask for the token has.
func (i *issuer) unbound(claims oidc.Claims) *denial {
	asked := map[string]bool{}
	for _, b := range i.bindings {
		for _, c := range b.claims {
			asked[c.claim] = true
		}
	}
	return &denial{
		fmt.Sprintf("no principal is bound to the claims of this token of issuer %q", i.name),
		fmt.Sprintf("no credential with token: %s matches %s", i.name, claimTexts(claims, slices.Sorted(maps.Keys(asked)))),
	}
}

// unlikely says that the claims are not those that all tokens of the issuer have.
func (i *issuer) unlikely(claims oidc.Claims) *denial {
	var asked []string
	for _, c := range i.claims {
		asked = append(asked, c.claim)
	}
	return &denial{
		fmt.Sprintf("the token's claims are not those that tokens of issuer %q must have", i.name),
		fmt.Sprintf("it wants %v, and the token has %s", i.claims, claimTexts(claims, asked)),
	}
}

// claimTexts are claims with their values, which are somebody's text: cut short
// and quoted.
func claimTexts(claims oidc.Claims, names []string) string {
	var texts []string
	for _, name := range names {
		switch text, isText := claims.Text(name); {
		case isText:
			texts = append(texts, fmt.Sprintf("%s %q", name, short(text)))
		case claims[name] != nil:
			texts = append(texts, "a "+name+" that is no string")
		default:
			texts = append(texts, "no "+name)
		}
	}
	return strings.Join(texts, ", ")
}

// whyNot says what keeps the policies from allowing the request: the statement
// that denies it or, of those that allow such, the one that comes nearest, with
// the first of its elements that is not met.
func whyNot(p *iam.Policies, r *iam.Request) string {
	why := p.Explain(r)
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
