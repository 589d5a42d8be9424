package envoy

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// A fault is a place in a text that is not the JSON form of a message.
type fault struct {
	offset int    // in bytes
	field  string // the name of an unknown field, "" for other faults
}

// findFault finds what protojson refuses in text, whose error has the place only in
// its wording. It descends from the message into the field that cannot be read by
// itself. offset is the place of text in the whole.
func findFault(message protoreflect.Message, text []byte, offset int) fault {
	start := offset + len(text) - len(bytes.TrimLeft(text, " \t\r\n"))
	var whole json.RawMessage
	if err := json.Unmarshal(text, &whole); err != nil {
		if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
			return fault{offset: offset + max(0, int(syntax.Offset)-1)}
		}
		return fault{offset: start}
	}
	for _, m := range objectMembers(text) {
		field := fieldNamed(message.Descriptor(), m.name)
		if field == nil {
			return fault{offset: offset + m.nameAt, field: m.name}
		}
		if protojson.Unmarshal(m.alone(), message.New().Interface()) == nil {
			continue
		}
		if field.Message() != nil && !field.IsMap() && !field.IsList() && !isWellKnown(field.Message()) {
			return findFault(message.NewField(field).Message(), m.value, offset+m.valueAt)
		}
		return fault{offset: offset + m.valueAt}
	}
	return fault{offset: start}
}

// fieldNamed returns the field of that name, which is either the one of JSON or the
// one of the message's definition, nil if there is none.
func fieldNamed(message protoreflect.MessageDescriptor, name string) protoreflect.FieldDescriptor {
	if field := message.Fields().ByJSONName(name); field != nil {
		return field
	}
	return message.Fields().ByTextName(name)
}

// isWellKnown reports whether a message has a JSON form of its own.
func isWellKnown(message protoreflect.MessageDescriptor) bool {
	return strings.HasPrefix(string(message.FullName()), "google.protobuf.")
}

// A jsonMember is one name and value of an object, with their places in its text.
type jsonMember struct {
	name            string
	nameAt, valueAt int
	value           []byte
}

// alone is an object with only that member.
func (m *jsonMember) alone() []byte {
	name, _ := json.Marshal(m.name) // a string always has a JSON form
	return append(append(append([]byte{'{'}, name...), ':'), append(m.value, '}')...)
}

// objectMembers returns the members of an object, none of another value.
func objectMembers(text []byte) (members []jsonMember) {
	tokens := json.NewDecoder(bytes.NewReader(text))
	if token, err := tokens.Token(); err != nil || token != json.Delim('{') {
		return nil
	}
	for tokens.More() {
		m := jsonMember{nameAt: nextToken(text, tokens)}
		name, err := tokens.Token()
		if err != nil {
			return members
		}
		m.name, _ = name.(string)
		m.valueAt = nextToken(text, tokens)
		var value json.RawMessage
		if tokens.Decode(&value) != nil {
			return members
		}
		m.value = bytes.Clone(value)
		members = append(members, m)
	}
	return members
}

// nextToken is the offset of the next token.
func nextToken(text []byte, tokens *json.Decoder) int {
	at := int(tokens.InputOffset())
	for at < len(text) && bytes.IndexByte([]byte(" \t\r\n,:"), text[at]) >= 0 {
		at++
	}
	return at
}
