package envoy

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"extauthz/authz"
	"extauthz/mapping"
)

// readCheck returns the request of a CheckRequest that arrived at the time now, as
// [checkReader.read] does.
func readCheck(message []byte, now time.Time) (r *authz.CheckRequest, valid bool) {
	return new(checkReader).read(message, now)
}

// A checkReader reads checks, one after the other, and uses the memory of a request again
// for the next one. Its zero value is ready for use.
type checkReader struct {
	parts
	check authz.CheckRequest
	list  [usualHeaders]mapping.Header
}

// read returns the request of a CheckRequest in protobuf's wire format that arrived at the
// time now. It reports whether protobuf accepts the message. The request is valid until
// clear is called, and its certificate is a part of the message. All text is copied, as far
// as the answer depends on it, because gRPC reuses the memory of the message and a result
// refers to the text. Absent parts are empty, which denies.
func (c *checkReader) read(message []byte, now time.Time) (r *authz.CheckRequest, valid bool) {
	if !isCheckRequest(message) {
		return nil, false
	}
	for f := (fieldReader{message: message}); f.nextBytes(); {
		if f.number == 1 { // attributes
			c.readAttributes(f.value())
		}
	}
	c.setRequest(now)
	return &c.check, true
}

// clear removes the request, so that nothing of it is part of the next one.
func (c *checkReader) clear() {
	clear(c.headers[:c.count])
	clear(c.list[:min(len(c.check.Headers), len(c.list))])
	c.check, c.fields, c.count, c.moreHeaders = authz.CheckRequest{}, fields{}, 0, nil
}

// usualHeaders is more than the number of headers of a usual request. More of them cost an
// allocation.
const usualHeaders = 32

// parts are the parts of a CheckRequest that count. If protobuf merges two messages, the
// later text counts, and all items of lists and maps do.
type parts struct {
	fields

	headers     [usualHeaders]headerParts // the first count are in use
	count       int
	moreHeaders []headerParts // if there are more
}

// fields are the parts that are not headers.
type fields struct {
	method, path, host, peer, principal, certificate []byte
	sni, destinationPrincipal                        []byte
	registry, trustedHeader                          []byte
	allHeaders                                       bool

	claims []byte // a Struct
}

type headerParts struct {
	name, value []byte
	inMap       bool // not in the list of raw headers
}

func (p *parts) readAttributes(message []byte) {
	for f := (fieldReader{message: message}); f.nextBytes(); {
		switch f.number {
		case 1: // source
			p.readSource(f.value())
		case 2: // destination
			readBytes(f.value(), 4, &p.destinationPrincipal)
		case 4: // request
			for request := (fieldReader{message: f.value()}); request.nextBytes(); {
				if request.number == 2 {
					p.readHTTP(request.value())
				}
			}
		case 10: // context_extensions
			p.readExtension(f.value())
		case 11: // metadata_context
			p.readMetadata(f.value())
		case 12: // tls_session
			readBytes(f.value(), 1, &p.sni)
		}
	}
}

func (p *parts) readSource(message []byte) {
	for f := (fieldReader{message: message}); f.nextBytes(); {
		switch f.number {
		case 1: // address
			p.readAddress(f.value())
		case 4:
			p.principal = f.value()
		case 5:
			p.certificate = f.value()
		}
	}
}

// readAddress reads an Address. The last of its alternatives counts.
func (p *parts) readAddress(message []byte) {
	for f := (fieldReader{message: message}); f.nextBytes(); {
		switch f.number {
		case 1: // socket_address
			readBytes(f.value(), 2, &p.peer)
		case 2, 3: // pipe, envoy_internal_address
			p.peer = nil
		}
	}
}

func (p *parts) readHTTP(message []byte) {
	for f := (fieldReader{message: message}); f.nextBytes(); {
		switch f.number {
		case 2:
			p.method = f.value()
		case 3: // headers, a map
			name, value := entry(f.value())
			p.addHeader(headerParts{name, value, true})
		case 4:
			p.path = f.value()
		case 5:
			p.host = f.value()
		case 13: // header_map
			for list := (fieldReader{message: f.value()}); list.nextBytes(); {
				if list.number == 1 {
					p.addHeader(readHeader(list.value()))
				}
			}
		}
	}
}

func (p *parts) addHeader(h headerParts) {
	if p.count < len(p.headers) {
		p.headers[p.count] = h
		p.count++
		return
	}
	p.moreHeaders = append(p.moreHeaders, h)
}

