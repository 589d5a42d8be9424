package iam

import (
	"fmt"
	"slices"

	"extauthz/diag"
)

// statement reads one statement into s.
func (c *compiler) statement(syntax *StatementSyntax, s *Statement) {
	n := syntax.node
	s.Start, s.End = n.start, n.end
	s.actions, s.resources = &noActions, &noResources
	if n.kind != objectNode {
		c.faultAt(n.start, fmt.Sprintf("a statement is an object, not %v", n.kind), "")
		return
	}
	known := c.checkMembers(n, "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
	c.sid(n.member("Sid"), s)
	c.effect(n, s, known)
	c.principals(n, s, known)
	c.actions(n, s, known)
	c.resources(n, s, known)
	c.conditions(syntax, s)
}

// sid reads the Sid. IAM requires letters and digits, and each Sid once in a document;
// ECR accepts any text.
func (c *compiler) sid(m *member, s *Statement) {
	if m == nil {
		return
	}
	at := m.value.start
	if m.value.kind != stringNode {
		c.faultAt(at, fmt.Sprintf("Sid must be a string, not %v", m.value.kind), "")
		return
	}
	s.Sid = m.value.text
	strict := c.policy.Kind.AttachesToIdentity() || c.policy.Kind == TrustPolicy
	repeated := s.Sid != "" && c.sids[s.Sid]
	c.sids[s.Sid] = true
	for i := range len(s.Sid) {
		if strict && !isAlphanumeric(s.Sid[i]) {
			c.faultAt(at, fmt.Sprintf("Sid %q may have letters and digits only", s.Sid), "")
			return
		}
	}
	if repeated && strict {
		c.faultAt(at, fmt.Sprintf("Sid %q occurs twice in the document", s.Sid), "give each statement its own")
	}
}

// effect reads the Effect. Without known the statement has an unknown element, which may
// be the one that is missing; so too below.
func (c *compiler) effect(n *node, s *Statement, known bool) {
	m := n.member("Effect")
	if m == nil {
		if known {
			c.faultAt(n.start, "the statement has no Effect", "write \"Effect\": \"Allow\" or \"Deny\"")
		}
		return
	}
	switch v := m.value; {
	case v.kind == stringNode && v.text == "Allow":
		s.Effect = Allow
	case v.kind == stringNode && v.text == "Deny":
		s.Effect = Deny
	case v.kind == stringNode:
		c.faultAt(v.start, fmt.Sprintf("Effect must be exactly \"Allow\" or \"Deny\", not %q", v.text), "")
	default:
		c.faultAt(v.start, fmt.Sprintf("Effect must be \"Allow\" or \"Deny\", not %v", v.kind), "")
	}
}

// oneOf returns the element or its negation, nil if the statement has neither or both.
// Both is a fault, and so is neither if the element is required.
func (c *compiler) oneOf(n *node, name string, required bool) (m *member, not bool) {
	plain, negated := n.member(name), n.member("Not"+name)
	switch {
	case plain != nil && negated != nil:
		c.faultAt(negated.at, fmt.Sprintf("the statement has both %s and Not%s", name, name), "keep one")
		return nil, false
	case plain != nil:
		return plain, false
	case negated == nil && required:
		c.faultAt(n.start, fmt.Sprintf("the statement has neither %s nor Not%s", name, name), "add one")
	}
	return negated, true
}

func (c *compiler) actions(n *node, s *Statement, known bool) {
	m, not := c.oneOf(n, "Action", known)
	if m == nil {
		return
	}
	s.actions = c.elements.actions.get(c.elements.keyOf(&m.value, not), func() (*actionElement, bool) {
		before := c.broken
		list := c.texts(m.name, &m.value)
		patterns := make([]pattern, len(list))
		for i := range list {
			var err error
			if patterns[i], err = compileAction(list[i].text); err != nil {
				c.wrapAt(list[i].start, m.name+" ", err)
			}
		}
		return newActionElement(not, patterns), c.broken == before && !m.value.lacks
	})
	s.covered = s.actions.covered
}

func (c *compiler) resources(n *node, s *Statement, known bool) {
	kind := c.policy.Kind
	m, not := c.oneOf(n, "Resource", known && kind != RepositoryPolicy && kind != TrustPolicy)
	if m == nil {
		return
	}
	if kind == TrustPolicy {
		c.faultAt(m.at, fmt.Sprintf("a trust policy has no %s, since it is about the role that it belongs to", m.name), "remove it")
		return
	}
	key := c.elements.keyOf(&m.value, not, s.Effect == Allow, kind.AttachesToIdentity(), c.variables())
	s.resources = c.elements.resources.get(key, func() (*resourceElement, bool) {
		before := c.broken
		list := c.texts(m.name, &m.value)
		e := &resourceElement{presence: named, patterns: make([]resourcePattern, len(list))}
		if not {
			e.presence = notNamed
		}
		for i := range list {
			c.resource(m.name, &list[i], e, &e.patterns[i], s.Effect)
		}
		e.index()
		return e, c.broken == before && !m.value.lacks
	})
}

// resource reads one entry of a statement's Resource or NotResource.
func (c *compiler) resource(element string, n *node, e *resourceElement, p *resourcePattern, effect Effect) {
	compiled, err := c.resourcePattern(n)
	if err != nil {
		c.wrapAt(n.start, element+" ", err)
		return
	}
	*p = compiled
	e.scope |= scopeOf(n.text)
	keys, err := variablesOf(&p.pattern)
	e.keys = append(e.keys, keys...)
	if err != nil {
		c.wrapAt(n.start, element+": ", err)
		return
	}
	e.tagVariables = append(e.tagVariables, tagVariables(&p.pattern)...)
	not := e.presence == notNamed
	p.never = p.wildService && effect == Allow && !not
	if not && effect == Allow {
		p.beginnings = beginningsOf(&p.pattern)
	}
}

// resourcePattern compiles one resource. A short ARN in a policy attached to a principal
// is completed, as AWS does; elsewhere it is an error.
func (c *compiler) resourcePattern(n *node) (resourcePattern, error) {
	if err := checkResource(n.text); err != nil {
		return resourcePattern{}, err
	}
	text := CompletedARN(n.text)
	if text != n.text && !c.policy.Kind.AttachesToIdentity() {
		return resourcePattern{}, notARN(n.text)
	}
	return compileResource(text, c.variables())
}

// variablesOf returns the keys of the variables in a pattern. It refuses a key of this
// project that does not exist.
func variablesOf(p *pattern) (keys []string, err error) {
	for i := range p.tokens {
		if p.tokens[i].kind != variableToken {
			continue
		}
		if err := checkExtension(p.tokens[i].text); err != nil {
			return keys, diag.Wrap(diag.Position{}, "the key of a policy variable, ", err)
		}
		keys = append(keys, p.tokens[i].text)
	}
	return keys, nil
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

// principals reads Principal or NotPrincipal. Resource-based policies must have one of
// them, other policies neither.
func (c *compiler) principals(n *node, s *Statement, known bool) {
	m, not := c.oneOf(n, "Principal", known && c.policy.Kind.HasPrincipal())
	if m == nil {
		return
	}
	switch {
	case !c.policy.Kind.HasPrincipal():
		c.faultAt(m.at, fmt.Sprintf("%s does not belong in this kind of document (%v), which is about what it is attached to", m.name, c.policy.Kind), "leave it out")
		return
	case not && s.Effect == Allow:
		c.faultAt(m.at, "NotPrincipal with \"Effect\": \"Allow\" is not supported, because it would allow all others, anonymous callers too", "use Principal")
	}
	s.principals = c.elements.principals.get(c.elements.keyOf(&m.value, not), func() (*principalElement, bool) {
		before := c.broken
		e := &principalElement{not: not}
		c.principalElement(m, e)
		e.entries = slices.Clip(e.entries)
		e.index()
		return e, c.broken == before && !m.value.lacks
	})
}

// principalElement reads "*" or the object form.
func (c *compiler) principalElement(m *member, e *principalElement) {
	switch v := m.value; v.kind {
	case stringNode:
		if v.text != "*" {
			c.faultAt(v.start, fmt.Sprintf("%s must be \"*\" or an object such as {\"AWS\": \"arn:...\"}, not %q", m.name, v.text), "")
		}
		e.entries = []principalEntry{{kind: everyoneEntry, text: "*"}}
	case objectNode:
		c.principalMap(m, e)
	case brokenNode, nullNode, booleanNode, numberNode, arrayNode:
		c.faultAt(v.start, fmt.Sprintf("%s must be \"*\" or an object such as {\"AWS\": \"arn:...\"}, not %v", m.name, v.kind), "")
	}
}

// principalMap reads the object form.
func (c *compiler) principalMap(m *member, e *principalElement) {
	if len(m.value.members) == 0 && !m.value.lacks {
		c.faultAt(m.value.start, m.name+" is empty", "name at least one principal")
	}
	if !c.checkMembers(&m.value, "AWS", "Service", "Federated", "CanonicalUser") {
		return
	}
	for i := range m.value.members {
		sort := &m.value.members[i]
		list := c.texts(sort.name, &sort.value)
		for j := range list {
			c.principal(m.name, sort.name, &list[j], e)
		}
	}
}

// principal reads one entry of Principal or NotPrincipal, of a type such as AWS.
func (c *compiler) principal(element, kind string, n *node, e *principalElement) {
	entry, err := compilePrincipalEntry(kind, n.text)
	if err != nil {
		c.wrapAt(n.start, element+" ", err)
		return
	}
	e.entries = append(e.entries, entry)
}
