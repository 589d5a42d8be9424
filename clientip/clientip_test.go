package clientip

import (
	"net/netip"
	"testing"

	_ "extauthz/goldentest" // accept -update
)

// TestNetworks checks the networks of addresses of each kind.
func TestNetworks(t *testing.T) {
	for address, want := range map[string][2]string{
		"192.0.2.7":               {"192.0.2.7/32", "192.0.2.0/24"},
		"::ffff:192.0.2.7":        {"192.0.2.7/32", "192.0.2.0/24"},
		"2001:db8:0:1:2:3:4:5":    {"2001:db8:0:1::/64", "2001:db8::/48"},
		"2001:db8:0:1:ffff:3:4:5": {"2001:db8:0:1::/64", "2001:db8::/48"},
		"2001:db8:0:2:2:3:4:5":    {"2001:db8:0:2::/64", "2001:db8::/48"},
		"2001:db8:1:1:2:3:4:5":    {"2001:db8:1:1::/64", "2001:db8:1::/48"},
		"fe80::1%eth0":            {"fe80::/64", "fe80::/48"},
	} {
		ip := netip.MustParseAddr(address)
		if got := [2]string{Network(ip).String(), Area(ip).String()}; got != want {
			t.Errorf("%s: %v, want %v", address, got, want)
		}
	}
	if got := Network(netip.Addr{}); got != (netip.Prefix{}) {
		t.Errorf("no address: %v", got)
	}
}
