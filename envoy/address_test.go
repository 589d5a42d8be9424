package envoy

import (
	"strings"
	"testing"

	_ "extauthz/goldentest" // accept -update
)

// TestParseAddress checks addresses of each form.
func TestParseAddress(t *testing.T) {
	for _, c := range []struct {
		name, addr string
		want       Address
		err        string // part of the error; "" means none
	}{
		{"loopback", "127.0.0.1:9191", Address{"tcp", "127.0.0.1:9191"}, ""},
		{"IPv6", "[::1]:9191", Address{"tcp", "[::1]:9191"}, ""},
		{"name", "localhost:0", Address{"tcp", "localhost:0"}, ""},
		{"every interface, explicitly", "0.0.0.0:9191", Address{"tcp", "0.0.0.0:9191"}, ""},
		{"unix", "unix:///run/extauthz.sock", Address{"unix", "/run/extauthz.sock"}, ""},
		{"longest path", "unix:///" + strings.Repeat("a", maxSocketPath-1), Address{"unix", "/" + strings.Repeat("a", maxSocketPath-1)}, ""},
		{"too long a path", "unix:///" + strings.Repeat("a", maxSocketPath), Address{}, "choose a shorter one"},
		{"NUL in the path", "unix:///run/a\x00b", Address{}, "NUL"},
		{"relative path", "unix://run/a.sock", Address{}, "must be absolute"},
		{"abstract socket", "unix://@extauthz", Address{}, "must be absolute"},
		{"no path", "unix://", Address{}, "must be absolute"},
		{"empty", "", Address{}, "the port is missing"},
		{"no port", "127.0.0.1", Address{}, "the port is missing"},
		{"no host", ":9191", Address{}, "the host is missing"},
		{"empty port", "127.0.0.1:", Address{}, "not a number"},
		{"service name", "127.0.0.1:http", Address{}, "not a number"},
		{"port too large", "127.0.0.1:65536", Address{}, "not a number"},
		{"negative port", "127.0.0.1:-1", Address{}, "not a number"},
		{"another scheme", "tcp://127.0.0.1:9191", Address{}, "is not an address"},
		{"IPv6 without brackets", "::1:9191", Address{}, "put an IPv6 address between brackets"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseAddress(c.addr)
			if c.err == "" {
				if err != nil || got != c.want {
					t.Fatalf("ParseAddress(%q) = %v, %v; want %v", c.addr, got, err, c.want)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Fatalf("ParseAddress(%q) error = %v; want one with %q", c.addr, err, c.err)
			}
		})
	}
}
