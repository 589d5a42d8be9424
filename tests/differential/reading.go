package differential

import "extauthz/iam"

// reading is a condition with what the request has for its key. A mask may
// settle it, or change the values that are compared one by one.
type reading struct {
	Condition
	effect         iam.Effect
	entry          iam.ContextEntry
	missing        bool
	values         []string // of the request
	settled, holds bool
}

func newReading(k *Case, effect iam.Effect, c *Condition) reading {
	entry, found := k.Context.Lookup(c.Key)
	r := reading{Condition: *c, effect: effect, entry: entry, missing: !found, values: entry.Values}
	if found && !entry.Multi && (entry.Value != "" || c.Set == "") {
		r.values = []string{entry.Value}
	}
	return r
}

// settle ends the reading.
func (r *reading) settle(holds bool) bool {
	r.settled, r.holds = true, holds
	return true
}

// withoutKey is what a condition says of a missing key.
func (r *reading) withoutKey() bool {
	switch r.Set {
	case "ForAllValues:":
		return true
	case "ForAnyValue:":
		return false
	}
	return isNegated(r.Base) || r.IfExists
}

// condition reads a condition as the other evaluator does; masked is false if
// it does as iam does.
func (r *rewriting) condition(k *Case, effect iam.Effect, c *Condition) (holds, masked bool) {
	read := newReading(k, effect, c)
	for _, m := range r.masks {
		if m.condition == nil || read.settled || !m.condition(&read) {
			continue
		}
		r.note(m, true)
		masked = true
	}
	if read.settled || read.missing || read.entry.Multi && read.Set == "" || read.Base == "Null" {
		return read.holds, masked
	}
	comparisons := make([]comparison, len(read.values))
	for i, value := range read.values {
		comparisons[i] = r.newComparison(k, &read, value)
		masked = r.mask(&comparisons[i]) || masked
	}
	if !masked {
		return false, false
	}
	return r.combine(read.Set, comparisons), true
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
