package iam

// A meter bounds the work of one decision, in steps of about a nanosecond. What
// a policy may cost at most is checked when it is compiled, for the longest
// values that a client can send; the meter bounds everything else: a policy
// variable with a long value, and many policies at once. A decision that needs
// more is a denial, whatever the policies say.
type meter struct {
	left int // steps that the current policy may still take
	rest int // steps that are left for the policies after it
}

const (
	// policySteps bounds one pass over one policy.
	policySteps = maxCost
	// decisionSteps bounds all passes over all policies in play for a decision.
	decisionSteps = 8 * policySteps
)

// newMeter returns the meter of a decision that has not begun.
func newMeter() meter {
	return meter{left: policySteps, rest: decisionSteps - policySteps}
}

// nextPolicy begins a pass over another policy.
func (m *meter) nextPolicy() {
	if m.exhausted() {
		return
	}
	m.rest += m.left
	m.left = min(policySteps, m.rest)
	m.rest -= m.left
}

func (m *meter) charge(steps int) { m.left -= steps }

// exhausted reports whether the decision needs more steps than it may take.
// Results of steps after the last allowed one are not valid.
func (m *meter) exhausted() bool { return m.left < 0 }