// readHeader reads a HeaderValue. A raw value takes precedence.
func readHeader(message []byte) (h headerParts) {
	var raw []byte
	for f := (fieldReader{message: message}); f.nextBytes(); {
		switch f.number {
		case 1:
			h.name = f.value()
		case 2:
			h.value = f.value()
		case 3:
			raw = f.value()
		}
	}
	if len(raw) > 0 {
		h.value = raw
	}
	return h
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

func (p *parts) readExtension(message []byte) {
	switch name, value := entry(message); string(name) {
	case registryExtension:
		p.registry = value
	case headerExtension:
		p.trustedHeader = value
	case headersExtension:
		p.allHeaders = string(value) == allHeaders
	}
}

// jwtAuthn is the namespace of the metadata in which Envoy's jwt_authn filter puts the claims
// of the tokens that it verified. Metadata of other filters and of routes does not count.
const jwtAuthn = "envoy.filters.http.jwt_authn"

// readMetadata reads the metadata of jwt_authn.
func (p *parts) readMetadata(message []byte) {
	for f := (fieldReader{message: message}); f.nextBytes(); {
		if f.number != 1 { // filter_metadata
			continue
		}
		if namespace, _ := entry(f.value()); string(namespace) != jwtAuthn {
			continue
		}
		p.claims = mergedField(f.value(), 2)
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

// setRequest sets the request, with copies of the parts. The copies of headers, which contain
// credentials, are separate from those of the text that a log may retain.
func (c *checkReader) setRequest(now time.Time) {
	p, r := &c.parts, &c.check
	headers := p.headers[:p.count]
	if len(p.moreHeaders) > 0 {
		headers = append(headers, p.moreHeaders...)
	}
	headers = keepHeaders(headers)
	r.Certificate, r.Time, r.Extensions.AllHeaders = p.certificate, now, p.allHeaders
	copyTexts([]text{
		{p.method, &r.Method}, {p.path, &r.Path}, {p.host, &r.Host}, {p.peer, &r.Peer}, {p.principal, &r.Principal},
		{p.sni, &r.SNI}, {p.destinationPrincipal, &r.DestinationPrincipal},
		{p.registry, &r.Extensions.Registry}, {p.trustedHeader, &r.Extensions.TrustedHeader},
	})
	r.Headers = copyHeaders(c.list[:0], headers)
	for i := range r.Headers {
		if r.Headers[i].Name == "x-request-id" {
			r.ID = r.Headers[i].Value
		}
	}
	if len(p.claims) > 0 {
		r.Metadata = readStruct(p.claims)
	}
}

// keepHeaders returns the headers that count, in the order of the generated type: those of
// the map, and then those of the list. An entry of a map replaces an earlier one with its
// name. Names that begin with a colon are parts of the request line.
func keepHeaders(headers []headerParts) []headerParts {
	if slices.ContainsFunc(headers, func(h headerParts) bool { return h.inMap }) {
		sortHeaders(headers)
	}
	kept := headers[:0]
	for i, h := range headers {
		isReplaced := h.inMap && i+1 < len(headers) && headers[i+1].inMap && bytes.Equal(h.name, headers[i+1].name)
		if !isReplaced && len(h.name) > 0 && h.name[0] != ':' {
			kept = append(kept, h)
		}
	}
	return kept
}

// sortHeaders sorts the headers of the map by name and puts them before those of the list.
func sortHeaders(headers []headerParts) {
	slices.SortStableFunc(headers, func(a, b headerParts) int {
		switch {
		case a.inMap && b.inMap:
			return bytes.Compare(a.name, b.name)
		case a.inMap:
			return -1
		case b.inMap:
			return 1
		}
		return 0
	})
}

// copyHeaders appends copies of headers to an empty list. Their text is parts of one string.
func copyHeaders(list []mapping.Header, parts []headerParts) []mapping.Header {
	if len(parts) == 0 {
		return nil
	}
	size := 0
	for i := range parts {
		size += len(parts[i].name) + len(parts[i].value)
	}
	var copies strings.Builder
	copies.Grow(size)
	for i := range parts {
		copies.Write(parts[i].name)
		copies.Write(parts[i].value)
	}
	rest, headers := copies.String(), slices.Grow(list, len(parts))[:len(parts)]
	for i := range parts {
		h := &headers[i]
		h.Name, rest = rest[:len(parts[i].name)], rest[len(parts[i].name):]
		h.Value, rest = rest[:len(parts[i].value)], rest[len(parts[i].value):]
	}
	return headers
}

// A text is a part of a message and where its copy belongs.
type text struct {
	from []byte
	to   *string
}

// copyTexts copies texts. The copies are parts of one string.
func copyTexts(texts []text) {
	size := 0
	for _, t := range texts {
		size += len(t.from)
	}
	var copies strings.Builder
	copies.Grow(size)
	for _, t := range texts {
		copies.Write(t.from)
	}
	rest := copies.String()
	for _, t := range texts {
		*t.to, rest = rest[:len(t.from)], rest[len(t.from):]
	}
}
