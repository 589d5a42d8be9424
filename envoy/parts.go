package envoy

import (
	"slices"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// parts are the parts of a CheckRequest that count. If protobuf merges two messages, the
// later text counts, and all items of lists and maps do.
type parts struct {
	fields

	headers     [usualHeaders]headerParts // the first count are in use
	count       int
	moreHeaders []headerParts // if there are more
}

// usualHeaders is more than the number of headers of a usual request. More of them cost an
// allocation.
const usualHeaders = 32

// fields are the parts that are not headers.
type fields struct {
	method, path, host, peer, principal, certificate []byte
	sni, destinationPrincipal                        []byte
	registry, trustedHeader                          []byte
	allHeaders                                       bool

	claims []byte // a Struct

	name, value, raw []byte // of the header or the entry of a map that is being read
}

type headerParts struct {
	name, value []byte
	inMap       bool // not in the list of raw headers
}

// readMessage reads the parts in a message of a shape, in which at most depth messages may be
// nested. It reports whether protobuf accepts the message. Like protobuf it skips a field
// that does not have the wire type of its type.
func (p *parts) readMessage(s shape, message []byte, depth int) bool {
	if depth--; depth < 0 {
		return false
	}
	f := fieldReader{message: message}
	for f.next() {
		if f.number >= len(s) {
			continue
		}
		switch field := &s[f.number]; {
		case field.isMap && depth == 0:
			return false
		case f.wireType != protowire.BytesType:
		case field.isText && !utf8.Valid(f.value()):
			return false
		case field.message != nil && !p.readMessage(*field.message, f.value(), depth):
			return false
		case field.part != noPart:
			p.set(field.part, f.value())
		}
	}
	return !f.invalid
}

// The names of the context_extensions that are read.
const (
	registryExtension = "registry"
	headerExtension   = "header"
	headersExtension  = "headers"
)

// allHeaders is the value of headersExtension if Envoy is configured to send all headers
// that an answer can remove.
const allHeaders = "all"

// jwtAuthn is the namespace of the metadata in which Envoy's jwt_authn filter puts the claims
// of the tokens that it verified. Metadata of other filters and of routes does not count.
const jwtAuthn = "envoy.filters.http.jwt_authn"

// set sets a part to a value. If the part is a message, its own parts are set already.
func (p *parts) set(part part, value []byte) {
	switch part {
	case methodPart:
		p.method = value
	case pathPart:
		p.path = value
	case hostPart:
		p.host = value
	case peerPart:
		p.peer = value
	case noPeerPart:
		p.peer = nil
	case principalPart:
		p.principal = value
	case certificatePart:
		p.certificate = value
	case destinationPrincipalPart:
		p.destinationPrincipal = value
	case sniPart:
		p.sni = value
	case namePart:
		p.name = value
	case valuePart:
		p.value = value
	case rawPart:
		p.raw = value
	case mapHeaderPart:
		p.addHeader(headerParts{p.name, p.value, true})
		p.endEntry()
	case listHeaderPart:
		if len(p.raw) > 0 { // it takes precedence
			p.value = p.raw
		}
		p.addHeader(headerParts{p.name, p.value, false})
		p.endEntry()
	case extensionPart:
		p.setExtension()
		p.endEntry()
	case metadataPart:
		if string(p.name) == jwtAuthn {
			p.claims = mergedField(value, 2)
		}
		p.endEntry()
	case noPart:
	}
}

// endEntry forgets the header or the entry of a map that was read.
func (p *parts) endEntry() { p.name, p.value, p.raw = nil, nil, nil }

func (p *parts) addHeader(h headerParts) {
	if p.count < len(p.headers) {
		p.headers[p.count] = h
		p.count++
		return
	}
	p.moreHeaders = append(p.moreHeaders, h)
}

// setExtension sets the part that an entry of context_extensions is.
func (p *parts) setExtension() {
	switch string(p.name) {
	case registryExtension:
		p.registry = p.value
	case headerExtension:
		p.trustedHeader = p.value
	case headersExtension:
		p.allHeaders = string(p.value) == allHeaders
	}
}

// mergedField returns the content of a field that is a message. If the field is repeated,
// protobuf merges the messages, as if one followed the other.
func mergedField(message []byte, number int) (merged []byte) {
	var copied []byte // all of merged, if it is more than one part of the message
	for f := (fieldReader{message: message}); f.nextBytes(); {
		switch {
		case f.number != number:
		case len(merged) == 0:
			merged = f.value()
		case copied == nil:
			copied = slices.Concat(merged, f.value())
			merged = copied
		default:
			copied = append(copied, f.value()...)
			merged = copied
		}
	}
	return merged
}
