package differential

import "extauthz/iam"

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

// keep keeps the policy's values for which ok is true, and reports whether it removed any.
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

func (r *rewriting) newComparison(k *Case, of *reading, value string) comparison {
	return comparison{
		base: of.Base, negated: isNegated(of.Base), effect: of.effect, value: value,
		policy: append([]string(nil), of.Values...), context: k.Context, library: r.library,
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

// satisfied returns the outcome of a comparison. If no mask settled it, iam decides with
// the values that the masks left.
func (r *rewriting) satisfied(c *comparison) bool {
	if c.settled {
		return c.satisfied
	}
	satisfied, err := c.evaluate(c.policy, c.value)
	r.fail(err)
	return satisfied
}

// evaluate lets iam compare a value with values of a policy.
func (c *comparison) evaluate(policy []string, value string) (bool, error) {
	const subject = "mask:subject"
	context := append(iam.Context{{Key: subject, Value: value}}, c.context...)
	s := Statement{Effect: c.effect, Conditions: []Condition{{Base: c.base, Key: subject, Values: policy}}}
	return c.library.applies(s, &Case{Action: "ecr:BatchGetImage", Resource: "*", Context: context})
}
