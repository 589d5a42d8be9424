package envoy

import (
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"extauthz/authz"
	"extauthz/mapping"
)

// toRequest returns the parts of a CheckRequest that the answer depends on. Absent parts are
// empty, which denies.
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
		Extensions:           extensions(attributes.GetContextExtensions()),
		Time:                 now,
	}
	addHeaders(r, http)
	return r
}

// The names of the context_extensions that are read.
const (
	registryExtension = "registry"
	headerExtension   = "header"
)

func extensions(all map[string]string) authz.Extensions {
	return authz.Extensions{Registry: all[registryExtension], TrustedHeader: all[headerExtension]}
}

// jwtAuthn is the namespace of the metadata in which Envoy's jwt_authn filter puts the claims
// of the tokens that it verified. Metadata of other filters and of routes does not count.
const jwtAuthn = "envoy.filters.http.jwt_authn"

// claims returns the metadata of jwt_authn, by the payload_in_metadata of its providers. It is
// nil if there is none.
func claims(metadata *corev3.Metadata) map[string]any {
	verified := metadata.GetFilterMetadata()[jwtAuthn]
	if len(verified.GetFields()) == 0 {
		return nil
	}
	return verified.AsMap()
}

// addHeaders adds the headers in either encoding. Envoy fills the map or, with
// encode_raw_headers, the list with raw values, and never both. All headers are added, because
// the policy directory determines which of them count.
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

// addHeader adds a header. It ignores the parts of the request line in Envoy's map, whose
// names begin with a colon.
func addHeader(r *authz.Request, name, value string) {
	switch {
	case name == "" || name[0] == ':':
		return
	case name == "x-request-id":
		r.ID = value
	}
	r.Headers = append(r.Headers, mapping.Header{Name: name, Value: value})
}
