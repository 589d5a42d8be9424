package envoy

import (
	"fmt"
	"strings"

	"extauthz/authz"
	"extauthz/diag"
)

// Metadata is a set of fields of a decision. Envoy receives them as dynamic metadata in the
// namespace envoy.filters.http.ext_authz, for its access log and for later filters. The text
// form is a list of names, or "none".
type Metadata uint16

// DefaultMetadata contains what an access log needs to describe a decision.
const DefaultMetadata Metadata = 1<<5 - 1

// metadataFields are the fields that Metadata can contain, in the order of its bits. A field
// without a value is absent.
var metadataFields = [...]struct {
	name  string
	value func(*authz.Result) string
}{
	{"decision", func(r *authz.Result) string { return r.Decision.String() }},
	{"principal", func(r *authz.Result) string { return r.Principal }},
	{"action", (*authz.Result).Action},
	{"repository", func(r *authz.Result) string { return r.Repository }},
	{"decision_id", func(r *authz.Result) string { return r.ID }},
	{"registry", func(r *authz.Result) string { return r.Registry }},
	{"operation", func(r *authz.Result) string { return r.Operation }},
	{"policy_digest", func(r *authz.Result) string { return r.Digest }},
}

const allMetadata Metadata = 1<<len(metadataFields) - 1

// UnmarshalText parses names of fields.
func (m *Metadata) UnmarshalText(text []byte) error {
	var parsed Metadata
	for name := range strings.SplitSeq(string(text), ",") {
		bit := metadataBit(name)
		if bit == 0 && string(text) != "none" {
			return diag.Problemf("%q is not a field of a decision", name).WithRemedy(fmt.Sprintf("write none, or names from the list %s", allMetadata))
		}
		parsed |= bit
	}
	*m = parsed
	return nil
}

// metadataBit returns the set that contains the field with a name, 0 if no field has it.
func metadataBit(name string) Metadata {
	for i := range metadataFields {
		if metadataFields[i].name == name {
			return 1 << i
		}
	}
	return 0
}

// MarshalText returns the names of the fields.
func (m Metadata) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// String returns the names of the fields.
func (m Metadata) String() string {
	var names []string
	for i := range metadataFields {
		if m&(1<<i) != 0 {
			names = append(names, metadataFields[i].name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ",")
}

// append appends the dynamic_metadata of a CheckResponse, a Struct of text.
func (m Metadata) append(b []byte, r *authz.Result) []byte {
	if m == 0 {
		return b
	}
	b, start := beginMessage(b, 4)
	for i, field := range &metadataFields {
		if m&(1<<i) == 0 {
			continue
		}
		if text := field.value(r); text != "" {
			b = appendEntry(b, field.name, text)
		}
	}
	return endMessage(b, start)
}

// appendEntry appends an entry of fields, a map from text to a Value, which is text too.
func appendEntry(b []byte, name, text string) []byte {
	b, start := beginMessage(b, 1)
	b = appendText(b, 1, name)
	b, valueStart := beginMessage(b, 2)
	b = appendText(b, 3, text) // string_value
	b = endMessage(b, valueStart)
	return endMessage(b, start)
}
