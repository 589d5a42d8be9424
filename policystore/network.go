package policystore

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
)

// networkEntry is how requests reach a registry, in registries.yaml.
type networkEntry struct {
	TrustedHops    int          `yaml:"trustedHops"`
	TrustedProxies []string     `yaml:"trustedProxies"`
	VPCEndpoint    *VPCEndpoint `yaml:"vpcEndpoint"`
}

// A VPCEndpoint is the interface endpoint by which every request to a registry
// comes.
type VPCEndpoint struct {
	ID  string `yaml:"id"`  // such as vpce-1a2b3c4d
	VPC string `yaml:"vpc"` // the endpoint's network, such as vpc-1a2b3c4d
}

// maxTrustedHops is more proxies in a row than anybody has.
const maxTrustedHops = 16

// The forms of the ids of endpoints and networks (Amazon EC2 User Guide,
// "Resource IDs": 8 or 17 characters behind the prefix).
var (
	endpointID = regexp.MustCompile(`^vpce-([0-9a-f]{8}|[0-9a-f]{17})$`)
	networkID  = regexp.MustCompile(`^vpc-([0-9a-f]{8}|[0-9a-f]{17})$`)
)

// check returns the key whose value is wrong and what is wrong with it.
func (e *networkEntry) check() (key string, err error) {
	if e.TrustedHops < 0 || e.TrustedHops > maxTrustedHops {
		return "trustedHops", fmt.Errorf("trustedHops %d: write how many proxies stand before Envoy, 0 to %d", e.TrustedHops, maxTrustedHops)
	}
	if err := e.checkProxies(); err != nil {
		return "trustedProxies", err
	}
	switch {
	case e.VPCEndpoint == nil:
		return "", nil
	case !endpointID.MatchString(e.VPCEndpoint.ID):
		return "vpcEndpoint", fmt.Errorf("vpcEndpoint id %q: write the id of a VPC endpoint, such as vpce-1a2b3c4d", e.VPCEndpoint.ID)
	case !networkID.MatchString(e.VPCEndpoint.VPC):
		return "vpcEndpoint", fmt.Errorf("vpcEndpoint vpc %q: write the id of the endpoint's VPC, such as vpc-1a2b3c4d", e.VPCEndpoint.VPC)
	}
	return "", nil
}

// checkProxies returns what is wrong with trustedProxies, if it is given.
func (e *networkEntry) checkProxies() error {
	switch {
	case e.TrustedProxies == nil:
		return nil
	case e.TrustedHops == 0:
		return errors.New("trustedProxies: without trustedHops no proxy is trusted; add trustedHops, or remove trustedProxies")
	case len(e.TrustedProxies) == 0:
		return errors.New("trustedProxies: the list is empty; write the addresses of the proxies, or remove it")
	}
	for _, text := range e.TrustedProxies {
		if _, err := parseNetwork(text); err != nil {
			return fmt.Errorf("trustedProxies %q: %w", text, err)
		}
	}
	return nil
}

// proxies returns trustedProxies, which check accepts, as networks.
func (e *networkEntry) proxies() (networks []netip.Prefix) {
	for _, text := range e.TrustedProxies {
		network, _ := parseNetwork(text) // checkProxies reports the error
		networks = append(networks, network)
	}
	return networks
}

// parseNetwork parses an address or a network in CIDR notation. Addresses of
// clients are compared in their IPv4 form where they have one, so that a network
// of IPv4 addresses written as IPv6 would not contain any.
func parseNetwork(text string) (netip.Prefix, error) {
	var network netip.Prefix
	if strings.Contains(text, "/") {
		parsed, err := netip.ParsePrefix(text)
		if err != nil {
			return network, errors.New("write an IP address or a network in CIDR notation, such as 10.0.0.0/16")
		}
		network = parsed
	} else {
		address, err := netip.ParseAddr(text)
		if err != nil || address.Zone() != "" {
			return network, errors.New("write an IP address or a network in CIDR notation, such as 10.0.0.0/16")
		}
		network = netip.PrefixFrom(address, address.BitLen())
	}
	if network.Addr().Is4In6() {
		return netip.Prefix{}, errors.New("write an IPv4 address in its own form, such as 10.0.0.0/16")
	}
	if network != network.Masked() {
		return netip.Prefix{}, fmt.Errorf("the address has bits beyond the prefix; write %s", network.Masked())
	}
	return network, nil
}
