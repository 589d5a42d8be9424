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
		Metadata:             claims(attributes.GetMetadataContext()),
		Extensions:           attributes.GetContextExtensions(),
		Time:                 now,
	}
	addHeaders(r, http)
	return r
}

// jwtAuthn is the namespace in which Envoy's jwt_authn filter leaves the claims of
// tokens that it verified. No other filter's word is taken, and none of the route's.
const jwtAuthn = "envoy.filters.http.jwt_authn"

// claims are what jwt_authn left, by the payload_in_metadata of its providers;
// nil where that is nothing.
func claims(metadata *corev3.Metadata) map[string]any {
	left := metadata.GetFilterMetadata()[jwtAuthn]
	if len(left.GetFields()) == 0 {
		return nil
	}
	return left.AsMap()
}

// addHeaders reads both encodings of headers: Envoy fills the map, or the list
// with raw values where encode_raw_headers is set, and never both. All are passed
// on: which count, the policy directory says.
func addHeaders(r *authz.Request, http *authv3.AttributeContext_HttpRequest) {
	raw := http.GetHeaderMap().GetHeaders()
	if n := len(http.GetHeaders()) + len(raw); n > 0 {
		r.Headers = make([]mapping.Header, 0, n)
	}
	for name, value := range http.GetHeaders() {
		addHeader(r, name, value)
	}
	for _, h := range raw {
		addHeader(r, h.GetKey(), headerValue(h))
	}
}

func headerValue(h *corev3.HeaderValue) string {
	if len(h.GetRawValue()) > 0 {
		return string(h.GetRawValue())
	}
	return h.GetValue()
}

// addHeader leaves out what is no header: Envoy's map has the request line in it,
// under names with a leading colon.
func addHeader(r *authz.Request, name, value string) {
	switch {
	case name == "" || name[0] == ':':
		return
	case name == "x-request-id":
		r.ID = value
	}
	r.Headers = append(r.Headers, mapping.Header{Name: name, Value: value})
}
