package main

import (
	"log/slog"
	"net"
	"syscall"

	"extauthz/envoy"
)

// maxHTTPConnections is how many connections the admin port and the probe port
// keep open each. A kubelet and a few Prometheus servers need a handful.
const maxHTTPConnections = 64

// connectionLimits is how many connections each port keeps open.
type connectionLimits struct {
	checks, http int
}

// connectionLimits returns the limits for a process that may have so many open
// files. Envoy's port gets at most half of them and the HTTP ports an eighth
// each, so that a quarter remains for policies, logs and the runtime.
func (c *config) connectionLimits(openFiles uint64) connectionLimits {
	share := func(want int, part uint64) int { return int(min(uint64(want), max(openFiles/part, 1))) }
	return connectionLimits{checks: share(c.maxConnections, 2), http: share(maxHTTPConnections, 8)}
}

// openFileLimit returns how many files this process may have open (RLIMIT_NOFILE).
// Go has raised the soft limit to the hard one by then.
func openFileLimit() uint64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 1024 // the usual soft limit
	}
	return uint64(limit.Cur)
}

// limit limits the connections of every listener, and logs where the limit on
// open files allows fewer than --max-connections.
func (l *listeners) limit(c *config, logger *slog.Logger) {
	limits := c.connectionLimits(openFileLimit())
	if limits.checks < c.maxConnections {
		logger.Warn("the limit on open files allows fewer connections than --max-connections; raise it, for example with ulimit -n", "connections", limits.checks)
	}
	for _, one := range []struct {
		listener *net.Listener
		most     int
	}{{&l.checks, limits.checks}, {&l.admin, limits.http}, {&l.probe, limits.http}} {
		if *one.listener != nil {
			limited := envoy.LimitConnections(*one.listener, one.most)
			*one.listener, l.limited = limited, append(l.limited, limited)
		}
	}
}

// closedByLimit returns how many connections were closed because a port had as
// many as it keeps open.
func (l *listeners) closedByLimit() (n uint64) {
	for _, limited := range l.limited {
		n += limited.Closed()
	}
	return n
}
