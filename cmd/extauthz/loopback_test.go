package main

import "testing"

func TestLoopbackAddress(t *testing.T) {
	for _, c := range []struct{ addr, want string }{
		{"127.0.0.1:9192", "127.0.0.1:9192"},
		{"127.8.9.10:1", "127.8.9.10:1"},
		{"[::1]:9192", "[::1]:9192"},
		{"[::ffff:127.0.0.1]:9192", "127.0.0.1:9192"},
		{"localhost:0", "127.0.0.1:0"},
		{"0.0.0.0:9192", ""},
		{"[::]:9192", ""},
		{"192.0.2.1:9192", ""},
		{"[::ffff:192.0.2.1]:9192", ""},
		{"name.invalid:9192", ""},
		{"127.0.0.1", ""},
	} {
		got, err := loopbackAddress(t.Context(), c.addr)
		if got != c.want && !(c.addr == "localhost:0" && got == "[::1]:0") || (err == nil) != (c.want != "") {
			t.Errorf("loopbackAddress(%q) = %q, %v; want %q", c.addr, got, err, c.want)
		}
	}
}

func TestLoopbackHost(t *testing.T) {
	for _, c := range []struct {
		header string
		want   bool
	}{
		{"localhost", true},
		{"LocalHost:9192", true},
		{"127.0.0.1", true},
		{"127.0.0.1:9192", true},
		{"127.1.2.3:9192", true},
		{"[::1]:9192", true},
		{"[::1]", true},
		{"", false},
		{"evil.example", false},
		{"localho\u017ft", false},
		{"localho\u017ft:9192", false},
		{"evil.example:9192", false},
		{"localhost.evil.example:9192", false},
		{"127.0.0.1.evil.example", false},
		{"127.0.0.1@evil.example", false},
		{"192.0.2.1:9192", false},
		{"0.0.0.0:9192", false},
		{"2130706433:9192", false},
		{"127.1:9192", false},
	} {
		if got := loopbackHost(c.header); got != c.want {
			t.Errorf("loopbackHost(%q) = %v; want %v", c.header, got, c.want)
		}
	}
}
