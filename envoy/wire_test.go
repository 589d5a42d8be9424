package envoy

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// compareWithReference checks that readCheck accepts a message if protobuf does, and that
// the request has all values of the generated type. It reports whether the message is
// accepted.
func compareWithReference(t *testing.T, message []byte) bool {
	t.Helper()
	now := time.Unix(1_800_000_000, 0)
	m := new(authv3.CheckRequest)
	err := proto.Unmarshal(message, m)
	got, valid := readCheck(bytes.Clone(message), now)
	if valid != (err == nil) {
		t.Fatalf("%x: readCheck accepts it: %t; protobuf: %v", message, valid, err)
	}
	if !valid {
		return false
	}
	want := toRequest(m, now)
	if len(want.Headers) == 0 {
		want.Headers = nil
	}
	if len(got.Headers) == 0 {
		got.Headers = nil
	}
	if len(got.Certificate) == 0 && len(want.Certificate) == 0 {
		got.Certificate = want.Certificate
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%x\ngot  %+v\nwant %+v", message, got, want)
	}
	return true
}

// A wireWriter writes random messages. Some fields have a wire type or a number that is not
// one of the type. Messages of a writer with faults are usually not valid.
type wireWriter struct {
	*rand.Rand
	faults bool
	left   int // how many fields it may write
}

// message returns a message of a type.
func (w *wireWriter) message(message protoreflect.MessageDescriptor, depth int) (b []byte) {
	for range 1 + w.IntN(5) {
		if w.left--; w.left < 0 {
			break
		}
		field := w.pick(message.Fields())
		switch w.IntN(40) {
		case 0:
			b = w.anyField(b, protowire.Number(field.Number()), depth)
		case 1:
			b = w.anyField(b, protowire.Number(1+w.IntN(40)), depth)
		default:
			b = w.field(b, field, depth)
		}
	}
	if w.faults && w.IntN(20) == 0 && len(b) > 0 { // cut it, or change a byte
		if at := w.IntN(len(b)); w.IntN(2) == 0 {
			return b[:at]
		} else {
			b[at] = byte(w.Uint32())
		}
	}
	return b
}

// pick returns a field, more often one that counts.
func (w *wireWriter) pick(fields protoreflect.FieldDescriptors) protoreflect.FieldDescriptor {
	field := fields.Get(w.IntN(fields.Len()))
	for range 3 {
		switch field.Name() {
		case "source", "destination", "tls_session", "address", "socket_address", "request", "http", "headers", "header_map", "metadata_context", "filter_metadata",
			"fields", "key", "value", "raw_value", "struct_value", "list_value", "context_extensions":
			return field
		}
		field = fields.Get(w.IntN(fields.Len()))
	}
	return field
}

// field appends a field with the wire type of its type.
func (w *wireWriter) field(b []byte, field protoreflect.FieldDescriptor, depth int) []byte {
	number := protowire.Number(field.Number())
	switch field.Kind() {
	case protoreflect.StringKind, protoreflect.BytesKind:
		return protowire.AppendString(protowire.AppendTag(b, number, protowire.BytesType), w.text())
	case protoreflect.MessageKind:
		if depth == 0 {
			return b
		}
		return protowire.AppendBytes(protowire.AppendTag(b, number, protowire.BytesType), w.message(field.Message(), depth-1))
	case protoreflect.DoubleKind:
		numbers := []float64{0, 1.5, -2, math.NaN(), math.Inf(1), math.Inf(-1), 1 << 60}
		return protowire.AppendFixed64(protowire.AppendTag(b, number, protowire.Fixed64Type), math.Float64bits(numbers[w.IntN(len(numbers))]))
	default:
		return protowire.AppendVarint(protowire.AppendTag(b, number, protowire.VarintType), w.Uint64()>>w.IntN(64))
	}
}

