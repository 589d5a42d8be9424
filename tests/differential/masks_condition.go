package differential

import (
	"slices"

	"extauthz/iam"
)

// conditionMasks are about whole conditions.
func conditionMasks() []*mask {
	return []*mask{
		{
			name:      "Null and empty values",
			reason:    "an empty value counts as null; there a key that is present is not null",
			source:    `IAM User Guide, "IAM JSON policy elements: Condition operators": "use either true (the key doesn't exist - it is null) or false (the key exists and its value is not null)."`,
			condition: nullOfEmpty,
		}, {
			name:      "Null with a set operator and a missing key",
			reason:    "ForAllValues holds and ForAnyValue fails for a missing key, and where that and the plain Null differ iam's condition never helps the caller; there the set operator changes nothing",
			source:    `IAM User Guide, "Single-valued vs. multivalued context keys": "It also returns true if there are no context keys in the request or if the context key value resolves to a null dataset, such as an empty string. [...] For no matching context key or a null dataset, the condition returns false."`,
			condition: nullWithSet,
		}, {
			name:      "multivalued key without set operator in a Deny",
			reason:    "AWS does not say what the condition is without one; in iam one matching value suffices for a Deny, there it is false",
			source:    `IAM User Guide, "Single-valued vs. multivalued context keys": "Multivalued context keys require a condition set operator."`,
			condition: listWithoutSet,
		}, {
			name:      "empty string under a set operator",
			reason:    "an empty string is an empty set; there it is one value",
			source:    `IAM User Guide, "Single-valued vs. multivalued context keys": "It also returns true if there are no context keys in the request or if the context key value resolves to a null dataset, such as an empty string. [...] For no matching context key or a null dataset, the condition returns false."`,
			condition: emptyStringInSet,
		}, {
			name:      "lone * among ARNs",
			reason:    "* is not an ARN, so that in iam the condition never helps the caller; there it is an ARN that matches nothing",
			source:    `IAM User Guide, "IAM JSON policy elements: Condition operators": "Each of the six colon-delimited components of the ARN is checked separately and each can include multi-character match wildcards (*) or single-character match wildcards (?)."`,
			condition: loneStar,
		},
	}
}

func nullOfEmpty(r *reading) bool {
	empty := r.entry.Multi && len(r.entry.Values) == 0 || !r.entry.Multi && r.entry.Value == ""
	return r.Base == "Null" && !r.missing && empty && r.settle(slices.Contains(r.Values, "false"))
}

func nullWithSet(r *reading) bool {
	return r.Base == "Null" && r.Set != "" && r.missing && r.settle(slices.Contains(r.Values, "true"))
}

func listWithoutSet(r *reading) bool {
	return r.entry.Multi && r.Set == "" && r.Base != "Null" && r.effect == iam.Deny && r.settle(false)
}

func emptyStringInSet(r *reading) bool {
	applied := r.Set != "" && !r.missing && !r.entry.Multi && r.entry.Value == ""
	if applied {
		r.values = []string{""}
	}
	return applied
}

// loneStar drops the "*"; under a negated operator no value gets past it.
func loneStar(r *reading) bool {
	if !isARN(r.Base) || !slices.Contains(r.Values, "*") {
		return false
	}
	switch {
	case r.missing:
		return r.settle(r.withoutKey())
	case r.entry.Multi && r.Set == "":
		return r.settle(false)
	case isNegated(r.Base):
		return r.settle(r.Set == "ForAllValues:" && len(r.values) == 0)
	}
	r.Values = slices.DeleteFunc(slices.Clone(r.Values), func(p string) bool { return p == "*" })
	return true
}
