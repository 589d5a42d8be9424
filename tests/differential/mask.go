package differential

import (
	"errors"

	"extauthz/iam"
)

// mask is one known deviation of the other evaluator. It has one of the four
// functions, which rewrites what the deviation is about, and reports whether there was
// anything to rewrite. Masks are applied in the order of the table.
type mask struct {
	name   string
	reason string // what iam does, and what the other evaluator does instead
	source string // the sentence of AWS's documentation that iam's behavior is based on

	whole      func(*Case) bool
	statement  func(*statementReading) bool
	condition  func(*reading) bool
	comparison func(*comparison) bool
}

// rewriting applies masks to a case.
type rewriting struct {
	library library // iam, for decisions about parts of the case
	masks   []*mask
	applied map[*mask]bool
	err     error
}

// rewrite returns the case as the other evaluator reads it, and the masks that changed it.
func (l library) rewrite(k *Case, masks []*mask) (*Case, map[*mask]bool, error) {
	r := rewriting{library: l, masks: masks, applied: map[*mask]bool{}}
	read := k.clone()
	for _, m := range masks {
		r.note(m, m.whole != nil && m.whole(read))
	}
	read.statements(func(_ *Document, s *Statement) {
		element := statementReading{Statement: s, k: read, library: l}
		for _, m := range masks {
			r.note(m, m.statement != nil && m.statement(&element))
		}
		r.fail(element.err)
		r.conditions(read, s)
	})
	return read, r.applied, r.err
}

func (r *rewriting) note(m *mask, applied bool) {
	if applied {
		r.applied[m] = true
	}
}

func (r *rewriting) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// statementReading is a statement that is rewritten.
type statementReading struct {
	*Statement
	k       *Case
	library library
	err     error
}

// matches reports whether iam matches the resource with a pattern in a Deny, where every
// pattern can match.
func (r *statementReading) matches(pattern string) bool {
	ok, err := r.library.applies(Statement{Effect: iam.Deny, Resources: []string{pattern}}, r.k)
	r.err = errors.Join(r.err, err)
	return ok
}

// applies reports whether iam says that the statement's Resource or NotResource alone
// covers the resource of the case.
func (r *statementReading) applies() bool {
	ok, err := r.library.applies(Statement{Effect: r.Effect, NotResource: r.NotResource, Resources: r.Resources}, r.k)
	r.err = errors.Join(r.err, err)
	return ok
}

// denies reports whether iam denies the caller by a Deny with only the statement's
// principals, as Principal or as NotPrincipal.
func (r *statementReading) denies(notPrincipal bool) bool {
	s := Statement{Effect: iam.Deny, Actions: []string{"*"}, Principal: r.Principal, NotPrincipal: notPrincipal}
	alone := Case{
		Caller: r.k.Caller, Action: r.k.Action, Resource: r.k.Resource, ResourceAccount: r.k.ResourceAccount,
		Resources: []Document{{iam.RepositoryPolicy, "2012-10-17", []Statement{s}}},
	}
	d, err := r.library.decide(&alone)
	r.err = errors.Join(r.err, err)
	return d == iam.ExplicitDeny
}

// conditions replaces each condition that the other evaluator reads differently: by no
// condition if the other evaluator considers it true, and by a false one otherwise.
func (r *rewriting) conditions(k *Case, s *Statement) {
	var kept []Condition
	for _, c := range s.Conditions {
		switch holds, masked := r.condition(k, s.Effect, &c); {
		case !masked:
			kept = append(kept, c)
		case !holds:
			kept = append(kept, never())
		}
	}
	s.Conditions = kept
}

// never returns a condition that is always false: the key is always absent.
func never() Condition {
	return Condition{Base: "Null", Key: "mask:absent", Values: []string{"false"}}
}