// anyField appends a field with any wire type, sometimes in an unusual encoding.
func (w *wireWriter) anyField(b []byte, number protowire.Number, depth int) []byte {
	wireType := protowire.Type(w.IntN(8))
	if !w.faults {
		wireType = [...]protowire.Type{protowire.VarintType, protowire.Fixed32Type, protowire.Fixed64Type, protowire.BytesType}[w.IntN(4)]
	}
	if wireType == protowire.BytesType && w.IntN(2) == 0 { // a tag that is longer than necessary
		return protowire.AppendString(append(b, byte(number<<3)|byte(wireType)|0x80, byte(number>>4)|0x80, 0), w.text())
	}
	b = protowire.AppendTag(b, number, wireType)
	switch wireType {
	case protowire.VarintType:
		return protowire.AppendVarint(b, w.Uint64())
	case protowire.Fixed32Type:
		return protowire.AppendFixed32(b, w.Uint32())
	case protowire.Fixed64Type:
		return protowire.AppendFixed64(b, w.Uint64())
	case protowire.StartGroupType:
		for range w.IntN(3) * depth {
			b = w.anyField(b, protowire.Number(1+w.IntN(9)), depth-1)
		}
		return protowire.AppendTag(b, number+protowire.Number(w.IntN(20)/19), protowire.EndGroupType)
	default:
		return protowire.AppendString(b, w.text())
	}
}

// text returns a text that counts somewhere, a rare one that is not UTF-8, or another one.
func (w *wireWriter) text() string {
	texts := []string{
		"", "a", "GET", "authorization", "x-request-id", "x-request-id", ":path", registryExtension, headerExtension, headersExtension, allHeaders,
		jwtAuthn, jwtAuthn, "é", strings.Repeat("long ", 60),
	}
	if w.faults && w.IntN(20) == 0 {
		return "\xff"
	}
	return texts[w.IntN(len(texts))]
}

// randomCheck returns a random CheckRequest.
func randomCheck(seed uint64) []byte {
	w := wireWriter{Rand: rand.New(rand.NewPCG(seed, 0)), faults: seed%3 == 0, left: 60}
	return w.message(new(authv3.CheckRequest).ProtoReflect().Descriptor(), 12)
}

// TestReadCheckIsTheGeneratedType compares readCheck with the generated type for random
// messages.
func TestReadCheckIsTheGeneratedType(t *testing.T) {
	accepted, refused, contents := 0, 0, map[string]int{}
	for seed := range uint64(20_000) {
		message := randomCheck(seed)
		if !compareWithReference(t, message) {
			refused++
			continue
		}
		accepted++
		r, _ := readCheck(message, time.Time{})
		fields := reflect.ValueOf(*r)
		for i := range fields.NumField() {
			if !fields.Field(i).IsZero() {
				contents[fields.Type().Field(i).Name]++
			}
		}
	}
	if accepted < 10_000 || refused < 1_000 {
		t.Errorf("%d messages are accepted and %d refused, which are too few", accepted, refused)
	}
	for _, name := range []string{"HTTPRequest", "ID", "Host", "Peer", "Principal", "Certificate", "SNI", "DestinationPrincipal", "Metadata", "Extensions"} {
		if contents[name] < 100 {
			t.Errorf("%d messages have %s, which are too few", contents[name], name)
		}
	}
}

