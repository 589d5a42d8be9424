package envoy

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

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
	if !c.readMessage(checkRequestShape, message, protowire.DefaultRecursionLimit) {
		return nil, false
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
