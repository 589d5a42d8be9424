package policystore

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"extauthz/iam"
)

// uncheckedProxies returns a finding for each registry with trusted hops whose
// addresses are not checked, or are any address.
func (all registries) uncheckedProxies() []iam.Finding {
	var found []iam.Finding
	for _, name := range slices.Sorted(maps.Keys(all)) {
		r := all[name]
		finding := iam.Finding{Source: "registries.yaml", Position: r.hopsAt, Code: "unchecked-proxies"}
		switch {
		case r.TrustedHops == 0:
			continue
		case r.TrustedProxies == nil:
			finding.Message = fmt.Sprintf("registry %q trusts proxies whose addresses it does not check; list them in trustedProxies", name)
		case slices.ContainsFunc(r.TrustedProxies, func(n netip.Prefix) bool { return n.Bits() == 0 }):
			finding.Message = fmt.Sprintf("registry %q has every address in trustedProxies; list those of the proxies only", name)
		default:
			continue
		}
		found = append(found, finding)
	}
	return found
}
