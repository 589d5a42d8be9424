package iam

import (
	"fmt"
)

// maxCost bounds the cost of a policy: how many steps of about a nanosecond one decision
// can take for the most expensive request, with every statement compared to the end.
// [Compile] refuses a policy that costs more. Every document within AWS's size quotas
// costs less, with any content.
const maxCost = 3_500_000

// The longest texts that a client can have compared with a policy, in bytes.
// The registry checks the lengths of headers, paths and tokens before any
// policy is evaluated.
const (
	longestAction   = 64
	longestResource = 512     // the ARN of a repository, whose name has at most 256 characters
	longestValue    = 4 << 10 // User-Agent and Referer
	longestClaim    = 8 << 10 // the claims of a token, which trust policies compare
	// longestVariable is the longest value of a policy variable that the cost
	// allows for. Longer values are left to the meter.
	longestVariable = 32
)

// Steps of evaluation other than comparing with patterns.
const (
	statementSteps = 128
	valueSteps     = 16 // comparing one value of a key, after reading it
	entrySteps     = 16 // comparing the caller with one entry of Principal
	operandSteps   = 4  // comparing a value that is read already
)

// checkCost refuses the document if it costs too much, and names its most
// expensive statement.
func (c *compiler) checkCost() {
	total, highest := 0, 0
	var worst *Statement
	for i := range c.policy.Statements {
		s := &c.policy.Statements[i]
		cost := s.cost(c.policy.Kind)
		total += cost
		if cost > highest {
			highest, worst = cost, s
		}
	}
	if total <= maxCost {
		return
	}
	c.faultAt(worst.Start, fmt.Sprintf("this statement can take %d steps in one decision, of %d that the whole policy can take, which is more than the %d that a policy may take", highest, total, maxCost), "list values in full instead of patterns with wildcards, make the patterns fewer or shorter, or divide the policy into several")
}

// lookupSteps returns what looking a key up among all keys of the context takes. Among
// them are up to 50 tags of the caller and of the repository each, so that the key of a
// tag is compared with many that may differ from it at their ends only.
func lookupSteps(key string) int {
	if tagKey(key) == "" {
		return 256
	}
	return 256 + 16*len(key)
}

// cost returns how many steps the statement can take.
func (s *Statement) cost(k Kind) int {
	cost := statementSteps + s.actions.set.cost(longestAction) + s.resources.cost(longestResource)
	if s.principals != nil {
		cost += entrySteps * len(s.principals.entries)
	}
	longest := longestValue
	if k == TrustPolicy {
		longest = longestClaim
	}
	for i := range s.conditions() {
		cost += s.conditions()[i].cost(longest)
	}
	return cost
}

// cost returns how many steps comparing a value of that length can take.
func (c *condition) cost(longest int) int {
	return lookupSteps(c.name) + c.steps(longest) + c.texts.cost(longest)
}

// steps returns what one value takes apart from comparing with patterns: to read
// it, and to compare it with operands that are read already.
func (c *condition) steps(length int) int {
	reading := length / 8
	switch c.operator.family {
	case numericFamily, dateFamily, addressFamily:
		reading = 2 * length
	case stringFamily, foldFamily, likeFamily, arnFamily: // their patterns are counted elsewhere
	case unknownFamily, boolFamily, binaryFamily, nullFamily:
	}
	return valueSteps + reading + c.each
}

// cost returns how many steps a match can take with a subject of that length.
func (s *patternSet) cost(longest int) int {
	cost := operandSteps * len(s.literals)
	if s.table != nil {
		cost += longest // to hash the value
	}
	if len(s.patterns) == 0 {
		return cost
	}
	cost += allowance(len(s.patterns))
	var packing packing
	scans, most := false, 0
	for i := range s.patterns {
		p := &s.patterns[i]
		if p.least > longest {
			continue // it is too long for any subject
		}
		cost += p.stepsBeforeRun()
		scans = scans || p.backtracks()
		packing.add(p.states())
		most = max(most, p.least)
	}
	cost += tokenSteps * most // for the pattern with which the allowance ends
	if !scans {
		return cost
	}
	return cost + 2*longest + (packing.blocks+1)*(longest+blockSteps)
}

// packing counts the blocks into which a [scan] packs states.
type packing struct{ blocks, used int }

func (b *packing) add(states int) {
	if beginsBlock(b.used, states) {
		b.blocks, b.used = b.blocks+1, 0
	}
	b.used += states
	b.blocks += b.used / 64
	b.used %= 64
}

// stepsBeforeRun returns the cost of the tokens before the first *, which are always
// compared, and of looking up all variables.
func (p *pattern) stepsBeforeRun() int {
	n, found := 0, false
	for i := range p.tokens {
		found = found || p.tokens[i].kind == runToken
		switch {
		case !found:
			n += p.stepsOf(i)
		case p.tokens[i].kind == variableToken:
			n += lookupSteps(p.tokens[i].text)
		}
	}
	return n
}

// states returns how many states of a [scan] the pattern has.
func (p *pattern) states() int {
	n := 1 + p.least
	for i := range p.tokens {
		if p.tokens[i].kind == variableToken {
			n += longestVariable
		}
	}
	return n
}

// backtracks reports whether the pattern has a * other than at its end.
func (p *pattern) backtracks() bool {
	for i := range len(p.tokens) - 1 {
		if p.tokens[i].kind == runToken {
			return true
		}
	}
	return false
}

// A meter bounds the work of one decision, in steps of about a nanosecond. Compile bounds
// the cost of a policy for the longest values that a client can send. The meter bounds
// everything else: a policy variable with a long value, and many policies at once. A
// decision that needs more steps is a denial.
type meter struct {
	left int // steps that the current policy may still take
	rest int // steps that are left for the policies after it
}

const (
	// policySteps bounds the pass over one policy.
	policySteps = maxCost
	// decisionSteps bounds the passes over all applicable policies, or over the statements
	// that indexes find in them, for a decision.
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

// nextIndex begins a pass over the statements that an [Index] finds in several policies.
func (m *meter) nextIndex() {
	if m.exhausted() {
		return
	}
	m.left, m.rest = m.left+m.rest, 0
}

func (m *meter) charge(steps int) { m.left -= steps }

// exhausted reports whether the decision needs more steps than it may take.
// Results of steps after the last allowed one are not valid.
func (m *meter) exhausted() bool { return m.left < 0 }
