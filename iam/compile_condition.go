package iam

import (
	"fmt"
	"slices"
	"strings"
)

// conditions reads the Condition block: an object of operators, each an object
// of keys, each with a value or a list of values.
func (c *compiler) conditions(syntax *StatementSyntax, s *Statement) {
	m := syntax.node.member("Condition")
	if m == nil {
		return
	}
	if m.value.kind != objectNode {
		c.faultAt(m.value.start, fmt.Sprintf("Condition must be an object of operators, not %v", m.value.kind), "")
		return
	}
	s.condition = c.elements.conditions.get(c.elements.keyOf(&m.value, c.variables()), func() (*[]condition, bool) {
		before := c.broken
		var all []condition
		for i := range syntax.operators {
			operator := &syntax.operators[i]
			if operator.value.kind != objectNode {
				c.faultAt(operator.value.start, fmt.Sprintf("condition operator %q must contain an object of condition keys, not %v", operator.name, operator.value.kind), "")
				continue
			}
			all = c.operator(all, operator)
		}
		all = slices.Clip(all)
		return &all, c.broken == before && !m.value.lacks
	})
}

// operator appends the conditions of one operator, one for each key. AWS accepts an unknown
// operator whose block is empty, because it then has no effect.
func (c *compiler) operator(all []condition, o *operatorSyntax) []condition {
	if len(o.value.members) > 0 && !o.known {
		c.faultAt(o.at, fmt.Sprintf("unknown condition operator %q", o.name), "use one of the IAM User Guide, such as StringEquals, in the same case")
		return all
	}
	for i := range o.value.members {
		if condition, valid := c.condition(&o.value.members[i], o.parsedOperator); valid {
			all = append(all, condition)
		}
	}
	return all
}

// condition reads one key of an operator and its values. It returns false for a key that is
// not valid.
func (c *compiler) condition(key *member, operator parsedOperator) (_ condition, valid bool) {
	for _, check := range [...]func(string) error{checkConditionKey, checkExtension} {
		if err := check(key.name); err != nil {
			c.wrapAt(key.at, "condition key ", err)
			return condition{}, false
		}
	}
	condition := condition{parsedOperator: operator, name: key.name, key: strings.ToLower(key.name)}
	values := key.value.list()
	for i := range values {
		c.operand(key, &values[i], &condition)
	}
	condition.index()
	return condition, true
}

// operand reads one value of a key.
func (c *compiler) operand(key *member, value *node, condition *condition) {
	if value.kind != stringNode && value.kind != numberNode && value.kind != booleanNode {
		c.faultAt(value.start, fmt.Sprintf("the value of condition key %q must be a string, a number or a boolean, or an array of them, not %v", key.name, value.kind), "")
		return
	}
	if condition.operator.family == arnFamily && value.text == "*" {
		condition.unusable = true
		return
	}
	o, err := condition.operator.newOperand(value.text, c.variables())
	if err != nil {
		c.wrapAt(value.start, fmt.Sprintf("condition key %q: ", key.name), err)
		return
	}
	if p := patternOf(o); p != nil {
		keys, err := variablesOf(p)
		condition.variables = append(condition.variables, keys...)
		if err != nil {
			c.wrapAt(value.start, fmt.Sprintf("condition key %q: ", key.name), err)
			return
		}
		condition.tagVariables = append(condition.tagVariables, tagVariables(p)...)
	}
	condition.operands = append(condition.operands, o)
}
