package envoy

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// answerGrace is how long a connection may go without an answer before it can
// be closed in favour of a new one. It is far longer than a check or a probe
// takes, so that a connection in use is never closed.
const answerGrace = time.Second

// A LimitedListener is a listener whose open connections are limited, so that
// clients cannot use up the process's file descriptors.
//
// At the limit a new connection replaces one that got no answer within the last
// second. Connections that never finish a request therefore give way, and a
// probe or Envoy still gets in. If every connection got an answer within the
// last second, the new one replaces one of the client that has the most
// connections, and is closed if its own client has about as many.
type LimitedListener struct {
	net.Listener
	most int

	mu     sync.Mutex
	open   map[*limitedConn]struct{}
	counts map[netip.Prefix]int // open connections by client
	closed atomic.Uint64
}

// LimitConnections returns a listener that accepts from l and keeps at most
// most connections open. most must be positive.
func LimitConnections(l net.Listener, most int) *LimitedListener {
	return &LimitedListener{Listener: l, most: most, open: make(map[*limitedConn]struct{}), counts: make(map[netip.Prefix]int)}
}

// Closed returns the number of connections closed because of the limit.
func (l *LimitedListener) Closed() uint64 { return l.closed.Load() }

// Accept returns the next connection within the limit.
func (l *LimitedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &limitedConn{Conn: conn, listener: l, client: clientOf(conn.RemoteAddr())}
		c.answered.Store(time.Now().UnixNano())
		surplus := l.admit(c)
		if surplus != nil {
			l.closed.Add(1)
			surplus.Close()
		}
		if surplus != c {
			return c, nil
		}
	}
}

// admit records c as open and returns the connection to close for it: nil
// below the limit, and c itself if no other may be closed.
func (l *LimitedListener) admit(c *limitedConn) (surplus *limitedConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.open) >= l.most {
		now := c.answered.Load()
		surplus = l.leastInUse(now)
		if surplus.answeredLately(now) && l.counts[surplus.client] <= l.counts[c.client]+1 {
			return c
		}
		l.remove(surplus)
	}
	l.open[c] = struct{}{}
	l.counts[c.client]++
	return surplus
}

// leastInUse returns the connection that gives way at the time now. Connections
// without a recent answer come first, then those of the client that has the most
// connections, then the one whose last answer is oldest.
func (l *LimitedListener) leastInUse(now int64) (least *limitedConn) {
	for c := range l.open {
		if least == nil || l.less(c, least, now) {
			least = c
		}
	}
	return least
}

// less reports whether a gives way before b.
func (l *LimitedListener) less(a, b *limitedConn, now int64) bool {
	if lately := a.answeredLately(now); lately != b.answeredLately(now) {
		return !lately
	}
	if n, m := l.counts[a.client], l.counts[b.client]; n != m {
		return n > m
	}
	return a.answered.Load() < b.answered.Load()
}

// remove stops counting c, unless that was done before.
func (l *LimitedListener) remove(c *limitedConn) {
	if _, found := l.open[c]; !found {
		return
	}
	delete(l.open, c)
	if l.counts[c.client]--; l.counts[c.client] == 0 {
		delete(l.counts, c.client)
	}
}

// clientOf returns the client by which a connection is counted: an IPv4 address,
// or the first 64 bits of an IPv6 address, of which a client has all the others
// to choose from. All connections of a unix socket have the same client.
func clientOf(address net.Addr) netip.Prefix {
	tcp, ok := address.(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	ip := tcp.AddrPort().Addr().Unmap()
	prefix, _ := ip.Prefix(min(ip.BitLen(), 64)) // fails only for more bits than ip has
	return prefix
}

// A limitedConn is a connection that its listener counts.
type limitedConn struct {
	net.Conn
	listener *LimitedListener
	client   netip.Prefix
	answered atomic.Int64 // when the server last wrote, or accepted, in Unix nanoseconds
}

// Write writes to the client and records the answer.
func (c *limitedConn) Write(p []byte) (int, error) {
	c.answered.Store(time.Now().UnixNano())
	return c.Conn.Write(p)
}

// answeredLately reports whether the connection got an answer within answerGrace
// before now.
func (c *limitedConn) answeredLately(now int64) bool {
	return now-c.answered.Load() < int64(answerGrace)
}

// Close closes the connection and makes room for another.
func (c *limitedConn) Close() error {
	c.listener.mu.Lock()
	c.listener.remove(c)
	c.listener.mu.Unlock()
	return c.Conn.Close()
}
