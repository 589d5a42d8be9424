package iam

import (
	"net/netip"
	"testing"

	_ "extauthz/goldentest" // accept -update
)

func TestTypesOfValues(t *testing.T) {
	for _, c := range []struct {
		name    string
		is      func(string) bool
		yes, no []string
	}{
		{"number", IsNumber, []string{"0", "-1.50", "+7", ".5", "99999999999999999999999"}, []string{"", "10abc", "1e3", "0x1", " 1", "-"}},
		{"date", IsDate, []string{"2026", "2026-11-22T06:00:00Z", "1700000000", "-1"}, []string{"", "yesterday", "2026-13", "9223372036854775808"}},
		{"boolean", IsBool, []string{"true", "FALSE"}, []string{"", "1", "yes"}},
		{"address", IsAddress, []string{"192.0.2.7", "2001:db8::1", "::ffff:192.0.2.7"}, []string{"", "192.0.2.0/24", "192.0.2", "fe80::1%eth0"}},
	} {
		for _, s := range c.yes {
			if !c.is(s) {
				t.Errorf("%q is not a %s", s, c.name)
			}
		}
		for _, s := range c.no {
			if c.is(s) {
				t.Errorf("%q is a %s", s, c.name)
			}
		}
	}
}

// FuzzAddress checks that the parser agrees with net/netip.
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
