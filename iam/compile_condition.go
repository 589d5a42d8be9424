package iam

import (
	"errors"
	"strings"
)

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
		condition := parsed
		condition.name, condition.key = key.name, strings.ToLower(key.name)
		if err := c.operands(key, &condition); err != nil {
			return err
		}
		s.noteKeys(&condition)
		c.checkCondition(key, &condition, s.Effect)
		s.conditions = append(s.conditions, condition)
	}
	return nil
}

// operands reads the value or values of a key.
func (c *compiler) operands(m *member, condition *condition) error {
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
		condition.operands = append(condition.operands, o)
	}
	return nil
}

// noteKeys records the key of a condition and those of its policy variables.
func (s *Statement) noteKeys(c *condition) {
	s.keys = append(s.keys, c.name)
	for _, o := range c.operands {
		switch o := o.(type) {
		case *textOperand:
			s.noteVariables(&o.pattern)
		case *arnOperand:
			s.noteVariables(&o.pattern)
		}
	}
}

// isKeyPrefix reports whether s can stand before the colon of a condition key:
// a service, or an OIDC provider, which is a host and perhaps a path of visible
// characters (RFC 3986, section 3.3).
func isKeyPrefix(s string) bool {
	host, path, _ := strings.Cut(s, "/")
	for i := range len(path) {
		if path[i] <= ' ' || path[i] > '~' || strings.IndexByte("*?\"\\<>^`{|}", path[i]) >= 0 {
			return false
		}
	}
	return isVendor(host)
}

// checkConditionKey wants a prefix and one colon. A tag's key, after a slash,
// may hold more colons, and an OIDC provider's name holds slashes.
func checkConditionKey(name string) error {
	prefix, rest, found := strings.Cut(name, ":")
	switch {
	case !found || prefix == "" || rest == "":
		return errors.New(quoted(name, "lacks a service prefix; write one as in aws:SourceIp"))
	case strings.ContainsAny(name, " \t\r\n*?") && !strings.Contains(rest, "/"), !isKeyPrefix(prefix):
		return errors.New(quoted(name, "has characters that no condition key has; write one as in aws:SourceIp"))
	case !strings.Contains(name, "/") && strings.Contains(rest, ":"):
		return errors.New(quoted(name, "has more than one colon; write service:key"))
	}
	return nil
}
