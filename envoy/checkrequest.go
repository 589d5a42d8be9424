package envoy

import (
	"encoding/json"
	"encoding/json/jsontext"
	"fmt"
	"regexp"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"extauthz/authz"
	"extauthz/diag"
	"extauthz/strictjson"
)

// ParseCheckRequest reads a CheckRequest in the JSON form of Protocol Buffers and returns
// the request that the service would decide. The time of the request is the one in the
// message, or now if it has none. source is the name of the text. The error is a
// [diag.Diagnostic]. Of the text, which contains credentials, it repeats only the name of
// a field or an unexpected character.
func ParseCheckRequest(source string, text []byte, now time.Time) (*authz.CheckRequest, error) {
	m := new(authv3.CheckRequest)
	if err := protojson.Unmarshal(text, m); err != nil {
		return nil, checkRequestError(source, text)
	}
	if at := m.GetAttributes().GetRequest().GetTime(); at.IsValid() {
		now = at.AsTime()
	}
	message, err := proto.Marshal(m)
	r, valid := readCheck(message, now)
	if err != nil || !valid {
		return nil, checkRequestError(source, text)
	}
	return r, nil
}

// checkRequestError returns the error of a text that protojson refuses. protojson's own
// error has the position only in its message, and may repeat a credential.
func checkRequestError(source string, text []byte) error {
	r, err := strictjson.NewFileReader(source, text)
	if err != nil {
		return err
	}
	start := r.Start()
	if err := findFault(r, new(authv3.CheckRequest).ProtoReflect()); err != nil {
		return err
	}
	return notCheckRequest(r, start, "not a CheckRequest")
}

// notCheckRequest returns an error at an offset of the text.
func notCheckRequest(r *strictjson.Reader, offset int, problem string) error {
	return diag.New(r.Position(offset), problem, "write an envoy.service.auth.v3.CheckRequest in the JSON of Protocol Buffers")
}

// findFault reads an object that is a message in JSON. It returns an error about the first
// field that protojson refuses by itself, and nil if every field is accepted.
func findFault(r *strictjson.Reader, message protoreflect.Message) error {
	return r.Object("a CheckRequest", func(name string, at int) error {
		field := fieldNamed(message.Descriptor(), name)
		switch {
		case field == nil && fieldName.MatchString(name):
			return notCheckRequest(r, at, fmt.Sprintf("unknown field %q in a CheckRequest", name))
		case field == nil:
			return notCheckRequest(r, at, "not a CheckRequest")
		case r.Kind() == jsontext.KindBeginObject && hasFields(field):
			return findFault(r, message.NewField(field).Message())
		}
		valueAt := r.Start()
		value, err := r.Raw()
		if err == nil && !accepts(message, name, value) {
			err = notCheckRequest(r, valueAt, "not a CheckRequest")
		}
		return err
	})
}

// fieldName is the form of the names of fields. Other text may be a secret.
var fieldName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,39}$`)

// fieldNamed returns the field with a name in JSON or in the message's definition, nil if
// the message does not have one.
func fieldNamed(message protoreflect.MessageDescriptor, name string) protoreflect.FieldDescriptor {
	if field := message.Fields().ByJSONName(name); field != nil {
		return field
	}
	return message.Fields().ByTextName(name)
}

// hasFields reports whether the JSON form of a field is an object with the fields of a
// message. Protobuf's own types, such as Timestamp, have other forms.
func hasFields(field protoreflect.FieldDescriptor) bool {
	return field.Message() != nil && !field.IsMap() && !field.IsList() &&
		field.Message().ParentFile().Package() != "google.protobuf"
}

// accepts reports whether protojson accepts a message that has only one field.
func accepts(message protoreflect.Message, name string, value json.RawMessage) bool {
	object, err := json.Marshal(map[string]json.RawMessage{name: value})
	return err == nil && protojson.Unmarshal(object, message.New().Interface()) == nil
}
