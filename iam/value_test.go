package iam

import "testing"

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
				t.Errorf("%q is no %s", s, c.name)
			}
		}
		for _, s := range c.no {
			if c.is(s) {
				t.Errorf("%q is a %s", s, c.name)
			}
		}
	}
}
