package differential

import (
	"slices"
	"strings"
)

// condition adds a condition, mostly with the operator that the question is
// about, unless one with this operator and key is there.
func (g *generator) condition(d Document, s *Statement) {
	c := Condition{Base: g.base}
	if g.chance(4) {
		c.Base = g.pick(operators())
	}
	c.Set = g.pick(vocabulary{"", "", "ForAllValues:", "ForAnyValue:"})
	c.IfExists = c.Base != "Null" && g.chance(3)
	f := familyOf(c.Base)
	c.Key = g.key(&c, f)
	c.Values = g.operands(c.Key, f)
	c.Bare = g.chance(4) && bareBase(c.Base)
	known := slices.ContainsFunc(s.Conditions, func(other Condition) bool {
		return other.Operator() == c.Operator() && other.Key == c.Key
	})
	if !known && (d.Version == "2012-10-17" || !needsVariables(&c)) {
		s.Conditions = append(s.Conditions, c)
	}
}

// bareBase reports whether values may be written as JSON numbers or booleans.
func bareBase(base string) bool {
	return base == "Bool" || base == "Null" || familyOf(base).keys[0] == numbers().keys[0]
}

// needsVariables reports whether a value is an ARN only in a version of the
// policy language that has policy variables.
func needsVariables(c *Condition) bool {
	return familyOf(c.Base).keys[0] == arns().keys[0] &&
		slices.ContainsFunc(c.Values, func(v string) bool { return v[0] == '$' })
}

// key returns a key of the operator's type, a multivalued key, or one that is not in the
// context.
func (g *generator) key(c *Condition, f family) string {
	multivalued := 6
	if c.Set != "" {
		multivalued = 2
	}
	// JavaScript accepts many texts as dates, so only dates, and a few texts that are
	// not dates, are compared as dates.
	onlyOwn := strings.HasPrefix(c.Base, "Date") && !strings.HasPrefix(g.base, "Date")
	switch {
	case onlyOwn || c.Base == "BinaryEquals" || c.Base == "Null" && g.chance(2):
		return g.pick(f.keys)
	case g.chance(multivalued):
		return g.pick(vocabulary{listKey, "aws:CalledVia"})
	case g.chance(10):
		return noKey
	case g.chance(8):
		return g.pick(vocabulary{textKey, userKey, emptyKey, "ecr:ResourceTag/team"})
	}
	return g.pick(f.keys)
}

// operands returns values to compare with, sometimes unusual ones or that of the request.
func (g *generator) operands(key string, f family) []string {
	values := g.some(f.policy)
	for i := range values {
		switch {
		case len(f.odd) > 0 && g.chance(3):
			values[i] = g.pick(f.odd)
		case g.chance(2):
			values[i] = g.own(key, f, values[i])
		}
	}
	return values
}

// own returns a value that the request has for the key, if a policy may contain it.
func (g *generator) own(key string, f family, otherwise string) string {
	entry, _ := g.k.Context.Lookup(key)
	value := entry.Value
	if len(entry.Values) > 0 {
		value = g.pick(entry.Values)
	}
	if slices.Contains(f.policy, value) {
		return value
	}
	return otherwise
}
