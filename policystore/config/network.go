package config

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"extauthz/diag"
)

// networkEntry is the part of a registry's entry about the way of a request to Envoy.
type networkEntry struct {
	TrustedHops    int          `yaml:"trustedHops"`
	TrustedProxies []string     `yaml:"trustedProxies"`
	VPCEndpoint    *VPCEndpoint `yaml:"vpcEndpoint"`
}

// A VPCEndpoint is the interface endpoint through which every request to a registry
// comes.
type VPCEndpoint struct {
	ID  string `yaml:"id"`  // such as vpce-1a2b3c4d
	VPC string `yaml:"vpc"` // the endpoint's network, such as vpc-1a2b3c4d
}

// maxTrustedHops is larger than any real number of proxies in a row.
const maxTrustedHops = 16

// hops returns the number of trusted proxies.
func (e *networkEntry) hops(at *entry) int {
	if e.TrustedHops < 0 || e.TrustedHops > maxTrustedHops {
		at.fault(fmt.Sprintf("trustedHops %d is not valid", e.TrustedHops), fmt.Sprintf("write the number of proxies in front of Envoy, 0 to %d", maxTrustedHops), "trustedHops")
	}
	return e.TrustedHops
}

// proxies returns the networks of the trusted proxies, nil if none are configured.
func (e *networkEntry) proxies(at *entry) (networks []netip.Prefix) {
	switch {
	case e.TrustedProxies == nil:
		return nil
	case e.TrustedHops == 0 && at.knows("trustedHops"):
		at.fault("trustedProxies has no effect without trustedHops", "add trustedHops, or remove trustedProxies", "trustedProxies")
	case len(e.TrustedProxies) == 0:
		at.fault("trustedProxies is empty", "write the addresses of the proxies, or remove the key", "trustedProxies")
	}
	for i, text := range e.TrustedProxies {
		network, err := parseNetwork(text)
		if err != nil {
			at.add(diag.Wrap(diag.Position{}, fmt.Sprintf("trustedProxies %q ", text), err), "trustedProxies", i)
		}
		networks = append(networks, network)
	}
	return networks
}

// checkHops reports a fault if callers who sign in can write their own address. They choose the
// registry, so that one who passes fewer proxies than a registry trusts could write the entries of
// x-forwarded-for that count there. If the addresses of its proxies are known, it is refused.
func (all *Registries) checkHops(r *RegistrySettings, at *entry) {
	if all.Sessions == nil || at.faulty {
		return
	}
	for _, other := range all.List {
		more := r
		if other.TrustedHops > r.TrustedHops {
			more = other
		}
		if r.TrustedHops != other.TrustedHops && more.TrustedProxies == nil {
			at.fault(fmt.Sprintf("trustedHops is %d here and %d for registry %q, so that a caller who signs in at %q could write its own address", r.TrustedHops, other.TrustedHops, other.Name, more.Name),
				fmt.Sprintf("list the proxies of registry %q in its trustedProxies, or use the same trustedHops", more.Name), "trustedHops")
			return
		}
	}
}

// The forms of the ids of endpoints and networks (Amazon EC2 User Guide, "Resource IDs": 8
// or 17 characters after the prefix).
var (
	endpointID = regexp.MustCompile(`^vpce-([0-9a-f]{8}|[0-9a-f]{17})$`)
	networkID  = regexp.MustCompile(`^vpc-([0-9a-f]{8}|[0-9a-f]{17})$`)
)

// endpoint returns the VPC endpoint, nil if none is configured.
func (e *networkEntry) endpoint(at *entry) *VPCEndpoint {
	if e.VPCEndpoint == nil {
		return nil
	}
	if !endpointID.MatchString(e.VPCEndpoint.ID) {
		at.fault(fmt.Sprintf("id %q is not valid", e.VPCEndpoint.ID), "write the id of a VPC endpoint, such as vpce-1a2b3c4d", "vpcEndpoint", "id")
	}
	if !networkID.MatchString(e.VPCEndpoint.VPC) {
		at.fault(fmt.Sprintf("vpc %q is not valid", e.VPCEndpoint.VPC), "write the id of the endpoint's VPC, such as vpc-1a2b3c4d", "vpcEndpoint", "vpc")
	}
	return e.VPCEndpoint
}

// parseNetwork parses an address, or a network in CIDR notation. Client addresses that are
// IPv4 are compared as IPv4, so that a network of IPv4 addresses written as IPv6 would not
// contain any. The problem in an error follows the text.
func parseNetwork(text string) (netip.Prefix, error) {
	network, err := netip.ParsePrefix(text)
	if !strings.Contains(text, "/") {
		var address netip.Addr
		if address, err = netip.ParseAddr(text); err == nil && address.Zone() == "" {
			network = netip.PrefixFrom(address, address.BitLen())
		}
	}
	switch {
	case err != nil || !network.IsValid():
		return netip.Prefix{}, diag.Problemf("is not an address or a network").WithRemedy("write an IP address or a network in CIDR notation, such as 10.0.0.0/16")
	case network.Addr().Is4In6():
		return netip.Prefix{}, diag.Problemf("is an IPv4 address or network written as IPv6").WithRemedy("write it in its own form, such as 10.0.0.0/16")
	case network != network.Masked():
		return netip.Prefix{}, diag.Problemf("has bits beyond the prefix").WithRemedy("write " + network.Masked().String())
	}
	return network, nil
}
