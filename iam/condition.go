package iam

// condition is one key of one operator in a Condition block.
type condition struct {
	key      string // lower-cased
	name     string // as written
	operator operator
	set      setOperator
	ifExists bool
	operands []operand
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

// holds reports whether the condition is true. What IAM leaves open is
// settled by the effect of the statement, so that it never helps the caller.
// Source: IAM User Guide, "AWS JSON policy elements: Condition operators" and
// "Set operators for multi-valued context keys".
func (c *condition) holds(ctx Context, effect Effect) bool {
	entry, found := ctx.Lookup(c.key)
	missing := !found || entry.Multi && len(entry.Values) == 0
	switch {
	case c.unusable:
		return effect == Deny
	case c.operator.family == nullFamily:
		return c.nullHolds(entry.count() == 0, ctx, effect)
	case c.set == forAllValues:
		return c.countSatisfied(&entry, ctx, effect) == entry.count()
	case c.set == forAnyValue:
		return c.countSatisfied(&entry, ctx, effect) > 0
	case entry.Multi && effect == Allow:
		return false // a multivalued key needs a set operator
	case missing:
		return c.operator.negated || c.ifExists
	case entry.Multi:
		return c.countSatisfied(&entry, ctx, effect) > 0
	}
	return c.satisfiedBy(entry.Value, ctx, effect)
}

// countSatisfied is the number of the key's values that satisfy the operator.
func (c *condition) countSatisfied(entry *ContextEntry, ctx Context, effect Effect) int {
	n := 0
	for i := range entry.count() {
		if c.satisfiedBy(entry.value(i), ctx, effect) {
			n++
		}
	}
	return n
}

// satisfiedBy reports whether one value of the request equals any of the
// operands or, for a negated operator, none.
func (c *condition) satisfiedBy(value string, ctx Context, effect Effect) bool {
	for _, o := range c.operands {
		switch o.compare(value, ctx) {
		case unreadable:
			return effect == Deny
		case matches:
			return !c.operator.negated
		}
	}
	return c.operator.negated
}

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
