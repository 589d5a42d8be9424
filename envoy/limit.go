package envoy

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"extauthz/clientip"
)

// answerGrace is the time without an answer after which a connection can be closed to make
// room for a new one. It is far longer than a check or a probe takes, so that a connection in
// use is never closed.
const answerGrace = time.Second

// A LimitedListener is a listener with a limit on open connections, so that clients cannot use
// up the process's file descriptors.
//
// At the limit, a new connection replaces one that got no answer within the last second.
// Connections that never complete a request are therefore closed first, and Envoy or a probe
// can still connect. If every connection got an answer within the last second, the new one
// replaces one of the client that has the most connections. If its own client has about as
// many, the new connection itself is closed.
type LimitedListener struct {
	net.Listener
	limit int

	mu     sync.Mutex
	open   map[*limitedConn]struct{}
	counts map[netip.Prefix]int // open connections by client
	closed atomic.Uint64
}

// LimitConnections returns a listener that accepts from l and has at most limit open
// connections. limit must be positive.
func LimitConnections(l net.Listener, limit int) *LimitedListener {
	return &LimitedListener{Listener: l, limit: limit, open: make(map[*limitedConn]struct{}), counts: make(map[netip.Prefix]int)}
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

// admit adds c to the open connections and returns the connection to close for it: nil below
// the limit, and c itself if no other may be closed.
func (l *LimitedListener) admit(c *limitedConn) (surplus *limitedConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.open) >= l.limit {
		now := c.answered.Load()
		surplus = l.leastInUse(now)
		if surplus.recentlyAnswered(now) && l.counts[surplus.client] <= l.counts[c.client]+1 {
			return c
		}
		l.remove(surplus)
	}
	l.open[c] = struct{}{}
	l.counts[c.client]++
	return surplus
}

// leastInUse returns the connection to close at the time now: one without a recent answer, or
// else one of the client that has the most connections, and of several the one whose last
// answer is oldest.
func (l *LimitedListener) leastInUse(now int64) (least *limitedConn) {
	for c := range l.open {
		if least == nil || l.less(c, least, now) {
			least = c
		}
	}
	return least
}

// less reports whether a is closed before b.
func (l *LimitedListener) less(a, b *limitedConn, now int64) bool {
	if recent := a.recentlyAnswered(now); recent != b.recentlyAnswered(now) {
		return !recent
	}
	if n, m := l.counts[a.client], l.counts[b.client]; n != m {
		return n > m
	}
	return a.answered.Load() < b.answered.Load()
}

// remove removes c from the open connections, if it is one.
func (l *LimitedListener) remove(c *limitedConn) {
	if _, found := l.open[c]; !found {
		return
	}
	delete(l.open, c)
	if l.counts[c.client]--; l.counts[c.client] == 0 {
		delete(l.counts, c.client)
	}
}

// clientOf returns the client that a connection counts for. All connections of a unix socket
// have the same client.
func clientOf(address net.Addr) netip.Prefix {
	tcp, ok := address.(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	return clientip.Network(tcp.AddrPort().Addr())
}

// A limitedConn is a connection that counts towards the limit of its listener.
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

// recentlyAnswered reports whether the connection got an answer within answerGrace before now.
func (c *limitedConn) recentlyAnswered(now int64) bool {
	return now-c.answered.Load() < int64(answerGrace)
}

// Close closes the connection, so that another one can be accepted.
func (c *limitedConn) Close() error {
	c.listener.mu.Lock()
	c.listener.remove(c)
	c.listener.mu.Unlock()
	return c.Conn.Close()
}
