package iam

import (
	"encoding/binary"
	"slices"
	"strings"
)

// mentions are what a policy mentions that other parts of a policy directory restrict: the ids
// of principals, the partitions of registries, and the tags of repositories. Compile records
// them, so that the document need not be kept.
type mentions struct {
	conditionKeys []string
	uniqueIDs     []Entry
	partitions    []Entry // ARNs, the first of each partition
	neededTag     Entry   // zero if the policy has none
}

// ConditionKeys returns the condition keys in the conditions and policy variables of the
// policy, in lower case, sorted and each once.
// Other keys of a request context do not influence the policy.
func (p *Policy) ConditionKeys() []string { return p.mentions.conditionKeys }

// UniqueIDs returns the entries of Principal and NotPrincipal, of any type, that begin as
// the unique id of a user (AIDA) or role (AROA) does, in the order of the text (IAM User
// Guide, "IAM identifiers").
func (p *Policy) UniqueIDs() []Entry { return p.mentions.uniqueIDs }

// Partitions returns ARNs that are in a known partition of AWS: of the resources of ECR
// and of the principals that the policy names, the first of each partition.
func (p *Policy) Partitions() []Entry { return p.mentions.partitions }

// NeededTag returns the first use of a resource's tag with which the policy allows more
// for a resource without tags than for one with tags: a condition key or a text with a
// policy variable. It looks for it in statements about ECR. In trust policies the tags are
// those of the role, and do not count.
func (p *Policy) NeededTag() (use Entry, found bool) {
	return p.mentions.neededTag, p.mentions.neededTag != Entry{}
}

// addMentions records what the compiled document mentions.
func (c *compiler) addMentions() {
	m := newMentions(c.policy, c.document)
	c.elements.key = m.appendKey(c.elements.key[:0])
	c.policy.mentions = c.elements.mentions.get(c.elements.key, func() (*mentions, bool) { return m, true })
}

// appendKey appends a key of the mentions to a text. Different mentions have different keys.
func (m *mentions) appendKey(key []byte) []byte {
	key = binary.AppendUvarint(key, uint64(len(m.conditionKeys)))
	for _, name := range m.conditionKeys {
		key = appendKeyText(key, name)
	}
	for _, list := range [...][]Entry{m.uniqueIDs, m.partitions, {m.neededTag}} {
		key = binary.AppendUvarint(key, uint64(len(list)))
		for _, e := range list {
			key = appendKeyText(key, e.Text)
			key = binary.AppendUvarint(binary.AppendUvarint(key, uint64(e.At.Line)), uint64(e.At.Column))
		}
	}
	return key
}

// newMentions returns what a compiled document mentions.
func newMentions(p *Policy, d *Document) *mentions {
	m := new(mentions)
	for i := range p.Statements {
		for key := range p.Statements[i].keys() {
			m.conditionKeys = append(m.conditionKeys, strings.ToLower(key))
		}
	}
	slices.Sort(m.conditionKeys)
	m.conditionKeys = slices.Compact(m.conditionKeys)
	for i := range d.Statements {
		s := &d.Statements[i]
		for _, principal := range s.Principals {
			if beginsAsUniqueID(principal.Text) {
				m.uniqueIDs = append(m.uniqueIDs, principal.Entry)
			}
		}
		m.addPartitions(s)
	}
	if p.Kind != TrustPolicy && slices.ContainsFunc(m.conditionKeys, IsResourceTag) {
		m.neededTag = p.findNeededTag(d)
	}
	return m
}

// addPartitions records the ARNs of callers and of resources of ECR: entries of Principal
// and Resource, and values that a condition compares with the ARN of the caller, or of
// the resource for which a service calls. These are in the registry's partition.
func (m *mentions) addPartitions(s *StatementSyntax) {
	for _, principal := range s.Principals {
		if arn, err := ParseARN(principal.Text); err == nil {
			m.addPartition(principal.Entry, arn.Partition)
		}
	}
	for _, resource := range s.Resources {
		if segments := strings.SplitN(resource.Text, ":", 4); len(segments) > 2 && segments[2] == "ecr" {
			m.addPartition(resource, segments[1])
		}
	}
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if !equalIgnoringCase(c.Key.Text, "aws:PrincipalArn") && !equalIgnoringCase(c.Key.Text, "aws:SourceArn") {
			continue
		}
		for _, value := range c.Values {
			m.addPartition(value, partitionOf(value.Text))
		}
	}
}

// addPartition records an ARN in a known partition, if it is the policy's first one in
// that partition. A partition with a wildcard does not count.
func (m *mentions) addPartition(arn Entry, partition string) {
	if strings.ContainsAny(partition, "*?$") || !IsPartition(partition) {
		return
	}
	if !slices.ContainsFunc(m.partitions, func(e Entry) bool { return partitionOf(e.Text) == partition }) {
		m.partitions = append(m.partitions, arn)
	}
}

// partitionOf returns the partition of an ARN, which may have wildcards; "" for another
// text.
func partitionOf(text string) string {
	if segments := strings.SplitN(text, ":", 3); len(segments) == 3 && segments[0] == "arn" {
		return segments[1]
	}
	return ""
}

// findNeededTag returns the first statement's use of a tag by which a missing tag removes a
// Deny or makes an Allow apply.
func (p *Policy) findNeededTag(d *Document) Entry {
	for i := range d.Statements {
		if !p.Statements[i].ConcernsECR() {
			continue
		}
		s, deny := &d.Statements[i], p.Statements[i].Effect == Deny
		for j := range s.Conditions {
			c := &s.Conditions[j]
			lenient := deny || c.Negated || c.IfExists || c.Set == "ForAllValues" || c.Base == "Null" && !c.requiresKey()
			if lenient && IsResourceTag(c.Key.Text) {
				return c.Key
			}
			if value, found := tagVariableIn(c.Values, lenient); found {
				return value
			}
		}
		if resource, found := tagVariableIn(s.Resources, deny); found {
			return resource
		}
	}
	return Entry{}
}

// requiresKey reports whether a condition with the operator Null is true only if its key
// is present: all its values are "false" (IAM User Guide, "Condition operator to check
// existence of condition keys").
func (c *ConditionSyntax) requiresKey() bool {
	return !slices.ContainsFunc(c.Values, func(e Entry) bool { return !strings.EqualFold(e.Text, "false") })
}

// tagVariableIn finds a text with a policy variable for a resource tag: any, or only one
// with a default value, which applies if the tag is missing.
func tagVariableIn(texts []Entry, anyVariable bool) (found Entry, ok bool) {
	for _, text := range texts {
		for i, piece := range strings.Split(text.Text, "${") {
			variable, _, _ := strings.Cut(piece, "}")
			if i > 0 && IsResourceTag(variable) && (anyVariable || strings.Contains(variable, ",")) {
				return text, true
			}
		}
	}
	return Entry{}, false
}
