package iam

import "strings"

// Context is the request context: condition keys and their values. It is a
// plain slice, so that it can be filled without a map. A key occurs once; of
// several entries whose names differ only in case the first one counts, unless they
// are marked as ambiguous.
type Context []ContextEntry

// ContextEntry is one condition key of a request with its value. A key that
// is absent from the context is a missing key, which is not the same as one
// with an empty value.
type ContextEntry struct {
	// Key is the name, such as aws:SourceIp; case does not matter, in the key
	// of a tag neither (aws:PrincipalTag/Team).
	Key string
	// Value is the value of a single-valued key. Numbers, dates and booleans
	// are in their textual form; a binary key holds its bytes, not base64.
	Value string
	// Values are the values of a multivalued key.
	Values []string
	// Multi says that the key is multivalued: Values counts, and not Value.
	Multi bool
	// Ambiguous says that the key differs from another entry's only in case, as the
	// tags Team and team of one repository do. Only a policy that writes the tag's key
	// exactly like this sees the value. For another one the key is ambiguous: no
	// condition on it, and no variable, may help the caller.
	Ambiguous bool
}

// Lookup finds a key, without regard to the case of its name. Of entries that differ
// from others only in the case of a tag's key, it returns the one that is written
// exactly like the name; if there is none, it returns an entry without value that is
// marked as ambiguous.
func (c Context) Lookup(key string) (ContextEntry, bool) {
	ambiguous := false
	for i := range c {
		switch {
		case !equalIgnoringCase(c[i].Key, key):
		case !c[i].Ambiguous:
			return c[i], true
		case tagKey(c[i].Key) == tagKey(key):
			entry := c[i]
			entry.Ambiguous = false
			return entry, true
		default:
			ambiguous = true
		}
	}
	if ambiguous {
		return ContextEntry{Key: key, Ambiguous: true}, true
	}
	return ContextEntry{}, false
}

// MarkAmbiguous marks the entries whose keys differ only in case.
func (c Context) MarkAmbiguous() {
	for i := range c {
		for j := range c[:i] {
			if equalIgnoringCase(c[i].Key, c[j].Key) {
				c[i].Ambiguous, c[j].Ambiguous = true, true
			}
		}
	}
}

// anyAmbiguous reports whether one of the keys is ambiguous as it is written.
func (c Context) anyAmbiguous(keys []string, m *meter) bool {
	if len(keys) == 0 || !c.hasAmbiguous() {
		return false
	}
	for _, key := range keys {
		m.charge(lookupSteps(key))
		if entry, _ := c.Lookup(key); entry.Ambiguous {
			return true
		}
	}
	return false
}

func (c Context) hasAmbiguous() bool {
	for i := range c {
		if c[i].Ambiguous {
			return true
		}
	}
	return false
}

// tagKey returns the tag's key in a condition key such as aws:ResourceTag/Team, "" for
// a condition key without one.
func tagKey(key string) string {
	_, tag, _ := strings.Cut(key, "/")
	return tag
}

// Names of the condition keys that are this project's own extension, for what
// no key of AWS expresses: which image of a repository is asked for. On AWS
// such a key is always absent, so the same text decides differently there.
const (
	// KeyReference holds the tag or the digest that the request names.
	KeyReference = "oci:Reference"
	// KeyReferenceType is "tag" or "digest".
	KeyReferenceType = "oci:ReferenceType"
)
