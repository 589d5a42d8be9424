package iam

// principals reads Principal or NotPrincipal. Resource-based policies must
// have one of them, other policies neither.
func (c *compiler) principals(n *node, s *Statement) error {
	m, not, err := c.oneOf(n, "Principal", c.policy.Kind.hasPrincipal())
	switch {
	case err != nil || m == nil:
		return err
	case !c.policy.Kind.hasPrincipal():
		return c.errorAt(m.at, "%s is not for this kind of document (%v), which speaks of whom it is attached to; leave it out", m.name, c.policy.Kind)
	case not && s.Effect == Allow:
		return c.errorAt(m.at, "NotPrincipal with \"Effect\": \"Allow\" is not supported, for it would allow all others, anonymous callers too; use Principal")
	}
	s.principals = &principalElement{not: not}
	switch m.value.kind {
	case stringNode:
		if m.value.text != "*" {
			return c.errorAt(m.value.start, "%s must be \"*\" or an object such as {\"AWS\": \"arn:...\"}, not %q", m.name, m.value.text)
		}
		s.principals.entries = []principalEntry{{kind: everyoneEntry, text: "*"}}
		return nil
	case objectNode:
		return c.principalMap(m, s.principals)
	default:
		return c.errorAt(m.value.start, "%s must be \"*\" or an object such as {\"AWS\": \"arn:...\"}, not %v", m.name, m.value.kind)
	}
}

// principalMap reads the object form.
func (c *compiler) principalMap(m *member, e *principalElement) error {
	if len(m.value.members) == 0 {
		return c.errorAt(m.value.start, "%s is empty; name at least one principal", m.name)
	}
	if err := c.checkMembers(&m.value, "AWS", "Service", "Federated", "CanonicalUser"); err != nil {
		return err
	}
	for i := range m.value.members {
		sort := &m.value.members[i]
		list, err := c.texts(sort.name, &sort.value)
		if err != nil {
			return err
		}
		for j := range list {
			entry, err := compilePrincipalEntry(sort.name, list[j].text)
			if err != nil {
				return c.errorAt(list[j].start, "%s %v", m.name, err)
			}
			e.entries = append(e.entries, entry)
			c.checkPrincipal(&list[j], &entry)
			if arn, err := ParseARN(list[j].text); err == nil && knownPartition(arn.Partition) {
				c.notePartition(&list[j], arn.Partition)
			}
			if beginsAsUniqueID(entry.text) {
				c.policy.uniqueIDs = append(c.policy.uniqueIDs, Word{entry.text, list[j].start})
			}
		}
	}
	return nil
}
