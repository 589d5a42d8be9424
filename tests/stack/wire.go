package stack

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// wire chooses the addresses and writes Envoy's configuration.
func (s *Processes) wire() error {
	free, err := freeAddresses(3, s.spec.Listen)
	if err != nil {
		return err
	}
	s.admin = free[0]
	s.wiring = Wiring{
		Listener: s.spec.Listen,
		Registry: s.spec.Upstream,
		Socket:   filepath.Join(s.dir, "extauthz.sock"),
		Signin:   filepath.Join(s.dir, "signin.sock"),
		Admin:    filepath.Join(s.dir, "envoy.sock"),
		Certs:    s.spec.Certs,
	}
	if s.wiring.Listener == "" {
		s.wiring.Listener = free[1]
	}
	if s.wiring.Registry == "" {
		s.wiring.Registry = free[2]
	}
	example, err := os.ReadFile(s.spec.Envoy)
	if err != nil {
		return err
	}
	config, err := Rewire(example, s.wiring)
	if err != nil {
		return fmt.Errorf("%s: %w", s.spec.Envoy, err)
	}
	return os.WriteFile(s.config(), config, 0o644)
}

// freeAddresses returns n loopback addresses at which nothing listens. None has the port of
// reserved, HOST:PORT, at which a part of the stack will listen.
func freeAddresses(n int, reserved string) ([]string, error) {
	_, port, _ := net.SplitHostPort(reserved)
	var addresses []string
	for len(addresses) < n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		if _, chosen, _ := net.SplitHostPort(l.Addr().String()); chosen != port {
			addresses = append(addresses, l.Addr().String())
		}
	}
	return addresses, nil
}