// TestReadCheckLimits compares readCheck with the generated type for messages that random
// ones do not contain.
func TestReadCheckLimits(t *testing.T) {
	bytesField := func(number protowire.Number, content []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), content)
	}
	claims := func(value []byte) []byte { // metadata_context with a Value
		entry := append(bytesField(1, []byte("a")), bytesField(2, value)...)
		namespace := append(bytesField(1, []byte(jwtAuthn)), bytesField(2, bytesField(1, entry))...)
		return bytesField(1, bytesField(11, bytesField(1, namespace)))
	}
	lists := func(depth int, innermost []byte) []byte { // lists in lists
		for range depth {
			innermost = bytesField(6, bytesField(1, innermost))
		}
		return innermost
	}
	groups := func(depth int) (b []byte) {
		for range depth {
			b = protowire.AppendTag(b, 90, protowire.StartGroupType)
		}
		for range depth {
			b = protowire.AppendTag(b, 90, protowire.EndGroupType)
		}
		return b
	}
	type limit struct {
		name     string
		message  []byte
		accepted bool
	}
	cases := []limit{
		{"nothing", nil, true},
		{"groups at the limit", groups(10_001), true},
		{"groups beyond the limit", groups(10_002), false},
		{"the number 0", []byte{2, 0}, false},
		{"the largest number", protowire.AppendVarint(protowire.AppendTag(nil, protowire.MaxValidNumber, protowire.VarintType), 1), true},
		{"a number that is too large", append(protowire.AppendVarint(nil, (1<<29)<<3), 1), false},
		{"a number that is too large in a group", append(append([]byte{0x0b}, protowire.AppendVarint(nil, (1<<29)<<3)...), 1, 0x0c), true},
		{"a tag of more than 64 bits", bytes.Repeat([]byte{0xff}, 12), false},
		{"the end of a group", protowire.AppendTag(nil, 1, protowire.EndGroupType), false},
		{"a reserved wire type", protowire.AppendTag(nil, 1, 7), false},
		{"a length beyond the message", []byte{0x0a, 5, 1}, false},
	}
	// CheckRequest, AttributeContext, Metadata, an entry, Struct, an entry, Value: 7.
	for nested := 10_000 - 7 - 3; nested <= 10_000-7+3; nested++ {
		if nested%2 == 0 {
			cases = append(cases, limit{"lists", claims(lists(nested/2, nil)), nested <= 10_000-7})
		} else { // a list in the innermost Value
			cases = append(cases, limit{"lists", claims(lists(nested/2, bytesField(6, nil))), nested <= 10_000-7})
		}
	}
	for nested := 9_990 - 9_990%2; nested <= 10_000; nested += 2 { // a map with another wire type at the limit
		value := lists(nested/2, bytesField(5, []byte{1<<3 | byte(protowire.VarintType), 1}))
		compareWithReference(t, claims(value))
	}
	for _, c := range cases {
		if got := compareWithReference(t, c.message); got != c.accepted {
			t.Errorf("%s: accepted: %t, want %t", c.name, got, c.accepted)
		}
	}
}

// TestReadCheckCopies checks that a request, except its certificate, does not change with the
// memory of its message.
func TestReadCheckCopies(t *testing.T) {
	for seed := range uint64(2_000) {
		message := randomCheck(seed)
		want, valid := readCheck(bytes.Clone(message), time.Time{})
		if !valid {
			continue
		}
		got, _ := readCheck(message, time.Time{})
		got.Certificate = bytes.Clone(got.Certificate)
		for i := range message {
			message[i] = '#'
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: the request changed to %+v", seed, got)
		}
	}
}

// TestCheckReaderIsReused checks that a reader whose memory was used for other checks reads
// the same as a new one, and that nothing of a check remains in it.
func TestCheckReaderIsReused(t *testing.T) {
	many := checkRequest(true)
	for i := range 2 * usualHeaders {
		many.Attributes.Request.Http.HeaderMap.Headers = append(many.Attributes.Request.Http.HeaderMap.Headers, &corev3.HeaderValue{Key: fmt.Sprint("x-", i), Value: "secret"})
	}
	messages := [][]byte{mustMarshal(t, many), mustMarshal(t, pull(t)), mustMarshal(t, pullWithPassword(t)), nil}
	for seed := range uint64(5_000) {
		messages = append(messages, randomCheck(seed))
	}
	var reader checkReader
	for i, message := range messages {
		want, valid := readCheck(message, time.Unix(int64(i), 0))
		got, again := reader.read(message, time.Unix(int64(i), 0))
		if valid != again || valid && !reflect.DeepEqual(got, want) {
			t.Fatalf("message %d, accepted %t\ngot  %+v\nwant %+v", i, again, got, want)
		}
		if reader.clear(); !reflect.DeepEqual(reader, checkReader{}) {
			t.Fatalf("message %d: %+v remains", i, reader)
		}
	}
}

// FuzzReadCheck compares readCheck with the generated type.
func FuzzReadCheck(f *testing.F) {
	f.Add(mustMarshal(f, checkRequest(true)))
	f.Add(mustMarshal(f, checkRequest(false)))
	for seed := range uint64(200) {
		f.Add(randomCheck(seed))
	}
	f.Fuzz(func(t *testing.T, message []byte) { compareWithReference(t, message) })
}
