package policystore

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"extauthz/diag"
)

// The networks of every address.
var (
	everyIPv4 = netip.MustParsePrefix("0.0.0.0/0")
	everyIPv6 = netip.MustParsePrefix("::/0")
)

// uncheckedProxies returns a finding for each registry with trusted hops whose
// addresses are not checked, or are any address.
func (all registries) uncheckedProxies() diag.List {
	var found diag.List
	for _, name := range slices.Sorted(maps.Keys(all)) {
		r := all[name]
		finding := diag.Diagnostic{Position: r.TrustedHopsAt, Severity: diag.Warning, Code: "unchecked-proxies"}
		switch {
		case r.TrustedHops == 0:
			continue
		case r.TrustedProxies == nil:
			finding.Problem, finding.Remedy = fmt.Sprintf("registry %q trusts proxies whose addresses it does not check", name), "list them in trustedProxies"
		case cover(r.TrustedProxies, everyIPv4), cover(r.TrustedProxies, everyIPv6):
			finding.Problem, finding.Remedy = fmt.Sprintf("registry %q has every address in trustedProxies", name), "list those of the proxies only"
		default:
			continue
		}
		found = append(found, finding)
	}
	return found
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
