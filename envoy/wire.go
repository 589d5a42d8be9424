package envoy

import "google.golang.org/protobuf/encoding/protowire"

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
