package router

import (
	"fmt"
	"slices"
	"strings"

	"extauthz/mapping"
)

// Framing is how a request delimits its body.
type Framing uint8

// The framings. Envoy resolves them before the check and never forwards two lengths.
const (
	WithoutBody Framing = iota // neither header; the body is not sent
	WithLength                 // Content-Length
	Chunked                    // Transfer-Encoding: chunked
	Unannounced                // a body over HTTP/2 without a length, forwarded in chunks
	framings
)

// Request is a request as a client sends it. All of it may be arbitrary bytes.
type Request struct {
	Method, Target string
	Header         []mapping.Header // names as the client writes them
	Framing        Framing
	Body           string
}

// mapped is the request as Envoy describes it: names in lower case, no space around
// values, without Host.
func (r *Request) mapped() *mapping.HTTPRequest {
	j := &mapping.HTTPRequest{Method: r.Method, Path: r.Target}
	for _, h := range r.headers() {
		j.Headers = append(j.Headers, mapping.Header{Name: strings.ToLower(h.Name), Value: strings.Trim(h.Value, " \t")})
	}
	switch r.Framing {
	case WithLength:
		j.Headers = append(j.Headers, mapping.Header{Name: "content-length", Value: fmt.Sprint(len(r.Body))})
	case Chunked:
		j.Headers = append(j.Headers, mapping.Header{Name: "transfer-encoding", Value: "chunked"})
	}
	return j
}

// wire returns the request as Envoy forwards it, with another target.
func (r *Request) wire(target string) string {
	var b strings.Builder
	b.WriteString(r.Method + " " + target + " HTTP/1.1\r\nHost: registry\r\n")
	for _, h := range r.headers() {
		b.WriteString(h.Name + ": " + h.Value + "\r\n")
	}
	switch r.Framing {
	case WithLength:
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(r.Body), r.Body)
	case Chunked, Unannounced:
		b.WriteString("Transfer-Encoding: chunked\r\n\r\n")
		if r.Body != "" {
			fmt.Fprintf(&b, "%x\r\n%s\r\n", len(r.Body), r.Body)
		}
		b.WriteString("0\r\n\r\n")
	default:
		b.WriteString("\r\n")
	}
	return b.String()
}

// headers returns the headers that pass an HTTP codec and do not delimit the body.
func (r *Request) headers() []mapping.Header {
	return slices.DeleteFunc(slices.Clone(r.Header), func(h mapping.Header) bool {
		framing := slices.Contains([]string{"host", "content-length", "transfer-encoding", "connection"}, strings.ToLower(h.Name))
		return framing || strings.ContainsAny(h.Value, "\r\n\x00") || h.Name == "" || strings.ContainsFunc(h.Name, notToken)
	})
}

// notToken reports whether a header's name may not contain a character; RFC 9110,
// section 5.6.2.
func notToken(c rune) bool {
	return c <= ' ' || c >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, c)
}

// String returns Go code for the request.
func (r *Request) String() string {
	return fmt.Sprintf("Request{Method: %q, Target: %q, Header: %q, Framing: %d, Body: %q}", r.Method, r.Target, r.Header, r.Framing, r.Body)
}
