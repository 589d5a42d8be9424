package e2e

import (
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/http2/hpack"

	"extauthz/mapping"
	"extauthz/tests/stack"
)

// hostileBytes go into each place of a request over HTTP/2. Its fields can contain bytes that
// HTTP/1.1 cannot, and Envoy's CheckRequest can only contain UTF-8.
var hostileBytes = []string{
	"\x00", "\x01", "\t", "\n", "\r", "\r\n", " ", "\x7f", "\x80", "\xff", "\xc0\xaf", "\xed\xa0\x80", "\xc2\x80", "é", "\u0130", "!", "a\x80b", "#", ";", "\\",
}

// A place is where hostile bytes go: {b} in a method, a path, or one more field. Where bytes
// have no meaning, everything that Envoy accepts may pass.
type place struct {
	name, method, path string
	field              [2]string
	meaningless        bool
}

// The places. {blob} is the digest of a layer that every caller may mount.
var places = []place{
	{name: "method", method: "GET{b}", path: "/v2/public/app/tags/list"},
	{name: "prefix", method: "GET", path: "/v2{b}/public/app/tags/list"},
	{name: "name", method: "GET", path: "/v2/public/app{b}/tags/list"},
	{name: "keyword", method: "GET", path: "/v2/public/app/tags{b}/list"},
	{name: "reference", method: "GET", path: "/v2/public/app/manifests/v1{b}"},
	{name: "upload", method: "PATCH", path: "/v2/public/app/blobs/uploads/0f0f{b}"},
	{name: "value", method: "GET", path: "/v2/public/app/tags/list?last=v{b}"},
	{name: "parameter", method: "GET", path: "/v2/public/app/tags/list?last{b}=v"},
	{name: "tag", method: "PUT", path: "/v2/public/app/manifests/v1?tag=v2{b}"},
	{name: "mount", method: "POST", path: "/v2/att/x/blobs/uploads/?mount={blob}{b}&from=public/app"},
	{name: "from", method: "POST", path: "/v2/att/x/blobs/uploads/?mount={blob}&from=public/app{b}"},
	{name: "between", method: "POST", path: "/v2/att/x/blobs/uploads/?mount={blob}{b}&{b}from=public/app"},
	{name: "content type", method: "POST", path: "/v2/att/x/blobs/uploads/", field: [2]string{"content-type", "application/octet-stream{b}"}},
	{name: "form", method: "POST", path: "/v2/att/x/blobs/uploads/", field: [2]string{"content-type", "text/{b}plain"}},
	{name: "type of a manifest", method: "PUT", path: "/v2/public/app/manifests/v1", field: [2]string{"content-type", "application/{b}json"}},
	{name: "name of a header", method: "GET", path: "/v2/public/app/tags/list", field: [2]string{"x-original{b}-file", "/v2/secret/app/tags/list"}, meaningless: true},
	{name: "a header that means nothing", method: "GET", path: "/v2/public/app/tags/list", field: [2]string{"x-harmless", "a{b}b"}, meaningless: true},
	{name: "referer", method: "GET", path: "/v2/public/app/tags/list", field: [2]string{"referer", "a{b}b"}, meaningless: true},
}

// request returns alice's request with the bytes in their place.
func (p *place) request(t *testing.T, sys *system, hostile string) *http2Request {
	t.Helper()
	fill := strings.NewReplacer("{b}", hostile, "{blob}", layer(t, sys.team))
	_, credential, _ := strings.Cut(authorization, ": ")
	r := &http2Request{fields: []hpack.HeaderField{
		field(":method", fill.Replace(p.method)), field(":scheme", "http"), field(":authority", "localhost"),
		field(":path", fill.Replace(p.path)), field("authorization", credential),
	}}
	if p.field[0] != "" {
		r.fields = append(r.fields, field(fill.Replace(p.field[0]), fill.Replace(p.field[1])))
	}
	return r
}

// http2ThroughSafe, http2ThroughLax and http2ThroughText send hostile bytes through one of
// three Envoys; the last sends headers as text in its checks.
func http2ThroughSafe(t *testing.T, _ *system) { sendHostileBytes(t, safe(t), false) }
func http2ThroughLax(t *testing.T, _ *system)  { sendHostileBytes(t, lax(t), true) }
func http2ThroughText(t *testing.T, _ *system) { sendHostileBytes(t, laxText(t), true) }

