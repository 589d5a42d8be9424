package envoy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"

	"extauthz/authz"
	"extauthz/diag"
)

// ParseCheckRequest reads a CheckRequest in the JSON form of Protocol Buffers and returns
// the request that the service would decide. The time of the request is the one in the
// message, or now if it has none. source is the name of the text. The error is a
// [diag.Diagnostic]. It repeats only the name of a field, because the text contains
// credentials.
func ParseCheckRequest(source string, text []byte, now time.Time) (*authz.Request, error) {
	m := new(authv3.CheckRequest)
	if err := protojson.Unmarshal(text, m); err != nil {
		return nil, checkRequestError(source, text)
	}
	if at := m.GetAttributes().GetRequest().GetTime(); at.IsValid() {
		now = at.AsTime()
	}
	return toRequest(m, now), nil
}

// fieldName is the form of the names of fields. Other text may be a secret.
var fieldName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,39}$`)

// checkRequestError returns the error of a text that is not a CheckRequest.
func checkRequestError(source string, text []byte) error {
	f, problem := findFault(new(authv3.CheckRequest).ProtoReflect(), text, 0), "not a CheckRequest"
	if fieldName.MatchString(f.field) {
		problem = fmt.Sprintf("unknown field %q in a CheckRequest", f.field)
	}
	before := text[:min(f.offset, len(text))]
	lastLine := before[bytes.LastIndexByte(before, '\n')+1:]
	at := diag.Point{Line: bytes.Count(before, []byte("\n")) + 1, Column: utf8.RuneCount(lastLine) + 1}
	return diag.New(diag.File(source).At(at), problem, "write an envoy.service.auth.v3.CheckRequest in the JSON of Protocol Buffers")
}

// A fault is where a text is not the JSON form of a message.
type fault struct {
	offset int    // in bytes
	field  string // the name of an unknown field, "" for another fault
}

// findFault returns where protojson refuses text, because protojson's error has the position
// only in its message. It descends into the field that protojson refuses by itself. offset is
// the position of text in the whole.
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
		if protojson.Unmarshal(m.object(), message.New().Interface()) == nil {
			continue
		}
		if field.Message() != nil && !field.IsMap() && !field.IsList() && !isWellKnown(field.Message()) {
			return findFault(message.NewField(field).Message(), m.value, offset+m.valueAt)
		}
		return fault{offset: offset + m.valueAt}
	}
	return fault{offset: start}
}

// fieldNamed returns the field with a name in JSON or in the message's definition, nil if
// there is none.
func fieldNamed(message protoreflect.MessageDescriptor, name string) protoreflect.FieldDescriptor {
	if field := message.Fields().ByJSONName(name); field != nil {
		return field
	}
	return message.Fields().ByTextName(name)
}

// isWellKnown reports whether a message has its own JSON form.
func isWellKnown(message protoreflect.MessageDescriptor) bool {
	return strings.HasPrefix(string(message.FullName()), "google.protobuf.")
}

// A jsonMember is one name and value of an object, with their positions in its text.
type jsonMember struct {
	name            string
	nameAt, valueAt int
	value           []byte
}

// object returns an object with only that member.
func (m *jsonMember) object() []byte {
	name, _ := json.Marshal(m.name) // a string always has a JSON form
	return append(append(append([]byte{'{'}, name...), ':'), append(m.value, '}')...)
}

// objectMembers returns the members of an object, and none of another value.
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

// nextToken returns the offset of the next token.
func nextToken(text []byte, tokens *json.Decoder) int {
	at := int(tokens.InputOffset())
	for at < len(text) && bytes.IndexByte([]byte(" \t\r\n,:"), text[at]) >= 0 {
		at++
	}
	return at
}
