package iam

import (
	"net/netip"
	"testing"

	_ "extauthz/goldentest" // accept -update
)

// FuzzAddress: the parser agrees with net/netip.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{
		"", ".", ":", "::", ":::", "1.2.3.4", "01.2.3.4", "1.2.3", "1.2.3.4.5", "256.1.1.1", "0.0.0.0", "1..2.3", "1.2.3.4 ",
		"::1", "1::", "1::2::3", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1::2:3:4:5:6:7:8",
		"::ffff:1.2.3.4", "::1.2.3.4", "1.2.3.4::", "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "::1.2.3.4:5",
		"2001:DB8::aBcD", "12345::", "g::", "1:", ":1", "fe80::1%eth0", "10.0.0.0/8", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want, err := netip.ParseAddr(s)
		wantOK := err == nil && want.Zone() == ""
		got, ok := parseAddress(s)
		if ok != wantOK || ok && got != want.Unmap() {
			t.Errorf("parseAddress(%q) = %v, %v; netip %v, %v", s, got, ok, want, err)
		}
	})
}
