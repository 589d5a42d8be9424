package iam

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"
)

// checkAction finds actions that cannot match anything.
func (c *compiler) checkAction(n *node, p *pattern) {
	vendor, name, _ := strings.Cut(n.text, ":")
	switch {
	case strings.ContainsAny(name, " \t\r\n"):
		c.findingAt(n.start, "blank-in-action", fmt.Sprintf("action %q contains a blank, so it never matches", n.text), "")
	case equalIgnoringCase(vendor, "ecr") && !matchesOneOf(p, ecrActions()):
		c.findingAt(n.start, "unknown-action", fmt.Sprintf("action %q is none of the known ECR actions", n.text), c.propose(name, nearestAction))
	}
}

func matchesOneOf(p *pattern, names iter.Seq[string]) bool {
	for name := range names {
		if p.match(name, nil) {
			return true
		}
	}
	return false
}

// checkResourcePattern finds what AWS documents as unsupported in an ARN.
func (c *compiler) checkResourcePattern(n *node, p *resourcePattern) {
	if p.everything {
		return
	}
	switch {
	case c.checkVariables(n):
	case p.never:
		c.findingAt(n.start, "unsupported-wildcard", fmt.Sprintf("resource %q has a wildcard in its service, so that this Allow does not match it", n.text), "write the service in full, such as \"ecr\"")
	case p.wildService:
		c.findingAt(n.start, "unsupported-wildcard", fmt.Sprintf("resource %q has a wildcard in its service, which AWS does not accept", n.text), "write the service in full, such as \"ecr\"")
	}
	segments := strings.SplitN(n.text, ":", 4)
	switch {
	case !knownPartition(segments[1]):
		c.findingAt(n.start, "unknown-partition", fmt.Sprintf("resource %q is of the unknown partition %q", n.text, segments[1]), "")
	case segments[2] == "ecr":
		c.notePartition(n, segments[1])
	}
}

// notePartition records an ARN in a known partition, if it is the policy's first one
// in that partition. A partition with a wildcard does not count.
func (c *compiler) notePartition(n *node, partition string) {
	if strings.ContainsAny(partition, "*?$") {
		return
	}
	for _, w := range c.policy.partitions {
		if strings.HasPrefix(w.Text, "arn:"+partition+":") {
			return
		}
	}
	c.policy.partitions = append(c.policy.partitions, Entry{n.text, n.start})
}

// noteComparedARN records an ARN that a condition compares with that of the caller or of
// the resource for which a service calls: both are in the registry's partition.
func (c *compiler) noteComparedARN(n *node, key string) {
	if key != "aws:principalarn" && key != "aws:sourcearn" {
		return
	}
	if arn := strings.SplitN(n.text, ":", 3); len(arn) == 3 && arn[0] == "arn" && knownPartition(arn[1]) {
		c.notePartition(n, arn[1])
	}
}

// checkVariables finds policy variables that are plain text, and reports whether there
// are any.
func (c *compiler) checkVariables(n *node) bool {
	before, _, found := strings.Cut(n.text, "${")
	switch {
	case !found:
		return false
	case !c.variables():
		c.findingAt(n.start, "literal-variable", fmt.Sprintf("resource %q contains \"${\", which is plain text in version %s", n.text, version2008), fmt.Sprintf("write \"Version\": %q for policy variables", version2012))
	case strings.Count(before, ":") < arnColons:
		c.findingAt(n.start, "literal-variable", fmt.Sprintf("resource %q has a policy variable before the fifth colon, where it is plain text and matches nothing", n.text), "")
	default:
		return false
	}
	return true
}

func knownPartition(partition string) bool {
	p, err := syntax{wildcards: true}.pattern(partition)
	return err == nil && matchesOneOf(&p, Partitions())
}

// checkPrincipal finds principals that do not match any caller.
func (c *compiler) checkPrincipal(n *node, e *principalEntry) {
	if e.kind == opaqueEntry {
		c.findingAt(n.start, "deleted-principal", fmt.Sprintf("principal %q is an id that does not match any caller, as AWS shows after a user or role is deleted", n.text), "")
	}
}

// checkForAllValues finds ForAllValues in an Allow where nothing else in the statement
// needs the key: it holds for a request without the key too (IAM User Guide, "Set
// operators for multivalued context keys"). The block is what s.conditions was read from.
func (c *compiler) checkForAllValues(block *node, s *Statement) {
	i := 0
	for _, operator := range block.members {
		for _, key := range operator.value.members {
			k := &s.conditions[i]
			i++
			if s.Effect == Allow && k.set == forAllValues && !k.operator.negated && k.operator.family != nullFamily && !s.needsKey(k.key) {
				c.findingAt(key.at, "for-all-values", fmt.Sprintf("ForAllValues holds for a request without %q too", key.name), "add a Null condition")
			}
		}
	}
}

// needsKey reports whether a condition of the statement is false in each request
// without the key. A request with a tag has aws:TagKeys.
func (s *Statement) needsKey(key string) bool {
	m := newMeter()
	return slices.ContainsFunc(s.conditions, func(k condition) bool {
		implied := k.key == key || key == "aws:tagkeys" && strings.HasPrefix(k.key, "aws:requesttag/")
		return implied && !k.holds(nil, Allow, &m)
	})
}

