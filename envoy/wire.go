package envoy

import (
	"unicode/utf8"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// isCheckRequest reports whether protobuf accepts a message as a CheckRequest.
func isCheckRequest(message []byte) bool {
	return checkRequestShape.accepts(message, protowire.DefaultRecursionLimit)
}

// A shape contains what protobuf checks in a message of one type, by the number of the field.
type shape []fieldShape

type fieldShape struct {
	isText, isMap bool
	message       *shape // of a field that is a message, or an entry of a map
}

var checkRequestShape = newShape(new(authv3.CheckRequest).ProtoReflect().Descriptor(), map[protoreflect.FullName]*shape{})

// newShape returns the shape of a type. known contains the shapes that exist, because types
// can contain themselves.
func newShape(message protoreflect.MessageDescriptor, known map[protoreflect.FullName]*shape) *shape {
	if s, found := known[message.FullName()]; found {
		return s
	}
	s := new(shape)
	known[message.FullName()] = s
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		for len(*s) <= int(field.Number()) {
			*s = append(*s, fieldShape{})
		}
		f := &(*s)[field.Number()]
		f.isText, f.isMap = field.Kind() == protoreflect.StringKind, field.IsMap()
		if field.Kind() == protoreflect.MessageKind {
			f.message = newShape(field.Message(), known)
		}
	}
	return s
}

// accepts reports whether protobuf accepts a message in which at most depth messages may be
// nested. Like protobuf it skips a field that does not have the wire type of its type.
func (s *shape) accepts(message []byte, depth int) bool {
	if depth--; depth < 0 {
		return false
	}
	f := fieldReader{rest: message}
	for f.next() {
		if f.number >= len(*s) {
			continue
		}
		switch expected := &(*s)[f.number]; {
		case expected.isMap && depth == 0:
			return false
		case f.wireType != protowire.BytesType:
		case expected.isText && !utf8.Valid(f.value):
			return false
		case expected.message != nil && !expected.message.accepts(f.value, depth):
			return false
		}
	}
	return !f.invalid
}

// A fieldReader reads the fields of a message one after the other.
type fieldReader struct {
	rest    []byte
	invalid bool // the rest does not begin with a field

	number   int
	wireType protowire.Type
	value    []byte // without the length, if the wire type is bytes
}

// next reads the next field, and reports whether there is one.
func (f *fieldReader) next() bool {
	if len(f.rest) == 0 {
		return false
	}
	number, wireType, n := protowire.ConsumeTag(f.rest)
	if n < 0 || number > protowire.MaxValidNumber {
		f.invalid = true
		return false
	}
	f.number, f.wireType, f.rest = int(number), wireType, f.rest[n:]
	if wireType == protowire.BytesType {
		f.value, n = protowire.ConsumeBytes(f.rest)
	} else if n = protowire.ConsumeFieldValue(number, wireType, f.rest); n >= 0 {
		f.value = f.rest[:n]
	}
	if n < 0 {
		f.invalid = true
		return false
	}
	f.rest = f.rest[n:]
	return true
}

// nextBytes reads the next field that is text, a message or an entry of a map, and reports
// whether there is one.
func (f *fieldReader) nextBytes() bool {
	for f.next() {
		if f.wireType == protowire.BytesType {
			return true
		}
	}
	return false
}

// readBytes sets value to the content of the last field with a number, if the message has
// such a field.
func readBytes(message []byte, number int, value *[]byte) {
	for f := (fieldReader{rest: message}); f.nextBytes(); {
		if f.number == number {
			*value = f.value
		}
	}
}

// entry returns the key and the value of an entry of a map. Either is empty if it is absent.
func entry(message []byte) (key, value []byte) {
	for f := (fieldReader{rest: message}); f.nextBytes(); {
		switch f.number {
		case 1:
			key = f.value
		case 2:
			value = f.value
		}
	}
	return key, value
}
