package main

import (
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"testing"

	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
)

func TestConnectionLimits(t *testing.T) {
	for _, c := range []struct {
		name      string
		most      int
		openFiles uint64
		want      connectionLimits
	}{
		{"enough open files", 512, 1 << 20, connectionLimits{512, 64, 256}},
		{"no limit on open files", 512, 1<<64 - 1, connectionLimits{512, 64, 256}},
		{"few open files", 512, 256, connectionLimits{128, 32, 32}},
		{"hardly any open files", 512, 1, connectionLimits{1, 1, 1}},
		{"a small flag", 3, 1 << 20, connectionLimits{3, 64, 256}},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := config{maxConnections: c.most}
			if got := config.connectionLimits(c.openFiles); got != c.want {
				t.Errorf("limits %+v; want %+v", got, c.want)
			}
		})
	}
}

// TestIdleConnections opens more connections to each port than the process may have open
// files, from another address. They send nothing or half a request and never close.
// Envoy's port, the probes and policy reloads must still work.
func TestIdleConnections(t *testing.T) {
	const openFiles, each = 256, 400
	p := prepare(t, "--probe-listen", "127.0.0.1:0")
	p.Args = append([]string{"sh", "-c", `ulimit -n "$0" && exec "$@"`, strconv.Itoa(openFiles), p.Path}, p.Args[1:]...)
	p.Path = "/bin/sh"
	p.run(t)
	p.probes = p.message(t, "listening").Address
	conn := p.dial(t)
	pull(t, conn, 1, http.StatusOK)
	for _, attack := range []struct{ address, sends string }{
		{p.probes, "GET /livez HTTP/1.1\r\nHost: a\r\nX-Slow: "}, {p.probes, ""}, {p.admin, ""},
		{p.checks, ""}, {p.checks, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"},
	} {
		for range each {
			hold(t, attack.address, attack.sends)
		}
	}
	eventually(t, "the probe port answers", func() bool {
		response, err := http.Get("http://" + p.probes + "/readyz")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	pull(t, conn, 3, http.StatusOK)
	eventually(t, "a new connection of Envoy's is answered", func() bool {
		_, err := healthv1.NewHealthClient(p.dial(t)).Check(t.Context(), &healthv1.HealthCheckRequest{})
		return err == nil
	})
	if n := openDescriptors(t, p.Process.Pid); n > openFiles*7/8 {
		t.Errorf("%d open files of %d", n, openFiles)
	}
	if _, metrics := get(t, p.admin, "/metrics"); !regexp.MustCompile(`(?m)^extauthz_connections_closed_total [1-9]\d{3}$`).MatchString(metrics) {
		t.Error("/metrics does not count the connections that were closed")
	}
}

// hold opens a connection from a separate address that sends text and then nothing.
func hold(t *testing.T, address, text string) {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 66)}}
	conn, err := dialer.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.Write([]byte(text)) // fails if the server has already closed the connection
}

// openDescriptors returns how many files the process has open.
func openDescriptors(t *testing.T, pid int) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/" + strconv.Itoa(pid) + "/fd")
	if err != nil {
		t.Skip("this system does not list a process's open files in /proc")
	}
	return len(entries)
}
