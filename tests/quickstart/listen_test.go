package main

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"extauthz/tests/stack"
)

// TestParseListen checks every kind of value. {free} is a free port, {taken} one at which another
// program listens, {any} the chosen port.
func TestParseListen(t *testing.T) {
	port, taken := portOf(freeAddress(t)), listening(t)
	given := strings.NewReplacer("{free}", port, "{taken}", taken)
	for _, c := range []struct {
		listen      string
		bind, reach string // the result
		refused     string // or an error with this text
		instead     string // and this remedy; {advice} is any free address
	}{
		{"127.0.0.1:{free}", "127.0.0.1:{free}", "127.0.0.1:{free}", "", ""},
		{"localhost:{free}", "127.0.0.1:{free}", "localhost:{free}", "", ""},
		{":{free}", "127.0.0.1:{free}", "127.0.0.1:{free}", "", ""},
		{"{free}", "127.0.0.1:{free}", "127.0.0.1:{free}", "", ""},
		{"0.0.0.0:{free}", "0.0.0.0:{free}", "127.0.0.1:{free}", "", ""},
		{"127.0.0.1:0", "127.0.0.1:{any}", "127.0.0.1:{any}", "", ""},
		{"localhost:0", "127.0.0.1:{any}", "localhost:{any}", "", ""},
		{":0", "127.0.0.1:{any}", "127.0.0.1:{any}", "", ""},
		{"0", "127.0.0.1:{any}", "127.0.0.1:{any}", "", ""},
		{"127.0.0.1", "", "", "it has no port", "127.0.0.1:8080"},
		{"127.0.0.1:", "", "", "it has no port", "127.0.0.1:8080"},
		{"localhost", "", "", "it has no port", "localhost:8080"},
		{"localhost:", "", "", "it has no port", "localhost:8080"},
		{":", "", "", "it has no port", "127.0.0.1:8080"},
		{"::1", "", "", "it has no port", "[::1]:8080"},
		{"[::1]", "", "", "it has no port", "[::1]:8080"},
		{"[::1]:", "", "", "it has no port", "[::1]:8080"},
		{"::1:{free}:x", "", "", "it is not HOST:PORT", "127.0.0.1:8080"},
		{"http://127.0.0.1:{free}", "", "", "it is not HOST:PORT", "127.0.0.1:8080"},
		{"127.0.0.1:{free}/v2/", "", "", "it is not HOST:PORT", "127.0.0.1:8080"},
		{"127.0.0.1:http", "", "", `"http" is not a port from 0 to 65535`, "127.0.0.1:8080"},
		{"127.0.0.1:65536", "", "", `"65536" is not a port from 0 to 65535`, "127.0.0.1:8080"},
		{"127.0.0.1:-1", "", "", `"-1" is not a port from 0 to 65535`, "127.0.0.1:8080"},
		{"70000", "", "", `"70000" is not a port from 0 to 65535`, "127.0.0.1:8080"},
		{"registry.invalid:{free}", "", "", "the host name registry.invalid does not resolve to an address", "127.0.0.1:{free}"},
		{"a b:{free}", "", "", "the host name a b does not resolve to an address", "127.0.0.1:{free}"},
		{"192.0.2.1:{free}", "", "", "192.0.2.1 is not an address of this machine", "127.0.0.1:{free}"},
		{"127.0.0.1:{taken}", "", "", "another program listens on 127.0.0.1:{taken}", "{advice}"},
		{"localhost:{taken}", "", "", "another program listens on 127.0.0.1:{taken}", "{advice}"},
		{"0.0.0.0:{taken}", "", "", "another program listens on 0.0.0.0:{taken}", "{advice}"},
		{"{taken}", "", "", "another program listens on 127.0.0.1:{taken}", "{advice}"},
	} {
		t.Run(c.listen, func(t *testing.T) {
			got, err := parseListen(t.Context(), given.Replace(c.listen))
			if c.refused == "" {
				chosen := strings.NewReplacer("{free}", port, "{any}", portOf(got.bind.String()))
				if err != nil || got.bind.String() != chosen.Replace(c.bind) || got.reach != chosen.Replace(c.reach) || got.bind.Port() == 0 {
					t.Errorf("%v, error %v; want %s and %s", got, err, c.bind, c.reach)
				}
				return
			}
			if err == nil {
				t.Fatalf("served at %v", got)
			}
			text, advice, _ := strings.Cut(err.Error(), "; type make run LISTEN=")
			if !strings.Contains(text, given.Replace(c.refused)) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q, want %q in it", err, c.refused)
			}
			if c.instead != "{advice}" {
				if advice != given.Replace(c.instead) {
					t.Errorf("advice %q, want %q", advice, c.instead)
				}
			} else if _, err := parseListen(t.Context(), advice); err != nil {
				t.Errorf("the advice does not help: %v", err)
			}
		})
	}
}

// TestDefaultListen checks that an empty value is the usual address.
func TestDefaultListen(t *testing.T) {
	host, port, err := splitListen("")
	if err != nil || net.JoinHostPort(host, port) != usual {
		t.Errorf("%s, %s, error %v", host, port, err)
	}
}

// TestServed checks that an address is an error if the policies do not list its host.
func TestServed(t *testing.T) {
	for reach, ok := range map[string]bool{"127.0.0.1:80": true, "localhost:80": true, "[::1]:80": false, "registry.example.com:80": false} {
		err := served(stack.Root()+"/examples/quickstart/policies", reach, listenAddress{netip.MustParseAddrPort("127.0.0.1:80"), reach})
		if (err == nil) != ok {
			t.Errorf("%s: error %v", reach, err)
		}
		if err != nil && (!strings.Contains(err.Error(), "add it to the hosts in ") || !strings.HasSuffix(err.Error(), "make run LISTEN=127.0.0.1:80")) {
			t.Errorf("%s: error %q lacks the remedy", reach, err)
		}
	}
}

// listening returns a port at which a listener accepts connections on every address.
func listening(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return portOf(l.Addr().String())
}

func portOf(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}
