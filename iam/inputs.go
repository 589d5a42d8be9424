package iam

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Inputs are the parts of a request's context on which a decision can depend, for one
// caller, action and resource: those that the statements for these mention. Two requests
// that agree in them have the same decision and the same statements that apply.
type Inputs struct {
	// Keys are the condition keys as a policy writes them, sorted and each once, except
	// those of the clock.
	Keys []string
	// Clock reports that the time of the request is another input.
	Clock bool

	currentTime, epochTime bool    // the keys of the clock that are compared
	changes                []int64 // the seconds at which a comparison can change, sorted
	incomparable           bool    // the time is not only compared with instants

	residue *residue // nil if it is of no use
}

// The condition keys of the clock, in lower case.
const (
	currentTimeKey = "aws:currenttime"
	epochTimeKey   = "aws:epochtime"
)

// Inputs returns the inputs of decisions on requests with the same caller, action and
// resource as r. It does not read the context of r.
func (p *Policies) Inputs(r *Request) Inputs {
	var in Inputs
	q, known := p.newQuery(r)
	if !known {
		return in
	}
	rest := p.residue(&q)
	for i := range rest.places {
		in.add(rest.places[i].statement)
	}
	if rest.isUseful() {
		in.residue = rest
	}
	slices.SortFunc(in.Keys, func(a, b string) int {
		return cmp.Or(strings.Compare(strings.ToLower(a), strings.ToLower(b)), strings.Compare(a, b))
	})
	in.Keys = slices.Clone(slices.CompactFunc(in.Keys, equalIgnoringCase)) // without the memory of repetitions
	slices.Sort(in.changes)
	in.changes = slices.Clone(slices.Compact(in.changes))
	in.Clock = in.currentTime || in.epochTime || in.incomparable
	return in
}

// Len returns the number of keys and of times at which a decision can change, which the authors
// of policies choose.
func (in *Inputs) Len() int { return len(in.Keys) + len(in.changes) }

// mayApply reports whether the statement applies to the caller, action and resource of
// the request with some context.
func (s *Statement) mayApply(q *query) bool {
	return s.covers(q) && (s.principals == nil || s.principals.matches(q)) &&
		(s.resources.hasVariables() || s.resources.matches(q.resourceFor(s.Effect), s.Effect, nil, &q.meter))
}

// add adds the inputs of a statement.
func (in *Inputs) add(s *Statement) {
	clock := 0 // how often the statement mentions the clock
	for key := range s.keys() {
		switch strings.ToLower(key) {
		case currentTimeKey, epochTimeKey:
			clock++
		default:
			in.Keys = append(in.Keys, key)
		}
	}
	for i := range s.conditions() {
		if in.addComparison(&s.conditions()[i]) {
			clock--
		}
	}
	in.incomparable = in.incomparable || clock != 0
}

// addComparison adds a condition that compares the clock with instants, and reports
// whether it does.
func (in *Inputs) addComparison(c *condition) bool {
	dates, numbers := c.operator.family == dateFamily, c.operator.family == numericFamily
	switch {
	case c.key == currentTimeKey && dates:
		in.currentTime = true
	case c.key == epochTimeKey && (dates || numbers):
		in.epochTime = true
	default:
		return false
	}
	for _, o := range c.operands {
		at, ok := secondsOf(o)
		if !ok {
			return false
		}
		// Whole seconds up to at-1 are before the instant, those from at+1 are after it.
		in.changes = append(in.changes, at, at+1)
	}
	return true
}

// secondsOf returns the whole seconds of an operand, false if they are too many to add to.
func secondsOf(o operand) (int64, bool) {
	var at int64
	ok := true
	switch o := o.(type) {
	case *dateOperand:
		at = o.instant.seconds
	case *numberOperand:
		if at, ok = parseSeconds("0" + o.number.whole); o.number.negative {
			at = -at
		}
	default:
		ok = false
	}
	return at, ok && at > -1<<60 && at < 1<<60
}

// Time returns the time of a request with inputs from the clock, in seconds since 1970. It
// returns false if the decision may depend on more of the clock than these seconds: a key
// is absent or not in whole seconds, or the keys differ.
func (in *Inputs) Time(c Context) (seconds int64, ok bool) {
	if in.incomparable {
		return 0, false
	}
	ok = true
	if in.epochTime {
		// Four digits are seconds for a number and a year for a date.
		text := single(c, epochTimeKey)
		seconds, ok = parseSeconds(text)
		ok = ok && len(text) > len("2026")
	}
	if in.currentTime {
		at, isInstant := parseInstant(single(c, currentTimeKey))
		ok = ok && isInstant && at.fraction == "" && (!in.epochTime || seconds == at.seconds)
		seconds = at.seconds
	}
	return seconds, ok
}

// single returns the value of a key of the clock, "" if it does not have exactly one.
func single(c Context, key string) string {
	if entry, _ := c.Lookup(key); !entry.Multi && !entry.Ambiguous {
		return entry.Value
	}
	return ""
}

// Period returns the period around a time, from the first second and until before the
// second, in which comparisons with the clock do not change.
func (in *Inputs) Period(seconds int64) (from, until int64) {
	next, found := slices.BinarySearch(in.changes, seconds)
	if found {
		next++
	}
	from, until = math.MinInt64, math.MaxInt64
	if next > 0 {
		from = in.changes[next-1]
	}
	if next < len(in.changes) {
		until = in.changes[next]
	}
	return from, until
}
