package authz

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"extauthz/mapping"
	"extauthz/policystore"
)

// A CheckRequest is one HTTP request as Envoy describes it. The client may have chosen all
// of its text except Extensions.
type CheckRequest struct {
	mapping.HTTPRequest // Headers has all headers

	ID   string // x-request-id, for the log
	Host string

	Peer                 string // the address of the connection's peer, without the port
	Principal            string // the name that Envoy read from the verified client certificate
	Certificate          []byte // that certificate, URL-encoded PEM; it is not retained
	SNI                  string // the TLS server name
	DestinationPrincipal string // the name in the listener's own certificate; not empty means TLS
	TLS                  bool   // the connection to Envoy uses TLS, also if the two before are empty

	// Metadata contains the claims of tokens that Envoy's jwt_authn filter verified, by
	// its payload_in_metadata.
	Metadata map[string]any

	RefreshToken string // of a request to the token endpoint, instead of a credential in a header

	Extensions Extensions
	Time       time.Time // when the request arrived

	// Unreadable is the reason, for the log, why the check could not be read; "" if it
	// was read. If it is not empty, only Time is set in addition, and the request is
	// refused.
	Unreadable string
}

// Extensions are the settings that Envoy's configuration gives to a route in
// context_extensions. The client cannot choose them.
type Extensions struct {
	Registry string // the name of the registry

	// TrustedHeader is the name of the header that only a trusted proxy can set on this
	// route.
	TrustedHeader string

	// AllHeaders reports that the request has all headers of the client's request that
	// an allowed request may lose. Otherwise Envoy may leave out some of them.
	AllHeaders bool
}

// Clone returns a copy that shares no memory with r that may be used again for another check.
func (r *CheckRequest) Clone() *CheckRequest {
	c := *r
	c.Headers, c.Certificate = slices.Clone(r.Headers), bytes.Clone(r.Certificate)
	return &c
}

// values returns every value of a header. The header "" has none.
func (r *CheckRequest) values(name string) []string {
	var values []string
	for _, h := range r.Headers {
		if h.Name == name && name != "" {
			values = append(values, h.Value)
		}
	}
	return values
}

// has reports whether the request has a header. name is in lower case.
func (r *CheckRequest) has(name string) bool {
	return slices.ContainsFunc(r.Headers, func(h mapping.Header) bool {
		return len(h.Name) == len(name) && strings.EqualFold(h.Name, name)
	})
}

// value returns the values of a header joined as one line (RFC 9110, section 5.3), and
// whether the request has the header.
func (r *CheckRequest) value(name string) (text string, found bool) {
	for _, h := range r.Headers {
		switch {
		case h.Name != name:
		case found:
			text += "," + h.Value
		default:
			text, found = h.Value, true
		}
	}
	return text, found
}

// isTLS reports whether the client's connection is TLS. For a connection to Envoy, only
// facts of the TLS connection count, because the client chooses the scheme. Behind trusted
// hops the client's connection ends at the first of them, and only their x-forwarded-proto
// describes it.
func (r *CheckRequest) isTLS(registry *policystore.Registry) bool {
	if registry.TrustedHops > 0 {
		proto := r.values("x-forwarded-proto")
		return len(proto) == 1 && strings.EqualFold(proto[0], "https")
	}
	return registry.TLS || r.TLS || r.SNI != "" || r.DestinationPrincipal != ""
}

// maxForwarded is the number of bytes at the end of x-forwarded-for that are parsed.
const maxForwarded = 4096

// clientAddress returns the address of the client. Without trusted hops it is the
// connection's peer. With them it is the peer of the outermost hop: each hop appends its
// own peer to x-forwarded-for, and so does Envoy. The last entry is therefore the
// connection's peer, and the client's is as many entries before it as there are hops. The
// client may have written all earlier entries. A request without these entries did not come
// through the hops. If the registry has trusted proxies, every hop must be one of them.
func (r *CheckRequest) clientAddress(registry *policystore.Registry) (string, error) {
	hops := registry.TrustedHops
	if hops == 0 {
		return r.Peer, nil
	}
	forwarded, _ := r.value("x-forwarded-for")
	if len(forwarded) > maxForwarded {
		forwarded = forwarded[len(forwarded)-maxForwarded:]
	}
	entries := strings.Split(forwarded, ",")
	if len(entries) < hops+1 {
		return "", errors.New("x-forwarded-for has too few entries for the number of trusted hops")
	}
	if peer := parseAddress(r.Peer); !peer.IsValid() || parseAddress(entries[len(entries)-1]) != peer {
		return "", errors.New("the last entry of x-forwarded-for is not the connection's peer")
	}
	if registry.TrustedProxies != nil {
		if err := checkProxies(entries[len(entries)-hops:], registry.TrustedProxies); err != nil {
			return "", err
		}
	}
	client := parseAddress(entries[len(entries)-1-hops])
	if !client.IsValid() {
		return "", errors.New("the client's entry in x-forwarded-for is not an IP address")
	}
	return client.String(), nil
}

// checkProxies returns an error unless every hop is in one of the networks. The last hop is
// the connection's peer. The others matter too: a client that connects to an inner proxy
// can write what an outer proxy would have appended.
func checkProxies(hops []string, networks []netip.Prefix) error {
	for i, hop := range hops {
		address := parseAddress(hop)
		if slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(address) }) {
			continue
		}
		if i == len(hops)-1 {
			return fmt.Errorf("the connection's peer %s is not one of trustedProxies", address)
		}
		return errors.New("an entry of x-forwarded-for that must be a trusted hop is not one of trustedProxies")
	}
	return nil
}

// parseAddress parses an IP address. It returns an IPv4 address for an IPv4 address that is
// mapped to IPv6, and the zero Addr for text that is not an address.
func parseAddress(text string) netip.Addr {
	a, err := netip.ParseAddr(strings.Trim(text, " \t"))
	if err != nil || a.Zone() != "" {
		return netip.Addr{}
	}
	return a.Unmap()
}