// sendHostileBytes sends every hostile piece in every place through Envoy to a tap. The
// mapping must interpret the bytes that arrive as the decision did. Through an Envoy that
// does not normalize, they are the bytes that were sent.
func sendHostileBytes(t *testing.T, spec setup, asSent bool) {
	upstream := newTap(t)
	spec.Upstream = upstream.Addr().String()
	sys := hostileSystem(t, spec)
	upstream.taken() // discard the probe of its start
	for _, p := range places {
		if status, err := exchangeHTTP2(sys.Address(stack.Envoy), p.request(t, sys, "")); err != nil || status != "200" {
			t.Errorf("%s without hostile bytes: status %q (%v)", p.name, status, err)
		}
	}
	if n := len(upstream.taken()); n != len(places) {
		t.Errorf("%d requests arrived without hostile bytes, want %d", n, len(places))
	}
	sent := sys.sendAllHTTP2(t)
	meaningless := 0
	for _, head := range upstream.taken() {
		s := sent[valueOf(head, "x-number")]
		sys.arrivedAsChecked(t, s.place.name, head)
		if target := s.fields[3].Value; asSent && targetOf(head) != target {
			t.Errorf("%s: %q arrived as %q", s.place.name, target, targetOf(head))
		}
		if s.place.meaningless {
			meaningless++
		} else if strings.ContainsFunc(head, func(c rune) bool { return c >= 0x80 || c == '!' }) {
			t.Errorf("%s: hostile bytes were forwarded in %q", s.place.name, head)
		}
	}
	if meaningless < 10 {
		t.Errorf("%d hostile bytes arrived where they mean nothing, want at least 10, or nothing is shown", meaningless)
	}
}

// numbered is a request with a number in a header that identifies it.
type numbered struct {
	*http2Request
	place *place
}

// sendAllHTTP2 sends every hostile piece in every place, many at once, because Envoy keeps a
// connection for a second after an invalid request.
func (sys *system) sendAllHTTP2(t *testing.T) map[string]numbered {
	t.Helper()
	sent := map[string]numbered{}
	var all sync.WaitGroup
	free := make(chan struct{}, 32)
	for i := range places {
		for _, hostile := range hostileBytes {
			r := places[i].request(t, sys, hostile)
			number := strconv.Itoa(len(sent))
			r.fields = append(r.fields, field("x-number", number))
			sent[number] = numbered{r, &places[i]}
			free <- struct{}{}
			all.Go(func() {
				defer func() { <-free }()
				if _, err := exchangeHTTP2(sys.Address(stack.Envoy), r); err != nil {
					t.Errorf("%q: %v", r.fields, err)
				}
			})
		}
	}
	all.Wait()
	return sent
}

// targetOf returns the target of the head's request line.
func targetOf(head string) string {
	line, _, _ := strings.Cut(head, "\r\n")
	_, target, _ := strings.Cut(line, " ")
	return strings.TrimSuffix(target, " HTTP/1.1")
}

// arrivedAsChecked checks that the mapping interprets the bytes that arrived as the decision
// log does.
func (sys *system) arrivedAsChecked(t *testing.T, name, head string) {
	t.Helper()
	method, _, _ := strings.Cut(head, " ")
	g := mapping.Settings{Partition: "aws", Region: "eu-central-1", Account: "123456789012"}
	m, refusal := g.Map(&mapping.HTTPRequest{Method: method, Path: targetOf(head), Headers: headersOf(t, head)})
	decision := sys.decisionOf(t, head)
	if refusal != nil || decision.Decision != "allowed" || m.Repository != decision.Repository || method != decision.Method {
		t.Errorf("%s: arrived as %q (%v), and was decided as %+v", name, head, refusal, decision)
	}
}

// valueOf returns the value of a header in a head, "" if it is missing.
func valueOf(head, name string) string {
	_, value, _ := strings.Cut(head, "\r\n"+name+": ")
	value, _, _ = strings.Cut(value, "\r\n")
	return value
}

// headersOf returns the headers of a head, in lower case.
func headersOf(t *testing.T, head string) (headers []mapping.Header) {
	t.Helper()
	for i, line := range strings.Split(strings.TrimSuffix(head, "\r\n\r\n"), "\r\n") {
		name, value, found := strings.Cut(line, ": ")
		switch {
		case i == 0: // the request line
		case found:
			headers = append(headers, mapping.Header{Name: strings.ToLower(name), Value: value})
		default:
			t.Errorf("head %q has line %q", head, line)
		}
	}
	return headers
}
