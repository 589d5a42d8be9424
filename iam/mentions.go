package iam

import (
	"slices"
	"strings"
)

// Other parts of a policy directory restrict what a policy may mention: the ids of
// principals, the partitions of registries, and the tags of repositories. Compile records
// these mentions, so that the document need not be kept.

// ConditionKeys returns the condition keys in the conditions and policy variables of the
// policy, in lower case, sorted and each once.
// Other keys of a request context do not influence the policy.
func (p *Policy) ConditionKeys() []string { return p.conditionKeys }

// UniqueIDs returns the entries of Principal and NotPrincipal, of any type, that begin as
// the unique id of a user (AIDA) or role (AROA) does, in the order of the text (IAM User
// Guide, "IAM identifiers").
func (p *Policy) UniqueIDs() []Entry { return p.uniqueIDs }

// Partitions returns ARNs that are in a known partition of AWS: of the resources of ECR
// and of the principals that the policy names, the first of each partition.
func (p *Policy) Partitions() []Entry { return p.partitions }

// NeededTag returns the first use of a resource's tag with which the policy allows more
// for a resource without tags than for one with tags: a condition key or a text with a
// policy variable. It looks for it in statements about ECR. In trust policies the tags are
// those of the role, and do not count.
func (p *Policy) NeededTag() (use Entry, found bool) {
	if p.neededTag == nil {
		return Entry{}, false
	}
	return *p.neededTag, true
}

// addMentions records what the compiled document mentions.
func (p *Policy) addMentions(d *Document) {
	for i := range p.Statements {
		for key := range p.Statements[i].keys() {
			p.conditionKeys = append(p.conditionKeys, strings.ToLower(key))
		}
	}
	slices.Sort(p.conditionKeys)
	p.conditionKeys = slices.Compact(p.conditionKeys)
	for i := range d.Statements {
		s := &d.Statements[i]
		for _, principal := range s.Principals {
			if beginsAsUniqueID(principal.Text) {
				p.uniqueIDs = append(p.uniqueIDs, principal.Entry)
			}
		}
		p.addPartitions(s)
	}
	if p.Kind != TrustPolicy && slices.ContainsFunc(p.conditionKeys, IsResourceTag) {
		p.neededTag = p.findNeededTag(d)
	}
}

// addPartitions records the ARNs of callers and of resources of ECR: entries of Principal
// and Resource, and values that a condition compares with the ARN of the caller, or of
// the resource for which a service calls. These are in the registry's partition.
func (p *Policy) addPartitions(s *StatementSyntax) {
	for _, principal := range s.Principals {
		if arn, err := ParseARN(principal.Text); err == nil {
			p.addPartition(principal.Entry, arn.Partition)
		}
	}
	for _, resource := range s.Resources {
		if segments := strings.SplitN(resource.Text, ":", 4); len(segments) > 2 && segments[2] == "ecr" {
			p.addPartition(resource, segments[1])
		}
	}
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if !equalIgnoringCase(c.Key.Text, "aws:PrincipalArn") && !equalIgnoringCase(c.Key.Text, "aws:SourceArn") {
			continue
		}
		for _, value := range c.Values {
			p.addPartition(value, partitionOf(value.Text))
		}
	}
}

// addPartition records an ARN in a known partition, if it is the policy's first one in
// that partition. A partition with a wildcard does not count.
func (p *Policy) addPartition(arn Entry, partition string) {
	if strings.ContainsAny(partition, "*?$") || !IsPartition(partition) {
		return
	}
	if !slices.ContainsFunc(p.partitions, func(e Entry) bool { return partitionOf(e.Text) == partition }) {
		p.partitions = append(p.partitions, arn)
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
func (p *Policy) findNeededTag(d *Document) *Entry {
	for i := range d.Statements {
		if !p.Statements[i].ConcernsECR() {
			continue
		}
		s, deny := &d.Statements[i], p.Statements[i].Effect == Deny
		for j := range s.Conditions {
			c := &s.Conditions[j]
			lenient := deny || c.Negated || c.IfExists || c.Set == "ForAllValues" || c.Base == "Null" && !c.requiresKey()
			if lenient && IsResourceTag(c.Key.Text) {
				key := c.Key // a copy, so that the document is not kept
				return &key
			}
			if value, found := tagVariableIn(c.Values, lenient); found {
				return &value
			}
		}
		if resource, found := tagVariableIn(s.Resources, deny); found {
			return &resource
		}
	}
	return nil
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
