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
	// Key is the name, such as aws:SourceIp. Its case does not matter, not even in the
	// key of a tag (aws:PrincipalTag/Team).
	Key string
	// Value is the value of a single-valued key. Numbers, dates and booleans
	// are in their textual form; a binary value is its bytes, not base64.
	Value string
	// Values are the values of a multivalued key.
	Values []string
	// Multi reports that the key is multivalued and has Values instead of Value.
	Multi bool
	// Ambiguous reports that the key differs from another entry's only in case, as the
	// tags Team and team of one repository do. The value applies only to a policy that
	// writes the tag's key exactly like this. For another policy the key is ambiguous:
	// a condition on it, or a variable of it, never helps the caller.
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
		case endsDifferently(c[i].Key, key) || c[i].Key != key && !equalIgnoringCase(c[i].Key, key):
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

// First returns the first entry with a key, without regard to the case of its name, nil if
// the key is absent. If it is not ambiguous, Lookup returns it too.
func (c Context) First(key string) *ContextEntry {
	for i := range c {
		if !endsDifferently(c[i].Key, key) && (c[i].Key == key || equalIgnoringCase(c[i].Key, key)) {
			return &c[i]
		}
	}
	return nil
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

// The condition keys that are extensions of this project. They are about the image of a
// request, for which AWS does not have a key. On AWS such a key is always absent, so the
// same text decides differently there.
const (
	// KeyReference is the tag or the digest of the request.
	KeyReference = "oci:Reference"
	// KeyReferenceType is "tag" or "digest".
	KeyReferenceType = "oci:ReferenceType"
)
