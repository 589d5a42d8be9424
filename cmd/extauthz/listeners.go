package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"syscall"

	"extauthz/envoy"
)

// listeners contains the open listeners. Those other than checks may be nil.
type listeners struct {
	checks, admin, probe, signin net.Listener
	limited                      []*envoy.LimitedListener // the same ones
}

// openListeners opens all listeners of c, or none. The error names the flag.
func openListeners(c *config) (l listeners, err error) {
	for _, one := range []struct {
		flag, addr string
		listener   *net.Listener
	}{
		{"--listen", c.listen, &l.checks},
		{"--admin-listen", c.adminListen, &l.admin},
		{"--probe-listen", c.probeListen, &l.probe},
		{"--signin-listen", c.signinListen, &l.signin},
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
	for _, one := range []net.Listener{l.checks, l.admin, l.probe, l.signin} {
		if one != nil {
			errs = append(errs, one.Close())
		}
	}
	return errors.Join(errs...)
}

// announce logs the address of each listener, and warns if other machines can reach the
// port for Envoy without a client certificate.
func (l listeners) announce(logger *slog.Logger, mutual bool) {
	for _, one := range []struct {
		purpose  string
		listener net.Listener
	}{{"checks", l.checks}, {"admin", l.admin}, {"probes", l.probe}, {"signing in", l.signin}} {
		if one.listener != nil {
			addr := one.listener.Addr()
			logger.Info("listening", "for", one.purpose, "network", addr.Network(), "address", addr.String())
		}
	}
	if tcp, ok := l.checks.Addr().(*net.TCPAddr); ok && !tcp.IP.IsLoopback() && !mutual {
		logger.Warn("every client that reaches this address can query decisions; set --tls-client-ca", "address", tcp.String())
	}
}

// maxHTTPConnections is how many connections the admin port and the probe port
// each keep open. A kubelet and a few Prometheus servers need only a few.
const maxHTTPConnections = 64

// maxSigninConnections is how many connections the port for signing in keeps open. Envoy uses
// one for each request.
const maxSigninConnections = 256

// connectionLimits contains the number of connections that each port keeps open.
type connectionLimits struct {
	checks, http, signin int
}

// connectionLimits returns the limits for a process that may have a number of open files.
// Envoy's port gets at most half of them, the admin and the probe port an eighth each and the
// port for signing in an eighth. An eighth remains for policies, logs and the runtime.
func (c *config) connectionLimits(openFiles uint64) connectionLimits {
	share := func(most int, part uint64) int { return int(min(uint64(most), max(openFiles/part, 1))) }
	return connectionLimits{checks: share(c.maxConnections, 2), http: share(maxHTTPConnections, 8), signin: share(maxSigninConnections, 8)}
}

// openFileLimit returns how many files this process may have open (RLIMIT_NOFILE). The Go
// runtime has already raised the soft limit to the hard limit.
func openFileLimit() uint64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 1024 // the usual soft limit
	}
	return uint64(limit.Cur)
}

// limit limits the connections of every listener. It logs a warning if the limit on open
// files allows fewer than --max-connections.
func (l *listeners) limit(c *config, logger *slog.Logger) {
	limits := c.connectionLimits(openFileLimit())
	if limits.checks < c.maxConnections {
		logger.Warn("the limit on open files allows fewer connections than --max-connections; raise it, for example with ulimit -n", "connections", limits.checks)
	}
	for _, one := range []struct {
		listener *net.Listener
		most     int
	}{{&l.checks, limits.checks}, {&l.admin, limits.http}, {&l.probe, limits.http}, {&l.signin, limits.signin}} {
		if *one.listener != nil {
			limited := envoy.LimitConnections(*one.listener, one.most)
			*one.listener, l.limited = limited, append(l.limited, limited)
		}
	}
}

// closedByLimit returns how many connections were closed because a port had reached its
// limit.
func (l *listeners) closedByLimit() (n uint64) {
	for _, limited := range l.limited {
		n += limited.Closed()
	}
	return n
}
