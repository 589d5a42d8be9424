package access

import (
	"encoding/base64"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"extauthz/iam"
)

// An assignment has the values of unknown condition keys. The others are absent.
type assignment map[string]string

// maxAssignments is the limit on the assignments that are tried for one question.
const maxAssignments = 20_000

// assignments are combinations of candidates for the values of unknown keys.
type assignments struct {
	keys         []string   // in order
	values       [][]string // of each key; absent means none
	isIncomplete bool       // there are more combinations than are tried
}

// absent is the candidate for a key that the request lacks.
const absent = "\x00"

// instant is the pseudo-key of the time, from which aws:CurrentTime and aws:EpochTime follow.
const instant = "time"

// newAssignments returns the combinations of values between which the conditions of both sides
// make a difference.
func newAssignments(s *sides, action, resource string) *assignments {
	c := candidates{values: map[string][]string{}, names: map[string]string{}, resource: resource}
	for _, v := range slices.Concat(s.before, s.after) {
		c.addView(v, action, resource)
	}
	a := new(assignments)
	total := 1
	for _, key := range slices.Sorted(maps.Keys(c.values)) {
		values := c.values[key]
		slices.Sort(values)
		values = slices.Compact(values)
		a.keys, a.values = append(a.keys, c.names[key]), append(a.values, values)
		total *= len(values)
		if total > maxAssignments {
			a.isIncomplete, total = true, maxAssignments
		}
	}
	return a
}

// all yields the assignments: all combinations or, if they are too many, the first ones with
// the values of each key in turn.
func (a *assignments) all(yield func(assignment) bool) {
	at := make([]int, len(a.keys))
	for n := 0; n < maxAssignments; n++ {
		if !yield(a.assignment(at)) {
			return
		}
		i := 0
		for ; i < len(at); i++ {
			if at[i]++; at[i] < len(a.values[i]) {
				break
			}
			at[i] = 0
		}
		if i == len(at) {
			return
		}
	}
}

// assignment returns the assignment with the at[i]-th value of the i-th key.
func (a *assignments) assignment(at []int) assignment {
	values := assignment{}
	for i, key := range a.keys {
		value := a.values[i][at[i]]
		switch {
		case value == absent:
		case key == instant:
			seconds, err := strconv.ParseInt(value, 10, 64)
			if err == nil {
				values["aws:EpochTime"], values["aws:CurrentTime"] = value, time.Unix(seconds, 0).UTC().Format(time.RFC3339)
			}
		default:
			values[key] = value
		}
	}
	return values
}

// candidates collects the candidates for the values of keys, by their lower-case names.
type candidates struct {
	values   map[string][]string
	names    map[string]string // as written
	resource string
}

// addView adds the keys on which a decision depends, and the values that conditions have.
func (c *candidates) addView(v *view, action, resource string) {
	decided := v.decide(action, resource, false)
	for i := range decided.Matched {
		m := &decided.Matched[i]
		syntax := v.syntaxOf(m)
		if m.OpenResource {
			for _, text := range slices.Concat(texts(syntax.Resources), nil) {
				for _, key := range iam.VariableKeys(text) {
					c.addVariable(v, key)
				}
			}
		}
		for _, n := range m.OpenConditions {
			c.addCondition(v, &syntax.Conditions[n])
		}
	}
}

// addVariable adds an unknown key of a policy variable: the parts of the repository's name, and
// a value that no policy has.
func (c *candidates) addVariable(v *view, key string) {
	if !v.unknown.Has(key) {
		return
	}
	_, name, _ := strings.Cut(c.resource, ":repository/")
	c.add(v, key, append(strings.Split(name, "/"), name, fresh)...)
}

// addCondition adds the values of a condition.
func (c *candidates) addCondition(v *view, condition *iam.ConditionSyntax) {
	key := condition.Key.Text
	for _, value := range texts(condition.Values) {
		for _, variable := range iam.VariableKeys(value) {
			c.addVariable(v, variable)
			if known, found := v.context.Lookup(variable); found && !v.unknown.Has(variable) && !known.Multi {
				c.add(v, key, known.Value)
			}
		}
		c.add(v, key, valuesFor(condition.Base, value)...)
	}
	c.add(v, key, fresh, otherFresh)
}

