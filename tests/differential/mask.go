package differential

import (
	"errors"

	"extauthz/iam"
)

// mask is one known deviation of the other evaluator. It has one of the four
// functions, which rewrites what the deviation is about, and says whether
// there was anything to rewrite. They are applied in the order of the table.
type mask struct {
	name, reason string

	whole      func(*Case) bool
	resources  func(*resourceElement) bool
	condition  func(*reading) bool
	comparison func(*comparison) bool
}

// rewriting applies masks to a case.
type rewriting struct {
	library library // iam, to be asked about parts of the case
	masks   []*mask
	applied map[*mask]bool
	err     error
}

// rewrite returns the case as the other evaluator reads it, and the masks that
// had a part in it.
func (l library) rewrite(k *Case, masks []*mask) (*Case, map[*mask]bool, error) {
	r := rewriting{library: l, masks: masks, applied: map[*mask]bool{}}
	read := k.clone()
	for _, m := range masks {
		r.note(m, m.whole != nil && m.whole(read))
	}
	read.statements(func(_ *Document, s *Statement) {
		element := resourceElement{Statement: s, k: read, library: l}
		for _, m := range masks {
			r.note(m, m.resources != nil && m.resources(&element))
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

// resourceElement is a statement whose Resource or NotResource is rewritten.
type resourceElement struct {
	*Statement
	k       *Case
	library library
	err     error
}

// matches asks iam whether a pattern matches the resource, in a Deny, where
// every pattern may.
func (r *resourceElement) matches(pattern string) bool {
	ok, err := r.library.applies(Statement{Effect: iam.Deny, Resources: []string{pattern}}, r.k)
	r.err = errors.Join(r.err, err)
	return ok
}

// conditions replaces each condition that the other evaluator reads in its own
// way by one that is always true, which is none, or always false.
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

// never is a condition that never holds: the key is always absent.
func never() Condition {
	return Condition{Base: "Null", Key: "mask:absent", Values: []string{"false"}}
}

// reading is a condition whose key is in the context. A mask may settle it, or
// change the values that are compared one by one.
type reading struct {
	*Condition
	effect         iam.Effect
	entry          iam.ContextEntry
	values         []string
	settled, holds bool
}

// settle ends the reading.
func (r *reading) settle(holds bool) bool {
	r.settled, r.holds = true, holds
	return true
}

// condition reads a condition as the other evaluator does; masked is false if
// it does as iam does.
func (r *rewriting) condition(k *Case, effect iam.Effect, c *Condition) (holds, masked bool) {
	entry, found := k.Context.Lookup(c.Key)
	if !found {
		return false, false
	}
	read := reading{Condition: c, effect: effect, entry: entry, values: entry.Values}
	if !entry.Multi && (entry.Value != "" || c.Set == "") {
		read.values = []string{entry.Value}
	}
	for _, m := range r.masks {
		if m.condition == nil || !m.condition(&read) {
			continue
		}
		r.note(m, true)
		masked = true
		if read.settled {
			return read.holds, true
		}
	}
	if c.Base == "Null" || entry.Multi && c.Set == "" {
		return false, masked
	}
	comparisons := make([]comparison, len(read.values))
	for i, value := range read.values {
		comparisons[i] = r.newComparison(k, effect, c, value)
		masked = r.mask(&comparisons[i]) || masked
	}
	if !masked {
		return false, false
	}
	return r.combine(c.Set, comparisons), true
}

// combine is what a set operator makes of the request's values.
func (r *rewriting) combine(set string, comparisons []comparison) bool {
	satisfied := 0
	for i := range comparisons {
		if r.satisfied(&comparisons[i]) {
			satisfied++
		}
	}
	if set == "ForAllValues:" {
		return satisfied == len(comparisons)
	}
	return satisfied > 0
}

// comparison is one value of a request against the values of a condition.
type comparison struct {
	base    string
	negated bool
	effect  iam.Effect
	value   string
	policy  []string
	context iam.Context
	library library

	settled, satisfied bool
	err                error
}

// settle ends the comparison.
func (c *comparison) settle(satisfied bool) bool {
	c.settled, c.satisfied = true, satisfied
	return true
}

// keep keeps the policy's values for which ok is true, and says whether any
// went.
func (c *comparison) keep(ok func(string) bool) bool {
	var kept []string
	for _, p := range c.policy {
		if ok(p) {
			kept = append(kept, p)
		}
	}
	shorter := len(kept) < len(c.policy)
	c.policy = kept
	return shorter
}

func (r *rewriting) newComparison(k *Case, effect iam.Effect, c *Condition, value string) comparison {
	return comparison{
		base: c.Base, negated: isNegated(c.Base), effect: effect, value: value,
		policy: append([]string(nil), c.Values...), context: k.Context, library: r.library,
	}
}

// mask applies masks to a comparison until one settles it.
func (r *rewriting) mask(c *comparison) (masked bool) {
	for _, m := range r.masks {
		if m.comparison == nil || c.settled || !m.comparison(c) {
			continue
		}
		r.note(m, true)
		masked = true
	}
	r.fail(c.err)
	return masked
}

// satisfied is the outcome of a comparison. What no mask settled is for iam to
// say, with the values as masks left them.
func (r *rewriting) satisfied(c *comparison) bool {
	if c.settled {
		return c.satisfied
	}
	satisfied, err := c.ask(c.policy, c.value)
	r.fail(err)
	return satisfied
}

func (r *rewriting) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// ask has iam compare a value with values of a policy.
func (c *comparison) ask(policy []string, value string) (bool, error) {
	const subject = "mask:subject"
	context := append(iam.Context{{Key: subject, Value: value}}, c.context...)
	s := Statement{Effect: c.effect, Conditions: []Condition{{Base: c.base, Key: subject, Values: policy}}}
	return c.library.applies(s, &Case{Action: "ecr:BatchGetImage", Resource: "*", Context: context})
}
