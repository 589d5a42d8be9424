package policystore

import (
	"fmt"
	"net/netip"
	"testing"
)

func TestCover(t *testing.T) {
	networks := func(texts ...string) (all []netip.Prefix) {
		for _, text := range texts {
			all = append(all, netip.MustParsePrefix(text))
		}
		return all
	}
	var parts []string // every IPv4 address, in 256 networks
	for i := range 256 {
		parts = append(parts, fmt.Sprintf("%d.0.0.0/8", i))
	}
	for _, c := range []struct {
		name       string
		networks   []netip.Prefix
		ipv4, ipv6 bool
	}{
		{"no network", nil, false, false},
		{"every IPv4 address", networks("0.0.0.0/0"), true, false},
		{"every IPv6 address", networks("192.0.2.1/32", "::/0"), false, true},
		{"two halves", networks("128.0.0.0/1", "0.0.0.0/1"), true, false},
		{"two halves of IPv6", networks("::/1", "8000::/1"), false, true},
		{"a half", networks("0.0.0.0/1"), false, false},
		{"a half and three quarters of the other", networks("0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/3"), false, false},
		{"256 parts", networks(parts...), true, false},
		{"all parts but one", networks(parts[1:]...), false, false},
		{"single addresses", networks("0.0.0.0/32", "255.255.255.255/32", "::/128", "ffff::/128"), false, false},
		{"halves of which one is divided", networks("0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/2", "10.0.0.1/32"), true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := cover(c.networks, everyIPv4); got != c.ipv4 {
				t.Errorf("covers IPv4: %t", got)
			}
			if got := cover(c.networks, everyIPv6); got != c.ipv6 {
				t.Errorf("covers IPv6: %t", got)
			}
		})
	}
}
