package lint

import (
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
)

// maxCompared bounds the lists whose items are compared with each other.
const maxCompared = 200

// redundantElements finds actions and resources that another one in the same list
// covers.
func (l *linter) redundantElements(d *document, s *statement) {
	if s.covered == 0 {
		return
	}
	l.redundantIn(d, "action", s.Actions, coversAction)
	l.redundantIn(d, "resource", s.Resources, s.coversResource)
}

func (l *linter) redundantIn(d *document, kind string, entries []iam.Entry, covers func(outer, inner string) bool) {
	if len(entries) > maxCompared {
		return
	}
	for i, e := range entries {
		for j, other := range entries {
			same := strings.EqualFold(e.Text, other.Text)
			if i != j && covers(other.Text, e.Text) && (!same || j < i) {
				l.report(d.at(e.At), "redundant-element",
					messagef("%s %q is covered by %q in the same list", kind, e.Text, other.Text),
					messagef("remove it"))
				break
			}
		}
	}
}

// redundantStatements finds Allows that another statement of the document makes
// useless: a Deny or an Allow that covers all of it.
func (l *linter) redundantStatements(d *document) {
	if len(d.statements) > maxCompared {
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
			line := diag.Point{Line: other.Statement.Start.Line}
			if other.Statement.Effect == iam.Deny {
				l.report(d.at(s.Statement.Start), "hidden-by-deny",
					messagef("this Allow never takes effect: the Deny in line %s covers all of it", line),
					messagef("remove one of them, or narrow the Deny"))
				break
			}
			if j < i || !s.includes(other) { // of two equal statements the later one is redundant
				l.report(d.at(s.Statement.Start), "redundant-statement",
					messagef("this Allow adds nothing: the Allow in line %s covers all of it", line),
					messagef("remove it, or narrow the other one"))
				break
			}
		}
	}
}

// deniedElsewhere finds Allows of an identity policy that other policies deny to every
// user and role that has it: their identity policies and boundaries.
func (l *linter) deniedElsewhere(d *document) {
	principals := l.attachedTo[d.policy]
	if len(principals) == 0 || len(d.statements) > maxCompared {
		return
	}
	for i := range d.statements {
		s := &d.statements[i]
		if s.Statement.Effect != iam.Allow || s.covered == 0 {
			continue
		}
		var deny diag.Position
		allowedToOne := slices.ContainsFunc(principals, func(p principal) bool {
			at, found := l.deniedBy(p, d, s)
			deny = at
			return !found
		})
		if !allowedToOne {
			l.report(d.at(s.Statement.Start), "hidden-by-deny",
				messagef("this Allow never takes effect: every user and role with this policy also has a Deny that covers all of it, such as %s", l.shown(deny)),
				messagef("remove one of them, or narrow the Deny"))
		}
	}
}

// deniedBy returns the line of a Deny that covers all of an Allow, in another policy of
// a user or role.
func (l *linter) deniedBy(p principal, d *document, s *statement) (deny diag.Position, found bool) {
	for _, policy := range slices.Concat(p.Identity, p.Boundary) {
		other := l.documentOf(policy)
		if other == d {
			continue
		}
		for i := range other.statements {
			if o := &other.statements[i]; o.Statement.Effect == iam.Deny && o.includes(s) {
				return other.at(diag.Point{Line: o.Statement.Start.Line}), true
			}
		}
	}
	return diag.Position{}, false
}

// includes reports whether the statement applies to every request that another one
// applies to.
func (s *statement) includes(other *statement) bool {
	if len(s.Conditions) > 0 || s.NotAction || s.NotResource || s.NotPrincipal || other.NotAction || other.NotResource || other.NotPrincipal {
		return false
	}
	return coversAll(s.Actions, other.Actions, coversAction) &&
		(len(s.Resources) == 0 || hasStar(s.Resources) || len(other.Resources) > 0 && coversAll(s.Resources, other.Resources, s.coversResource)) &&
		(s.everyone() != nil || containsAll(s.Principals, other.Principals))
}
