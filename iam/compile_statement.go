package iam

import (
	"errors"
	"fmt"
	"strings"
)

// statement reads one statement into s.
func (c *compiler) statement(n *node, s *Statement) error {
	s.Start, s.End = n.start, n.end
	if n.kind != objectNode {
		return c.errorAt(n.start, "a statement is an object, not %v", n.kind)
	}
	if err := c.checkMembers(n, "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"); err != nil {
		return err
	}
	for _, read := range [...]func(*node, *Statement) error{c.sid, c.effect, c.principals, c.actions, c.resources, c.conditions} {
		if err := read(n, s); err != nil {
			return err
		}
	}
	return nil
}

// sid reads the Sid. IAM wants letters and digits, and each Sid once in a
// document; ECR takes any text.
func (c *compiler) sid(n *node, s *Statement) error {
	m := n.member("Sid")
	if m == nil {
		return nil
	}
	at := m.value.start
	if m.value.kind != stringNode {
		return c.errorAt(at, "Sid must be a string, not %v", m.value.kind)
	}
	s.Sid = m.value.text
	strict := c.policy.Kind.attachesToIdentity() || c.policy.Kind == TrustPolicy
	for i := range len(s.Sid) {
		if strict && !isAlphanumeric(s.Sid[i]) {
			return c.errorAt(at, "Sid %q may have letters and digits only", s.Sid)
		}
	}
	repeated := s.Sid != "" && c.sids[s.Sid]
	c.sids[s.Sid] = true
	if repeated && strict {
		return c.errorAt(at, "Sid %q occurs twice in the document; give each statement its own", s.Sid)
	}
	if repeated {
		c.findingAt(at, "repeated-sid", "Sid %q occurs twice in the document", s.Sid)
	}
	return nil
}

func (c *compiler) effect(n *node, s *Statement) error {
	m := n.member("Effect")
	if m == nil {
		return c.errorAt(n.start, "the statement has no Effect; write \"Effect\": \"Allow\" or \"Deny\"")
	}
	switch v := m.value; {
	case v.kind == stringNode && v.text == "Allow":
		s.Effect = Allow
	case v.kind == stringNode && v.text == "Deny":
		s.Effect = Deny
	case v.kind == stringNode:
		return c.errorAt(v.start, "Effect must be exactly \"Allow\" or \"Deny\", not %q", v.text)
	default:
		return c.errorAt(v.start, "Effect must be \"Allow\" or \"Deny\", not %v", v.kind)
	}
	return nil
}

// oneOf finds which of an element and its negation is there; both is an
// error, and so is neither if the element is required.
func (c *compiler) oneOf(n *node, name string, required bool) (m *member, not bool, err error) {
	plain, negated := n.member(name), n.member("Not"+name)
	switch {
	case plain != nil && negated != nil:
		return nil, false, c.errorAt(negated.at, "the statement has both %s and Not%s; keep one", name, name)
	case plain != nil:
		return plain, false, nil
	case negated != nil:
		return negated, true, nil
	case required:
		return nil, false, c.errorAt(n.start, "the statement has neither %s nor Not%s; add one", name, name)
	}
	return nil, false, nil
}

func (c *compiler) actions(n *node, s *Statement) error {
	m, not, err := c.oneOf(n, "Action", true)
	if err != nil {
		return err
	}
	list, err := c.texts(m.name, &m.value)
	if err != nil {
		return err
	}
	patterns := make([]pattern, len(list))
	for i := range list {
		if patterns[i], err = compileAction(list[i].text); err != nil {
			return c.errorAt(list[i].start, "%s %v", m.name, err)
		}
		c.checkAction(&list[i], &patterns[i])
	}
	s.actions = actionElement{not: not, set: newPatternSet(patterns)}
	return nil
}

func (c *compiler) resources(n *node, s *Statement) error {
	kind := c.policy.Kind
	m, not, err := c.oneOf(n, "Resource", kind != RepositoryPolicy && kind != TrustPolicy)
	if err != nil || m == nil {
		return err
	}
	if kind == TrustPolicy {
		return c.errorAt(m.at, "a trust policy has no %s, since it is about the role that it belongs to; remove it", m.name)
	}
	list, err := c.texts(m.name, &m.value)
	if err != nil {
		return err
	}
	s.resources = resourceElement{presence: named, patterns: make([]resourcePattern, len(list))}
	if not {
		s.resources.presence = notNamed
	}
	for i := range list {
		if s.resources.patterns[i], err = c.resource(&list[i]); err != nil {
			return c.errorAt(list[i].start, "%s %v", m.name, err)
		}
		s.resources.scope |= scopeOf(list[i].text)
		p := &s.resources.patterns[i]
		if err := c.noteVariables(&list[i], &p.pattern, s); err != nil {
			return c.errorAt(list[i].start, "%s: %v", m.name, err)
		}
		s.resources.tagVariables = append(s.resources.tagVariables, tagVariables(&p.pattern)...)
		p.never = p.wildService && s.Effect == Allow && !not
		if not && s.Effect == Allow {
			p.beginnings = beginningsOf(&p.pattern)
		}
		c.checkResourcePattern(&list[i], p)
	}
	s.resources.index()
	if kind == RepositoryPolicy {
		c.findingAt(m.at, "resource-in-repository-policy", "ECR may refuse a repository policy with %s; leave it out, the policy is about its own repository", m.name)
	}
	return nil
}

// resource reads one resource. A short ARN in a policy attached to a principal
// is filled up with wildcards, as AWS does; elsewhere it is an error.
func (c *compiler) resource(n *node) (resourcePattern, error) {
	text := n.text
	missing, err := checkResource(text)
	if err != nil {
		return resourcePattern{}, err
	}
	if missing > 0 {
		if !c.policy.Kind.attachesToIdentity() {
			return resourcePattern{}, errors.New(quoted(text, errNotARN.Error()))
		}
		text += strings.Repeat(":*", missing)
		c.findingAt(n.start, "short-arn", "%q is short of segments and counts as %q; write it in full", n.text, text)
	}
	return compileResource(text, c.variables())
}

// noteVariables records the keys of the variables in the pattern of n. It refuses a key
// of this project that does not exist, and finds one that AWS does not have.
func (c *compiler) noteVariables(n *node, p *pattern, s *Statement) error {
	for i := range p.tokens {
		if p.tokens[i].kind != variableToken {
			continue
		}
		if err := checkExtension(p.tokens[i].text); err != nil {
			return fmt.Errorf("the key of a policy variable, %w", err)
		}
		c.checkVariableKey(n, p.tokens[i].text)
		s.keys = append(s.keys, p.tokens[i].text)
	}
	return nil
}

// tagVariables returns the variables of a pattern that have the key of a tag.
func tagVariables(p *pattern) (keys []string) {
	for i := range p.tokens {
		if t := &p.tokens[i]; t.kind == variableToken && tagKey(t.text) != "" {
			keys = append(keys, t.text)
		}
	}
	return keys
}
