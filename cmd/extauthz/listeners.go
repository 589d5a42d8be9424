package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"

	"extauthz/envoy"
)

// listeners are the open ones; admin and probe may be nil.
type listeners struct {
	checks, admin, probe net.Listener
	limited              []*envoy.LimitedListener // the same ones
}

// openListeners opens all that c names, or none. The error names the flag.
func openListeners(c *config) (l listeners, err error) {
	for _, one := range []struct {
		flag, addr string
		listener   *net.Listener
	}{
		{"--listen", c.listen, &l.checks},
		{"--admin-listen", c.adminListen, &l.admin},
		{"--probe-listen", c.probeListen, &l.probe},
	} {
		if one.addr == "" {
			continue
		}
		if *one.listener, err = envoy.Listen(one.addr, fs.FileMode(c.socketMode)); err != nil {
			return listeners{}, errors.Join(fmt.Errorf("%s %s: %w", one.flag, one.addr, err), l.close())
		}
	}
	return l, nil
}

func (l listeners) close() error {
	var errs []error
	for _, one := range []net.Listener{l.checks, l.admin, l.probe} {
		if one != nil {
			errs = append(errs, one.Close())
		}
	}
	return errors.Join(errs...)
}

// announce logs where each listener is, and warns of one that strangers reach.
func (l listeners) announce(logger *slog.Logger, mutual bool) {
	for _, one := range []struct {
		purpose  string
		listener net.Listener
	}{{"checks", l.checks}, {"admin", l.admin}, {"probes", l.probe}} {
		if one.listener != nil {
			addr := one.listener.Addr()
			logger.Info("listening", "for", one.purpose, "network", addr.Network(), "address", addr.String())
		}
	}
	if tcp, ok := l.checks.Addr().(*net.TCPAddr); ok && !tcp.IP.IsLoopback() && !mutual {
		logger.Warn("whoever reaches this address can ask how the policies decide; give --tls-client-ca", "address", tcp.String())
	}
}
