package lint

import (
	"slices"
	"strings"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/nearest"
)

// conditionForms finds conditions that hold or fail in surprising cases, whatever the
// directory contains.
func (i *inspection) conditionForms(s *iam.StatementSyntax, compiled *iam.Statement) {
	for _, operator := range s.EmptyOperators {
		i.reportAt(operator.At, "empty-condition", messagef("condition operator %q has no keys and no effect", operator.Text), message{})
	}
	for n := range s.Conditions {
		c := &s.Conditions[n]
		i.values(c)
		i.nullWithSetOperator(c)
		i.key(c)
		i.forAllValues(c, compiled)
	}
}

// values finds values that AWS reads in a particular way.
func (i *inspection) values(c *iam.ConditionSyntax) {
	if len(c.Values) == 0 {
		i.reportAt(c.ValuesAt, "empty-condition", messagef("condition key %q has no value to compare with", c.Key.Text), message{})
	}
	if !i.hasVariables() && slices.ContainsFunc(c.Values, func(e iam.Entry) bool { return strings.Contains(e.Text, "${") }) {
		i.reportAt(c.ValuesAt, "literal-variable",
			messagef("the value of condition key %q contains \"${\", which is plain text in version %s", c.Key.Text, oldVersion), message{})
	}
	for _, e := range c.Values {
		i.variables(e.Text, e.At)
		switch {
		case strings.HasPrefix(c.Base, "Arn") && e.Text == "*":
			i.reportAt(e.At, "star-arn",
				messagef("\"*\" is not an ARN: this condition never holds in an Allow and always in a Deny"),
				messagef("write arn:*:*:*:*:*"))
		case strings.HasPrefix(c.Base, "Date") && iam.IsZoneless(e.Text):
			i.reportAt(e.At, "date-without-zone",
				messagef("%q has no time zone and is read as UTC", e.Text), messagef("write %q", e.Text+"Z"))
		}
	}
}

// variables finds policy variables with a key that no request has: they never have a
// value.
func (i *inspection) variables(text string, at diag.Point) {
	if !i.hasVariables() {
		return
	}
	for _, key := range iam.VariableKeys(text) {
		if known, _ := iam.DescribeKey(key); !known {
			i.reportAt(at, "unknown-condition-key",
				messagef("the key of policy variable \"${%s}\" is not known to be part of a registry request", key), i.didYouMean(key, nearestKey))
		}
	}
}

// nullWithSetOperator finds Null with a set operator. AWS accepts it and does not document
// what it means if the key is absent.
func (i *inspection) nullWithSetOperator(c *iam.ConditionSyntax) {
	if c.Base == "Null" && c.Set != "" {
		i.reportAt(c.Key.At, "null-with-set-operator",
			messagef("AWS does not document Null with a set operator: where %q is absent, the condition never helps the caller", c.Key.Text),
			messagef("write Null alone"))
	}
}

// key finds keys that are unknown, or used against their type.
func (i *inspection) key(c *iam.ConditionSyntax) {
	key := c.Key.Text
	known, multivalued := iam.DescribeKey(key)
	switch {
	case strings.Contains(key, "${"):
		i.reportAt(c.Key.At, "literal-variable",
			messagef("condition key %q contains \"${\", which is plain text in the name of a key", key), messagef("write the whole name"))
	case !strings.Contains(key, ":"):
		i.reportAt(c.Key.At, "key-without-prefix",
			messagef("condition key %q lacks a service prefix, so that no request carries it", key), i.didYouMean(key, nearestKey))
	case strings.HasPrefix(strings.ToLower(key), iam.ExtensionPrefix):
		i.reportAt(c.Key.At, "extension-key",
			messagef("condition key %q is an extension: on AWS it is always absent, so this text decides differently there", key), message{})
	case !known:
		i.reportAt(c.Key.At, "unknown-condition-key",
			messagef("condition key %q is not known to be part of a registry request", key), i.didYouMean(key, nearestKey))
	case multivalued && c.Set == "" && c.Base != "Null":
		i.reportAt(c.Key.At, "multivalued-key",
			messagef("condition key %q is multivalued: without ForAllValues or ForAnyValue it never holds in an Allow", key), message{})
	}
}

// forAllValues finds ForAllValues in an Allow if nothing else in the statement needs the
// key: it holds for a request without the key too (IAM User Guide, "Set operators for
// multivalued context keys").
func (i *inspection) forAllValues(c *iam.ConditionSyntax, s *iam.Statement) {
	if s.Effect == iam.Allow && c.Set == "ForAllValues" && !c.Negated && c.Base != "Null" && !s.RequiresKey(c.Key.Text) {
		i.reportAt(c.Key.At, "for-all-values",
			messagef("ForAllValues holds for a request without %q too", c.Key.Text), messagef("add a Null condition"))
	}
}

// nearestKey returns the known condition key whose name is nearest to a misspelled one, ""
// if none is near. The key of a tag is retained, whether a slash or, by mistake, a colon
// precedes it.
func nearestKey(key string) string {
	prefix, name, found := strings.Cut(key, ":")
	if !found {
		prefix, name = "aws", key
	}
	tag := "KEY"
	if at := strings.IndexAny(name, ":/"); at >= 0 {
		name, tag = name[:at], name[at+1:]
	} else if known := nearest.To(prefix+":"+name, iam.RegistryKeys(), mostErrors(name)); known != "" {
		return known
	}
	known := nearest.To(prefix+":"+name+"/", iam.TagKeys(), mostErrors(name))
	if known == "" || tag == "" {
		return ""
	}
	return known + tag
}

// mostErrors is the greatest distance of a misspelled name to the one that was meant.
func mostErrors(name string) int { return max(1, len(name)/5) }
