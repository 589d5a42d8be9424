package lint

import (
	"net/netip"
	"slices"

	"extauthz/policystore"
	"extauthz/policystore/config"
)

// idleSources finds sources of a registry that cannot authenticate any caller.
func (c *configLinter) idleSources() {
	for _, r := range c.registries {
		for _, source := range r.Authentication.Sources {
			if missing := c.callers.Missing(source); missing != "" {
				c.report(r.SourcesAt, "idle-source",
					messagef("registry %q: the source %s cannot authenticate any caller, because principals.yaml has %s", r.Name, source, missing), message{})
			}
		}
	}
}

// missingTags finds policies that allow more for a repository without tags than for one
// with tags, if some registry has no inventory: a repository that is not in the directory
// counts as one without tags, like a new one on AWS.
func (c *configLinter) missingTags() {
	i := slices.IndexFunc(c.registries, func(r *policystore.Registry) bool { return r.Exists == nil })
	if i < 0 {
		return
	}
	for _, policy := range c.contents.Policies {
		if use, found := policy.NeededTag(); found {
			c.report(policy.Source.At(use.At), "untold-tags",
				messagef("depends on %s, but registry %q has no repositories.json, so a repository without _tags.json counts as untagged", use.Text, c.registries[i].Name),
				messagef("save the output of aws ecr describe-repositories as repositories.json"))
		}
	}
}

// The networks of every address.
var (
	everyIPv4 = netip.MustParsePrefix("0.0.0.0/0")
	everyIPv6 = netip.MustParsePrefix("::/0")
)

// uncheckedProxies finds registries with trusted hops whose addresses are not checked, or
// are any address.
func (c *configLinter) uncheckedProxies() {
	for _, r := range c.registries {
		switch {
		case r.TrustedHops == 0:
		case r.TrustedProxies == nil:
			c.report(r.TrustedHopsAt, "unchecked-proxies",
				messagef("registry %q trusts proxies whose addresses it does not check", r.Name), messagef("list them in trustedProxies"))
		case cover(r.TrustedProxies, everyIPv4), cover(r.TrustedProxies, everyIPv6):
			c.report(r.TrustedHopsAt, "unchecked-proxies",
				messagef("registry %q has every address in trustedProxies", r.Name), messagef("list those of the proxies only"))
		}
	}
}

// mixedNetworks finds registries whose settings about the network differ from those of the first, if
// callers can sign in: they choose the registry.
func (c *configLinter) mixedNetworks() {
	if !c.sessions {
		return
	}
	first := c.registries[0]
	for _, r := range c.registries[1:] {
		var different string
		switch {
		case r.TrustedHops != first.TrustedHops:
			different = "trustedHops"
		case endpointOf(r) != endpointOf(first):
			different = "vpcEndpoint"
		default:
			continue
		}
		c.report(r.TrustedHopsAt, "mixed-networks",
			messagef("registries %q and %q have different %s, and a caller who signs in chooses one of them", first.Name, r.Name, different), messagef("use the same"))
	}
}

// endpointOf returns the VPC endpoint of a registry, the zero one without any.
func endpointOf(r *policystore.Registry) (endpoint config.VPCEndpoint) {
	if r.VPCEndpoint != nil {
		endpoint = *r.VPCEndpoint
	}
	return endpoint
}

// cover reports whether networks contain every address of whole. If no single one
// does, they must contain both halves of it.
func cover(networks []netip.Prefix, whole netip.Prefix) bool {
	var parts []netip.Prefix
	for _, n := range networks {
		switch {
		case n.Bits() <= whole.Bits() && n.Contains(whole.Addr()):
			return true
		case whole.Contains(n.Addr()):
			parts = append(parts, n)
		}
	}
	if len(parts) == 0 {
		return false
	}
	low, high := halves(whole)
	return cover(parts, low) && cover(parts, high)
}

// halves returns the two networks that divide a network of more than one address.
func halves(whole netip.Prefix) (low, high netip.Prefix) {
	bits := whole.Bits()
	address := whole.Masked().Addr().AsSlice()
	address[bits/8] |= 0x80 >> (bits % 8)
	upper, _ := netip.AddrFromSlice(address) // fails only for another length than that of an address
	return netip.PrefixFrom(whole.Masked().Addr(), bits+1), netip.PrefixFrom(upper, bits+1)
}
