package lint

import (
	"slices"
	"strings"

	"extauthz/iam"
)

// contradictions finds keys with conditions that exclude each other, so that the
// statement never applies. It uses the policy engine: if one condition leaves few
// values, each of them is tried with the others. Multivalued keys of a Deny are left
// out, because one matching value is enough there.
func (l *linter) contradictions(d *document, s *statement) {
	if len(s.Conditions) < 2 || s.covered == 0 && d.policy.Kind != iam.TrustPolicy {
		return
	}
	byKey := map[string][]condition{}
	for _, c := range s.Conditions {
		key := strings.ToLower(c.Key.Text)
		byKey[key] = append(byKey[key], c)
	}
	for key, conditions := range byKey {
		if len(conditions) < 2 || s.Statement.Effect == iam.Deny && mayBeMultivalued(key) {
			continue
		}
		values, few := fewValues(conditions)
		if few && !canBeTrue(key, values, conditions) {
			last := conditions[len(conditions)-1]
			l.report(d.at(last.Key.At), "contradictory-conditions",
				messagef("this condition on %q and the one before it exclude each other, so the statement never applies", last.Key.Text),
				messagef("remove one of them"))
		}
	}
}

// mayBeMultivalued reports whether a key can have several values: some of AWS's keys,
// and the claims of a token.
func mayBeMultivalued(key string) bool {
	service, name, _ := strings.Cut(key, ":")
	return service != "aws" && service != "ecr" && service != "oci" ||
		strings.HasSuffix(name, "paths") || name == "tagkeys" || name == "calledvia" || name == "principalservicenameslist"
}

// fewValues returns the values that the conditions still allow for their key, in addition to
// its absence and the empty value, which some conditions treat as absence. It returns
// false if the values cannot be listed.
func fewValues(conditions []condition) (values []string, few bool) {
	for _, c := range conditions {
		if c.Set != "" || hasVariable(c) {
			return nil, false
		}
		switch {
		case c.Base == "StringEquals" && !c.IfExists:
			few = true
			for _, e := range c.Values {
				values = append(values, e.Text)
			}
		case c.Base == "Null" && len(c.Values) == 1 && c.Values[0].Text == "true":
			few = true
		}
	}
	return values, few
}

func hasVariable(c condition) bool {
	return slices.ContainsFunc(c.Values, func(e iam.Entry) bool { return strings.Contains(e.Text, "${") })
}

// canBeTrue reports whether all conditions are true for one of the values, or without
// the key.
func canBeTrue(key string, values []string, conditions []condition) bool {
	if areTrue(conditions) {
		return true
	}
	return slices.ContainsFunc(append(values, ""), func(value string) bool {
		return areTrue(conditions, iam.ContextEntry{Key: key, Value: value})
	})
}
