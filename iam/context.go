package iam

// Context is the request context: condition keys and their values. It is a
// plain slice, so that it can be filled without a map. A key occurs once; of
// several entries whose names differ only in case the first one counts.
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
}

// Lookup finds a key, without regard to the case of its name.
func (c Context) Lookup(key string) (ContextEntry, bool) {
	for i := range c {
		if equalIgnoringCase(c[i].Key, key) {
			return c[i], true
		}
	}
	return ContextEntry{}, false
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
