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
			reason:    "IAM User Guide, Null: an empty value counts as null; there a key that is present is not",
			condition: nullOfEmpty,
		}, {
			name:      "Null with a set operator and a missing key",
			reason:    "IAM User Guide, Set operators: ForAllValues is true and ForAnyValue false of a missing key; there the set operator changes nothing, and where both readings differ iam's condition never helps the caller",
			condition: nullWithSet,
		}, {
			name:      "multivalued key without set operator in a Deny",
			reason:    "iam has one matching value suffice for a Deny; there the condition is false",
			condition: listWithoutSet,
		}, {
			name:      "empty string under a set operator",
			reason:    "IAM User Guide, ForAllValues: an empty string is an empty data set; there it is one value",
			condition: emptyStringInSet,
		}, {
			name:      "lone * among ARNs",
			reason:    "* is no ARN, so that in iam the condition never helps the caller; there it is an ARN that matches nothing",
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