// checkCondition finds conditions that hold or fail in surprising cases.
func (c *compiler) checkCondition(m *member, k *condition) {
	if len(k.operands) == 0 && !k.unusable {
		c.findingAt(m.value.start, "empty-condition", fmt.Sprintf("condition key %q has no value to compare with", m.name), "")
	}
	if !c.variables() && strings.Contains(textOf(&m.value), "${") {
		c.findingAt(m.value.start, "literal-variable", fmt.Sprintf("the value of condition key %q contains \"${\", which is plain text in version %s", m.name, version2008), "")
	}
	c.checkNull(m, k)
	c.checkKey(m, k)
}

// checkOperand finds values of conditions that AWS reads in a particular way.
func (c *compiler) checkOperand(n *node, o operand) {
	if date, ok := o.(*dateOperand); ok && date.zoneless {
		c.findingAt(n.start, "date-without-zone", fmt.Sprintf("%q has no time zone and is read as UTC", n.text), fmt.Sprintf("write %q", n.text+"Z"))
	}
}

// checkNull finds Null with a set operator. AWS accepts it and does not document
// what it means where the key is absent.
func (c *compiler) checkNull(m *member, k *condition) {
	if k.operator.family == nullFamily && k.set != noSet {
		c.findingAt(m.at, "null-with-set-operator", fmt.Sprintf("AWS does not document Null with a set operator: where %q is absent, the condition never helps the caller", m.name), "write Null alone")
	}
}

// checkKey finds keys that are unknown, or used against their type.
func (c *compiler) checkKey(m *member, k *condition) {
	known, multivalued := describeKey(k.key)
	switch {
	case strings.Contains(m.name, "${"):
		c.findingAt(m.at, "literal-variable", fmt.Sprintf("condition key %q contains \"${\", which is plain text in the name of a key", m.name), "write the whole name")
	case !strings.Contains(k.key, ":"):
		c.findingAt(m.at, "key-without-prefix", fmt.Sprintf("condition key %q lacks a service prefix, so that no request carries it", m.name), c.propose(m.name, nearestKey))
	case strings.HasPrefix(k.key, extensionPrefix):
		c.findingAt(m.at, "extension-key", fmt.Sprintf("condition key %q is an extension: on AWS it is always absent, so this text decides differently there", m.name), "")
	case !known:
		c.findingAt(m.at, "unknown-condition-key", fmt.Sprintf("condition key %q is not known to be part of a registry request", m.name), c.propose(m.name, nearestKey))
	case multivalued && k.set == noSet && k.operator.family != nullFamily:
		c.findingAt(m.at, "multivalued-key", fmt.Sprintf("condition key %q is multivalued: without ForAllValues or ForAnyValue it never holds in an Allow", m.name), "")
	}
}

// checkVariableKey finds policy variables with a key that no request has: they never
// have a value.
func (c *compiler) checkVariableKey(n *node, key string) {
	if known, _ := describeKey(strings.ToLower(key)); !known {
		c.findingAt(n.start, "unknown-condition-key", fmt.Sprintf("the key of policy variable \"${%s}\" is not known to be part of a registry request", key), c.propose(key, nearestKey))
	}
}

// textOf joins the texts of a value or a list.
func textOf(n *node) string {
	var b strings.Builder
	for _, item := range n.list() {
		b.WriteString(item.text)
	}
	return b.String()
}

// checkSize compares the document with AWS's quota for its kind; white space
// does not count.
func (c *compiler) checkSize(text []byte) {
	size := utf8.RuneCount(text)
	for _, b := range text {
		if strings.IndexByte(" \t\r\n", b) >= 0 {
			size--
		}
	}
	if limit := sizeLimit(c.policy.Kind); size > limit {
		c.findingAt(c.policy.start, "too-large", fmt.Sprintf("the document has %d characters without white space", size), fmt.Sprintf("AWS takes at most %d in one of kind %q", limit, c.policy.Kind.String()))
	}
}

// sizeLimit is the largest document that AWS takes, in characters (IAM User
// Guide, "IAM and AWS STS quotas"; Amazon ECR API, SetRepositoryPolicy; AWS
// Organizations quotas).
func sizeLimit(k Kind) int {
	switch k {
	case RepositoryPolicy, RegistryPolicy:
		return 10240
	case ServiceControlPolicy, ResourceControlPolicy:
		return 5120
	case SessionPolicy, TrustPolicy:
		return 2048
	case IdentityPolicy, PermissionsBoundary:
	}
	return 6144
}

// maxProposals bounds the unknown names of a policy for which the nearest known
// one is searched: each costs as much as reading a few hundred characters.
const maxProposals = 100

// propose returns a proposal of what find returns for the first unknown names of
// the policy, and "" for the rest.
func (c *compiler) propose(name string, find func(string) string) string {
	if c.proposals == maxProposals {
		return ""
	}
	c.proposals++
	if known := find(name); known != "" {
		return fmt.Sprintf("did you mean %q?", known)
	}
	return ""
}