// add adds candidates for an unknown key, as far as a request of the caller can have them.
func (c *candidates) add(v *view, key string, values ...string) {
	if !v.unknown.Has(key) {
		return
	}
	lower := strings.ToLower(key)
	switch lower {
	case "aws:currenttime", "aws:epochtime":
		key, lower = instant, instant
	}
	if _, known := c.names[lower]; !known {
		c.names[lower] = key
		c.values[lower] = alwaysPossible(v, lower)
	}
	for _, value := range values {
		if isPossible(v, lower, value) {
			c.values[lower] = append(c.values[lower], value)
		}
	}
}

// alwaysPossible returns candidates for a key that do not depend on policies.
func alwaysPossible(v *view, key string) []string {
	switch key {
	case instant:
		return []string{"1767225600"} // 2026-01-01
	case "aws:securetransport":
		return []string{"true", "false"}
	case "aws:sourceip", "aws:vpcsourceip":
		return []string{"203.0.113.99", "2001:db8:99::99"}
	case "oci:referencetype":
		return []string{absent, "tag", "digest"}
	case "aws:userid":
		if id := roleID(v); id != "" {
			return []string{id + ":" + fresh}
		}
		return []string{absent}
	}
	if known, found := v.Caller.Context.Lookup(key); found && strings.HasPrefix(key, strings.ToLower(tagKeys)) {
		return []string{known.Value} // a session tag may replace it
	}
	return []string{absent}
}

// isPossible reports whether a request can have a value of a key.
func isPossible(v *view, key, value string) bool {
	switch key {
	case instant:
		_, err := strconv.ParseInt(value, 10, 64)
		return err == nil
	case "aws:sourceip", "aws:vpcsourceip":
		_, err := netip.ParseAddr(value)
		return err == nil
	case "aws:securetransport":
		return value == "true" || value == "false"
	case "oci:referencetype":
		return false // all are candidates
	case "aws:userid":
		id := roleID(v)
		return id != "" && strings.HasPrefix(value, id+":") && len(value) > len(id)+1
	case "aws:tokenissuetime":
		return iam.IsDate(value)
	case "aws:multifactorauthpresent":
		return value == "false" // a session token has it for a principal without a session
	}
	return value != absent
}

// roleID returns the unique id of a session's role, "" if it is not known.
func roleID(v *view) string {
	id, _, _ := strings.Cut(v.Principal.UserID, ":")
	return id
}

// valuesFor returns values of requests between which a condition with a policy's value makes a
// difference.
func valuesFor(base, value string) []string {
	switch {
	case strings.HasPrefix(base, "Numeric"):
		return around(value)
	case strings.HasPrefix(base, "Date"):
		return datesAround(value)
	case base == "Bool" || base == "Null":
		return []string{"true", "false"}
	case strings.HasSuffix(base, "IpAddress"):
		return addressesIn(value)
	case base == "BinaryEquals":
		bytes, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return nil
		}
		return []string{string(bytes)}
	case base == "StringLike" || base == "StringNotLike" || strings.HasPrefix(base, "Arn"):
		return likes(value)
	}
	return []string{strings.NewReplacer("${*}", "*", "${?}", "?", "${$}", "$").Replace(value)}
}

// likes returns texts that a pattern matches.
func likes(pattern string) []string {
	for {
		before, variable, found := strings.Cut(pattern, "${")
		if !found {
			return instances(pattern)
		}
		_, after, _ := strings.Cut(variable, "}")
		pattern = before + "*" + after
	}
}

// around returns a number and its neighbors.
func around(text string) []string {
	n, err := strconv.ParseInt(text, 10, 62)
	if err != nil {
		f, errFloat := strconv.ParseFloat(text, 64)
		if errFloat != nil {
			return []string{text}
		}
		return []string{text, strconv.FormatInt(int64(f)-1, 10), strconv.FormatInt(int64(f)+1, 10), strconv.FormatInt(int64(f), 10)}
	}
	return []string{strconv.FormatInt(n-1, 10), strconv.FormatInt(n, 10), strconv.FormatInt(n+1, 10)}
}

// datesAround returns an instant and its neighbors, in seconds since 1970.
func datesAround(text string) []string {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly, "2006-01", "2006"} {
		if at, err := time.Parse(layout, text); err == nil {
			return around(strconv.FormatInt(at.Unix(), 10))
		}
	}
	return around(text)
}

// addressesIn returns an address of a network.
func addressesIn(text string) []string {
	if network, err := netip.ParsePrefix(text); err == nil {
		return []string{network.Masked().Addr().String()}
	}
	return []string{text}
}
