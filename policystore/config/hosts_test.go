package config

import (
	_ "extauthz/goldentest" // accept -update
	"strings"
	"testing"

	_ "extauthz/goldentest" // accept -update
)

// TestHosts checks hosts whose port or letters servers read differently.
func TestHosts(t *testing.T) {
	all, err := ParseRegistries([]byte(`
registries:
- {name: any, hosts: [kiss.example.com, "[2001:db8::1]"], account: "111111111111", region: eu-central-1, byHost: true}
- {name: one, hosts: ["kiss.example.org:5000", "[2001:db8::2]:5000"], account: "111111111111", region: eu-central-1, byHost: true}
`))
	if err != nil {
		t.Fatal(err)
	}
	const port = "has a port that is not a number"
	for _, c := range []struct{ host, want, failure string }{
		{"kiss.example.com", "any", ""},
		{"KISS.Example.COM:5000", "any", ""},
		{"kiss.example.com:0", "any", ""},
		{"kiss.example.com:65535", "any", ""},
		{"[2001:db8::1]", "any", ""},
		{"[2001:DB8::1]:443", "any", ""},
		{"kiss.example.org:5000", "one", ""},
		{"KISS.example.org:5000", "one", ""},
		{"[2001:db8::2]:5000", "one", ""},
		{"kiss.example.com:", "", port},
		{"kiss.example.com:http", "", port},
		{"kiss.example.com:80a", "", port},
		{"kiss.example.com:0x50", "", port},
		{"kiss.example.com:+80", "", port},
		{"kiss.example.com:-1", "", port},
		{"kiss.example.com: 80", "", port},
		{"kiss.example.com:80 ", "", port},
		{"kiss.example.com:8_0", "", port},
		{"kiss.example.com:65536", "", port},
		{"kiss.example.com:000080", "", port},
		{"kiss.example.com:\uff18\uff10", "", port},
		{"kiss.example.com:80:80", "", port},
		{"kiss.example.org:5000:80", "", port},
		{"kiss.example.org:5000:", "", port},
		{"kiss.example.org:", "", port},
		{"[2001:db8::1]:", "", port},
		{"[2001:db8::1]:x", "", port},
		{"[2001:db8::1]80", "", port},
		{"[2001:db8::1", "", port},
		{"2001:db8::1", "", port},
		{"2001:db8::1:80", "", port},
		{":80", "", "no registry is selected"},
		{":", "", port},
		{"", "", "no registry is selected"},
		{"kiss.example.org", "", "no registry is selected"},
		{"kiss.example.org:05000", "", "no registry is selected"},
		{"\u212aiss.example.com", "", "no registry is selected"},
		{"ki\u017fs.example.com", "", "no registry is selected"},
		{"k\u0130ss.example.com", "", "no registry is selected"},
		{"kiss\u3002example.com", "", "no registry is selected"},
		{"kiss.example.com\xff", "", "no registry is selected"},
		{"user:secret@kiss.example.com", "", "no registry is selected"},
		{"user:secret@kiss.example.com:", "", port},
		{"user@kiss.example.com:80", "", "no registry is selected"},
	} {
		for _, name := range []string{"", "any", "one"} {
			r, err := all.Find(name, c.host)
			switch {
			case c.want != "" && (name == "" || name == c.want):
				if err != nil || r.Name != c.want {
					t.Errorf("%q by %q: registry %v, error %v; want %s", c.host, name, r, err, c.want)
				}
			case err == nil || r != nil:
				t.Errorf("%q by %q: registry %v, want none", c.host, name, r)
			case name == "" && !strings.Contains(err.Error(), c.failure):
				t.Errorf("%q: error %v; want %q", c.host, err, c.failure)
			case strings.Contains(err.Error(), "secret"):
				t.Errorf("%q: the error contains the password: %v", c.host, err)
			}
		}
	}
}
