package lint

import (
	"slices"

	"extauthz/iam"
)

// hidden finds Allows that another statement of the same document makes useless:
// a Deny of all that they allow, or an Allow of it.
func (l *linter) hidden(d *document) {
	if len(d.statements) > longList {
		return
	}
	for i := range d.statements {
		s := &d.statements[i]
		if s.Statement.Effect != iam.Allow || s.covered == 0 {
			continue
		}
		for j := range d.statements {
			other := &d.statements[j]
			if i == j || !other.includes(s) {
				continue
			}
			if other.Statement.Effect == iam.Deny {
				l.report(d.policy.Source, s.Statement.Start, "hidden-by-deny", "this Allow never takes effect: the Deny in line %d covers all of it", other.Statement.Start.Line)
				break
			}
			if j < i || !s.includes(other) { // of two that are equal the later one is redundant
				l.report(d.policy.Source, s.Statement.Start, "redundant-statement", "this Allow adds nothing: the one in line %d covers all of it", other.Statement.Start.Line)
				break
			}
		}
	}
}

// hiddenElsewhere finds Allows of an identity policy that other policies of all who
// have it deny: their identity policies and boundaries.
func (l *linter) hiddenElsewhere(d *document) {
	holders := l.holders[d.policy]
	if len(holders) == 0 || len(d.statements) > longList {
		return
	}
	for i := range d.statements {
		s := &d.statements[i]
		if s.Statement.Effect != iam.Allow || s.covered == 0 {
			continue
		}
		var by *document
		var line int
		everywhere := !slices.ContainsFunc(holders, func(p principal) bool {
			by, line = l.deniedBy(p, d, s)
			return by == nil
		})
		if everywhere {
			l.report(d.policy.Source, s.Statement.Start, "hidden-by-deny", "this Allow never takes effect: all who have it have a Deny that covers all of it too, such as %s:%d", l.onDisk(by.policy.Source), line)
		}
	}
}

// deniedBy finds a Deny, in another document of a user or role, that covers all of an
// Allow; nil where there is none.
func (l *linter) deniedBy(p principal, d *document, s *statement) (by *document, line int) {
	for _, policy := range slices.Concat(p.Identity, p.Boundary) {
		other := l.documentOf(policy)
		if other == d {
			continue
		}
		for i := range other.statements {
			if o := &other.statements[i]; o.Statement.Effect == iam.Deny && o.includes(s) {
				return other, o.Statement.Start.Line
			}
		}
	}
	return nil, 0
}

// includes tells whether the statement applies wherever another one does.
func (s *statement) includes(other *statement) bool {
	if len(s.Conditions) > 0 || s.NotAction || s.NotResource || s.NotPrincipal || other.NotAction || other.NotResource || other.NotPrincipal {
		return false
	}
	return includesAll(s.Actions, other.Actions, coversAction) &&
		(len(s.Resources) == 0 || hasStar(s.Resources) || len(other.Resources) > 0 && includesAll(s.Resources, other.Resources, s.coversWord)) &&
		(s.everyone() != nil || includesPrincipals(s.Principals, other.Principals))
}

func includesAll(words, others []iam.Word, covers func(outer, inner string) bool) bool {
	return !slices.ContainsFunc(others, func(w iam.Word) bool { return !anyCovers(words, w.Text, covers) })
}

func includesPrincipals(principals, others []iam.WrittenPrincipal) bool {
	return !slices.ContainsFunc(others, func(p iam.WrittenPrincipal) bool {
		return !slices.ContainsFunc(principals, func(q iam.WrittenPrincipal) bool { return q.Type == p.Type && q.Text == p.Text })
	})
}
