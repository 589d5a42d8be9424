package differential

import (
	"net/netip"
	"slices"
	"strings"
)

// addressMasks are about IpAddress and NotIpAddress.
func addressMasks() []*mask {
	return []*mask{
		{
			name:       "bare IPv6 address compared as text",
			reason:     "one IPv6 address has several spellings (RFC 4291); there they are different addresses",
			source:     `IAM User Guide, "IAM JSON policy elements: Condition operators": "Some AWS services support IPv6, using :: to represent a range of 0s."`,
			comparison: ofAddresses(bareIPv6),
		}, {
			name:       "NotIpAddress with an address of the other family",
			reason:     "an address of the other family is not the specified one; there the condition is false for a bare address",
			source:     `IAM User Guide, "IAM JSON policy elements: Condition operators": "NotIpAddress: All IP addresses except the specified IP address or range"`,
			comparison: ofAddresses(otherFamily),
		}, {
			name:       "IPv4 range of all addresses",
			reason:     "0.0.0.0/0 is every IPv4 address; there it is 0.0.0.0 alone",
			source:     `IAM User Guide, "IAM JSON policy elements: Condition operators": "The value must be in the standard CIDR format (for example, 203.0.113.0/24 or 2001:DB8:1234:5678::/64)."`,
			comparison: ofAddresses(allIPv4),
		}, {
			name:       "IPv4 address mapped into IPv6",
			reason:     "AWS does not say what it is; iam takes ::ffff:10.0.0.1 for 10.0.0.1 (RFC 4291, section 2.5.5.2), there it is an IPv6 address",
			source:     `IAM User Guide, "IAM JSON policy elements: Condition operators": "IP address condition operators let you construct Condition elements that restrict access based on comparing a key to an IPv4 or IPv6 address or range of IP addresses."`,
			comparison: ofAddresses(mappedIPv4),
		},
	}
}

// ofAddresses is for comparisons of addresses that can be read.
func ofAddresses(apply func(*comparison, netip.Addr) bool) func(*comparison) bool {
	return func(c *comparison) bool {
		address, err := netip.ParseAddr(c.value)
		return strings.HasSuffix(c.base, "IpAddress") && err == nil && apply(c, address)
	}
}

// bareIPv6 drops addresses that are the value in another spelling.
func bareIPv6(c *comparison, value netip.Addr) bool {
	return c.keep(func(p string) bool {
		address, err := netip.ParseAddr(p)
		return err != nil || !address.Is6() || address != value || p == c.value
	})
}

func otherFamily(c *comparison, value netip.Addr) bool {
	return c.negated && slices.ContainsFunc(c.policy, func(p string) bool {
		address, err := netip.ParseAddr(p)
		return err == nil && address.Is4() != value.Is4()
	}) && c.settle(false)
}

func allIPv4(c *comparison, value netip.Addr) bool {
	return value.Is4() && !value.IsUnspecified() && c.keep(func(p string) bool { return p != "0.0.0.0/0" })
}

// mappedIPv4 compares the mapped address with IPv6 ranges only.
func mappedIPv4(c *comparison, value netip.Addr) bool {
	if !value.Is4In6() {
		return false
	}
	within := slices.ContainsFunc(c.policy, func(p string) bool {
		prefix, err := netip.ParsePrefix(p)
		return err == nil && prefix.Contains(value)
	})
	return c.settle(within != c.negated)
}
