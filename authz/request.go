package authz

import (
	"time"

	"extauthz/mapping"
)

// A Request is one HTTP request as Envoy describes it. The client may have chosen all of
// its text except Extensions.
type Request struct {
	mapping.Request        // Headers has all headers
	ID              string // x-request-id, for the log
	Host            string

	Peer                 string // the address of the connection's peer, without port
	Principal            string // the name that Envoy took from the verified client certificate
	Certificate          string // that certificate, URL-encoded PEM
	SNI                  string // the TLS server name
	DestinationPrincipal string // the listener's own certificate name; not empty means TLS

	// Metadata are the claims of tokens that Envoy's jwt_authn filter verified, by
	// its payload_in_metadata.
	Metadata map[string]any

	Extensions map[string]string // Envoy's context_extensions: configuration, not client text
	Time       time.Time         // when the request came in

	// Unreadable says for the log why the check could not be read; nothing else
	// but Time is then set, and the request is refused. "" is a request that was
	// read.
	Unreadable string
}

// RegistryExtension is the context extension by which Envoy's configuration
// names the registry that a route leads to.
const RegistryExtension = "registry"

// HeaderExtension is the context extension by which Envoy's configuration names
// the header that, on this route, none but a trusted proxy can have set.
const HeaderExtension = "header"

// values returns every value of a header.
func (r *Request) values(name string) []string {
	var values []string
	for _, h := range r.Headers {
		if h.Name == name {
			values = append(values, h.Value)
		}
	}
	return values
}

// value returns the values of a header joined as one line (RFC 9110, section
// 5.3), and whether there is any.
func (r *Request) value(name string) (text string, sent bool) {
	for _, h := range r.Headers {
		switch {
		case h.Name != name:
		case sent:
			text += "," + h.Value
		default:
			text, sent = h.Value, true
		}
	}
	return text, sent
}
