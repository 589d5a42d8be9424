package iam

import "net/netip"

// condition is one key of one operator in a Condition block.
type condition struct {
	parsedOperator
	key          string // lower-cased
	name         string // as written
	operands     []operand
	variables    []string       // the keys of the variables in the operands
	tagVariables []string       // those that are keys of a tag
	texts        patternSet     // the operands of string and ARN operators
	networks     []netip.Prefix // the operands of address operators
	each         int            // steps of comparing with the operands one by one
	lookupSteps  int            // see the function
	// unusable marks a policy value that an ARN operator cannot compare with.
	unusable bool
}

// setOperator is the prefix for multivalued keys.
type setOperator uint8

const (
	noSet setOperator = iota
	forAllValues
	forAnyValue
)

// operand is one compiled value of a condition.
type operand interface {
	// compare relates the value of a request to the operand.
	compare(value string, c Context) verdict
}

// verdict is the outcome of one comparison.
type verdict uint8

const (
	unreadable verdict = iota // the request's value has not the operator's type
	differs
	matches
)

func verdictOf(match bool) verdict {
	if match {
		return matches
	}
	return differs
}

// holds reports whether the condition is true. Where IAM leaves the result open, it
// depends on the effect of the statement, so that it never helps the caller.
// Source: IAM User Guide, "AWS JSON policy elements: Condition operators" and
// "Set operators for multi-valued context keys".
func (c *condition) holds(ctx Context, effect Effect, m *meter) bool {
	m.charge(c.lookupSteps)
	entry, found := ctx.Lookup(c.name)
	missing := !found || entry.Multi && len(entry.Values) == 0
	switch {
	case c.unusable, entry.Ambiguous, ctx.anyAmbiguous(c.tagVariables, m):
		return effect == Deny
	case c.operator.family == nullFamily:
		return c.nullHolds(entry.count() == 0, ctx, effect)
	case c.set == forAllValues:
		return c.countSatisfied(&entry, ctx, effect, m) == entry.count()
	case c.set == forAnyValue:
		return c.countSatisfied(&entry, ctx, effect, m) > 0
	case entry.Multi && effect == Allow:
		return false // a multivalued key needs a set operator
	case missing:
		return c.operator.negated || c.ifExists
	case entry.Multi:
		return c.countSatisfied(&entry, ctx, effect, m) > 0
	}
	return c.satisfiedBy(entry.Value, ctx, effect, m)
}

// countSatisfied is the number of the key's values that satisfy the operator.
func (c *condition) countSatisfied(entry *ContextEntry, ctx Context, effect Effect, m *meter) int {
	n := 0
	for i := range entry.count() {
		if c.satisfiedBy(entry.value(i), ctx, effect, m) {
			n++
		}
	}
	return n
}

// satisfiedBy reports whether one value of the request equals any of the
// operands or, for a negated operator, none.
func (c *condition) satisfiedBy(value string, ctx Context, effect Effect, m *meter) bool {
	switch c.compare(value, ctx, m) {
	case unreadable:
		return effect == Deny
	case matches:
		return !c.operator.negated
	case differs:
	}
	return c.operator.negated
}

// compare relates one value of the request to all operands. Whether the value
// is of the operator's type does not depend on the operand.
func (c *condition) compare(value string, ctx Context, m *meter) verdict {
	m.charge(c.steps(len(value)))
	if len(c.operands) == 0 {
		return differs
	}
	switch c.operator.family {
	case stringFamily, foldFamily, likeFamily:
		return verdictOf(c.texts.match(value, ctx, m))
	case arnFamily:
		if !isARNText(value) {
			return unreadable
		}
		return verdictOf(c.texts.match(value, ctx, m))
	case addressFamily:
		return compareAddress(c.networks, value)
	case numericFamily:
		return compareNumber(c.operands, value)
	case dateFamily:
		return compareDate(c.operands, value)
	case unknownFamily, boolFamily, binaryFamily, nullFamily: // their operands compare
	}
	for _, o := range c.operands {
		if v := o.compare(value, ctx); v != differs {
			return v
		}
	}
	return differs
}

// index prepares the operands for being compared all at once.
func (c *condition) index() {
	c.lookupSteps = lookupSteps(c.name)
	var patterns []pattern
	for _, o := range c.operands {
		c.each += operandSteps
		switch o := o.(type) {
		case *textOperand:
			patterns = append(patterns, o.pattern)
		case *arnOperand:
			patterns = append(patterns, o.pattern)
		case *addressOperand:
			c.networks = append(c.networks, o.prefix)
		case *boolVariableOperand:
			c.each += 5 * o.pattern.stepsBeforeRun() // it looks its variables up so often
		}
	}
	c.texts = newPatternSet(patterns)
	c.networks = disjoint(c.networks)
}

// anyMatches reports whether the value is one of the operands of Null.
func (c *condition) anyMatches(value string, ctx Context) bool {
	for _, o := range c.operands {
		if o.compare(value, ctx) == matches {
			return true
		}
	}
	return false
}

// nullHolds reports whether a Null condition is true. With a set operator and an
// absent key there are two readings: the set operator changes nothing, or it
// applies to an empty set, so that ForAllValues is true and ForAnyValue false (the
// policy simulator, as the tests of PMapper recorded it). Where they differ the
// condition is false in an Allow and true in a Deny.
func (c *condition) nullHolds(null bool, ctx Context, effect Effect) bool {
	plain := c.anyMatches(boolText(null), ctx)
	if c.set == noSet || !null {
		return plain
	}
	ofEmptySet := c.set == forAllValues
	if effect == Allow {
		return plain && ofEmptySet
	}
	return plain || ofEmptySet
}

// boolText is the text of a boolean.
func boolText(value bool) string {
	if value {
		return "true"
	}
	return "false"
}

// count is the number of values for a set operator. An empty string is an
// empty set, and null.
func (e *ContextEntry) count() int {
	switch {
	case e.Multi:
		return len(e.Values)
	case e.Value == "":
		return 0
	}
	return 1
}

func (e *ContextEntry) value(i int) string {
	if e.Multi {
		return e.Values[i]
	}
	return e.Value
}
