package envoy

import (
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"extauthz/authz"
	"extauthz/mapping"
)

// toRequest takes from a CheckRequest what the answer depends on. Absent parts
// of the message come out empty, which denies.
func toRequest(m *authv3.CheckRequest, now time.Time) *authz.Request {
	attributes := m.GetAttributes()
	http := attributes.GetRequest().GetHttp()
	source := attributes.GetSource()
	r := &authz.Request{
		Method:               http.GetMethod(),
		Path:                 http.GetPath(),
		Host:                 http.GetHost(),
		Peer:                 source.GetAddress().GetSocketAddress().GetAddress(),
		Principal:            source.GetPrincipal(),
		Certificate:          source.GetCertificate(),
		SNI:                  attributes.GetTlsSession().GetSni(),
		DestinationPrincipal: attributes.GetDestination().GetPrincipal(),
		Extensions:           attributes.GetContextExtensions(),
		Time:                 now,
	}
	addHeaders(r, http)
	return r
}

// addHeaders reads both encodings of headers: Envoy fills the map, or the list
// with raw values where encode_raw_headers is set, and never both.
func addHeaders(r *authz.Request, http *authv3.AttributeContext_HttpRequest) {
	for name, value := range http.GetHeaders() {
		addHeader(r, name, value)
	}
	for _, h := range http.GetHeaderMap().GetHeaders() {
		addHeader(r, h.GetKey(), headerValue(h))
	}
}

func headerValue(h *corev3.HeaderValue) string {
	if len(h.GetRawValue()) > 0 {
		return string(h.GetRawValue())
	}
	return h.GetValue()
}

func addHeader(r *authz.Request, name, value string) {
	switch {
	case name == "x-request-id":
		r.ID = value
	case authz.Judges(name):
		r.Headers = append(r.Headers, mapping.Header{Name: name, Value: value})
	}
}
