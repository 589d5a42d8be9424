package differential

import "extauthz/iam"

// reading is a condition whose key is in the context. A mask may settle it, or
// change the values that are compared one by one.
type reading struct {
	*Condition
	effect         iam.Effect
	entry          iam.ContextEntry
	values         []string
	settled, holds bool
}

// settle ends the reading.
func (r *reading) settle(holds bool) bool {
	r.settled, r.holds = true, holds
	return true
}

// condition reads a condition as the other evaluator does; masked is false if
// it does as iam does.
func (r *rewriting) condition(k *Case, effect iam.Effect, c *Condition) (holds, masked bool) {
	entry, found := k.Context.Lookup(c.Key)
	if !found {
		return false, false
	}
	read := reading{Condition: c, effect: effect, entry: entry, values: entry.Values}
	if !entry.Multi && (entry.Value != "" || c.Set == "") {
		read.values = []string{entry.Value}
	}
	for _, m := range r.masks {
		if m.condition == nil || !m.condition(&read) {
			continue
		}
		r.note(m, true)
		masked = true
		if read.settled {
			return read.holds, true
		}
	}
	if c.Base == "Null" || entry.Multi && c.Set == "" {
		return false, masked
	}
	comparisons := make([]comparison, len(read.values))
	for i, value := range read.values {
		comparisons[i] = r.newComparison(k, effect, c, value)
		masked = r.mask(&comparisons[i]) || masked
	}
	if !masked {
		return false, false
	}
	return r.combine(c.Set, comparisons), true
}

// combine is what a set operator makes of the request's values.
func (r *rewriting) combine(set string, comparisons []comparison) bool {
	satisfied := 0
	for i := range comparisons {
		if r.satisfied(&comparisons[i]) {
			satisfied++
		}
	}
	if set == "ForAllValues:" {
		return satisfied == len(comparisons)
	}
	return satisfied > 0
}
