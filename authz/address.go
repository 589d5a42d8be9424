package authz

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"extauthz/policystore"
)

// maxForwarded is how much of the end of x-forwarded-for is looked at, in bytes.
const maxForwarded = 4096

// clientAddress returns the address of the client. Without trusted hops it is the
// connection's peer. Behind them it is the one that the outermost of them saw:
// each hop appends its own peer to x-forwarded-for, and so does Envoy, so that
// the last entry is the connection's peer, and the client is hops entries before
// it. The client may have written what is before that. A request without these
// entries did not come by the hops, nor did one whose hops are outside the
// registry's trusted proxies, if it has any.
func clientAddress(r *Request, registry *policystore.Registry) (string, error) {
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
		return "", errors.New("x-forwarded-for has fewer entries than there are trusted hops")
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
		return "", errors.New("the client's entry in x-forwarded-for is no IP address")
	}
	return client.String(), nil
}

// checkProxies returns an error unless every hop is in one of the networks. The
// last is the connection's peer. The others matter too: whoever connects to an
// inner proxy can write what an outer one would have appended.
func checkProxies(hops []string, networks []netip.Prefix) error {
	for i, hop := range hops {
		address := parseAddress(hop)
		if slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(address) }) {
			continue
		}
		if i == len(hops)-1 {
			return fmt.Errorf("the connection's peer %s is not one of trustedProxies", address)
		}
		return errors.New("an entry of x-forwarded-for that a trusted hop must have is not one of trustedProxies")
	}
	return nil
}

// parseAddress reads an address, of which an IPv4 one may be written as IPv6; the
// zero Addr is none.
func parseAddress(text string) netip.Addr {
	a, err := netip.ParseAddr(strings.Trim(text, " \t"))
	if err != nil || a.Zone() != "" {
		return netip.Addr{}
	}
	return a.Unmap()
}

// secureTransport tells whether the client's connection is TLS. Of a connection
// to Envoy only what TLS itself leaves behind counts, for the scheme is client
// text. Behind trusted hops the client's connection ends at the first of them,
// so that their x-forwarded-proto alone can tell.
func secureTransport(r *Request, registry *policystore.Registry) bool {
	if registry.TrustedHops > 0 {
		proto := r.values("x-forwarded-proto")
		return len(proto) == 1 && strings.EqualFold(proto[0], "https")
	}
	return registry.TLS || r.SNI != "" || r.DestinationPrincipal != ""
}
