package iam

import "strings"

// conditions reads the Condition block: an object of operators, each an object
// of keys, each with a value or a list of values.
func (c *compiler) conditions(n *node, s *Statement) error {
	m := n.member("Condition")
	if m == nil {
		return nil
	}
	if m.value.kind != objectNode {
		return c.errorAt(m.value.start, "Condition must be an object of operators, not %v", m.value.kind)
	}
	for i := range m.value.members {
		operator := &m.value.members[i]
		if operator.value.kind != objectNode {
			return c.errorAt(operator.value.start, "condition operator %q must hold an object of condition keys, not %v", operator.name, operator.value.kind)
		}
		if err := c.operator(operator, s); err != nil {
			return err
		}
	}
	c.checkForAllValues(&m.value, s)
	return nil
}

// operator reads the keys of one operator. AWS takes an unknown operator if
// its block is empty, for it then says nothing.
func (c *compiler) operator(m *member, s *Statement) error {
	parsed, known := parseOperator(m.name)
	if len(m.value.members) == 0 {
		c.findingAt(m.at, "empty-condition", "condition operator %q has no keys and says nothing", m.name)
		return nil
	}
	if !known {
		return c.errorAt(m.at, "unknown condition operator %q; use one of the IAM User Guide, such as StringEquals, in the same case", m.name)
	}
	for i := range m.value.members {
		key := &m.value.members[i]
		if err := checkConditionKey(key.name); err != nil {
			return c.errorAt(key.at, "condition key %v", err)
		}
		if err := checkExtension(key.name); err != nil {
			return c.errorAt(key.at, "condition key %v", err)
		}
		condition := parsed
		condition.name, condition.key = key.name, strings.ToLower(key.name)
		s.keys = append(s.keys, key.name)
		if err := c.operands(key, &condition, s); err != nil {
			return err
		}
		condition.index()
		c.checkCondition(key, &condition)
		s.conditions = append(s.conditions, condition)
	}
	return nil
}

// operands reads the value or values of a key.
func (c *compiler) operands(m *member, condition *condition, s *Statement) error {
	for _, value := range m.value.list() {
		if value.kind != stringNode && value.kind != numberNode && value.kind != booleanNode {
			return c.errorAt(value.start, "the value of condition key %q must be a string, a number or a boolean, or an array of them, not %v", m.name, value.kind)
		}
		if condition.operator.family == arnFamily && value.text == "*" {
			condition.unusable = true
			c.findingAt(value.start, "star-arn", "\"*\" is no ARN: this condition never holds in an Allow and always in a Deny; write arn:*:*:*:*:*")
			continue
		}
		o, err := condition.operator.newOperand(value.text, c.variables())
		if err != nil {
			return c.errorAt(value.start, "condition key %q: %v", m.name, err)
		}
		if p := patternOf(o); p != nil {
			if err := c.noteVariables(&value, p, s); err != nil {
				return c.errorAt(value.start, "condition key %q: %v", m.name, err)
			}
			condition.tagVariables = append(condition.tagVariables, tagVariables(p)...)
		}
		c.checkOperand(&value, o)
		c.noteComparedARN(&value, condition.key)
		condition.operands = append(condition.operands, o)
	}
	return nil
}
