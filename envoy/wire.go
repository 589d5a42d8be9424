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
	f := fieldReader{message: message}
	for f.next() {
		if f.number >= len(*s) {
			continue
		}
		switch expected := &(*s)[f.number]; {
		case expected.isMap && depth == 0:
			return false
		case f.wireType != protowire.BytesType:
		case expected.isText && !utf8.Valid(f.value()):
			return false
		case expected.message != nil && !expected.message.accepts(f.value(), depth):
			return false
		}
	}
	return !f.invalid
}

// A fieldReader reads the fields of a message one after the other. It stores offsets and
// not slices, because the garbage collector has to be notified of a stored slice.
type fieldReader struct {
	message []byte
	at      int  // where the next field begins
	invalid bool // the rest does not begin with a field

	number     int
	wireType   protowire.Type
	start, end int // of the value
}

// next reads the next field, and reports whether there is one. Most fields are text or
// messages of fewer than 128 bytes, whose tag and length have a byte each.
func (f *fieldReader) next() bool {
	rest := f.message[f.at:]
	if len(rest) >= 2 && rest[0] < 0x80 && rest[0]>>3 > 0 && rest[0]&7 == byte(protowire.BytesType) &&
		rest[1] < 0x80 && int(rest[1]) <= len(rest)-2 && !f.invalid {
		f.number, f.wireType = int(rest[0]>>3), protowire.BytesType
		f.start = f.at + 2
		f.end = f.start + int(rest[1])
		f.at = f.end
		return true
	}
	return len(rest) > 0 && !f.invalid && f.nextOfAnySize(rest)
}

// nextOfAnySize is next for every field. rest is the part of the message that begins with it.
func (f *fieldReader) nextOfAnySize(rest []byte) bool {
	number, wireType, n := protowire.ConsumeTag(rest)
	if n < 0 || number > protowire.MaxValidNumber {
		f.invalid = true
		return false
	}
	f.number, f.wireType, f.start = int(number), wireType, f.at+n
	if wireType == protowire.BytesType {
		length, n := protowire.ConsumeVarint(f.message[f.start:])
		if f.start += n; n < 0 || length > uint64(len(f.message)-f.start) {
			f.invalid = true
			return false
		}
		f.end = f.start + int(length)
	} else {
		n := protowire.ConsumeFieldValue(number, wireType, f.message[f.start:])
		if f.end = f.start + n; n < 0 {
			f.invalid = true
			return false
		}
	}
	f.at = f.end
	return true
}

// value returns the value of the field: without the length, if the wire type is bytes.
func (f *fieldReader) value() []byte { return f.message[f.start:f.end] }

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
	for f := (fieldReader{message: message}); f.nextBytes(); {
		if f.number == number {
			*value = f.value()
		}
	}
}

// entry returns the key and the value of an entry of a map. Either is empty if it is absent.
func entry(message []byte) (key, value []byte) {
	for f := (fieldReader{message: message}); f.nextBytes(); {
		switch f.number {
		case 1:
			key = f.value()
		case 2:
			value = f.value()
		}
	}
	return key, value
}
