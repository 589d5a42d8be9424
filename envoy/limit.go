package envoy

import (
	"net"
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
// At the limit a new connection replaces the one that has gone longest without
// an answer. Connections that never finish a request therefore give way, and a
// probe or Envoy still gets in. If every connection got an answer within the
// last second, the new one is closed.
type LimitedListener struct {
	net.Listener
	most int

	mu     sync.Mutex
	open   map[*limitedConn]struct{}
	closed atomic.Uint64
}

// LimitConnections returns a listener that accepts from l and keeps at most
// most connections open. most must be positive.
func LimitConnections(l net.Listener, most int) *LimitedListener {
	return &LimitedListener{Listener: l, most: most, open: make(map[*limitedConn]struct{})}
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
		c := &limitedConn{Conn: conn, listener: l}
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
		surplus = l.longestUnanswered()
		if c.answered.Load()-surplus.answered.Load() < int64(answerGrace) {
			return c
		}
		delete(l.open, surplus)
	}
	l.open[c] = struct{}{}
	return surplus
}

// longestUnanswered returns the open connection whose last answer is oldest.
func (l *LimitedListener) longestUnanswered() (oldest *limitedConn) {
	for c := range l.open {
		if oldest == nil || c.answered.Load() < oldest.answered.Load() {
			oldest = c
		}
	}
	return oldest
}

// A limitedConn is a connection that its listener counts.
type limitedConn struct {
	net.Conn
	listener *LimitedListener
	answered atomic.Int64 // when the server last wrote, or accepted, in Unix nanoseconds
}

// Write writes to the client and records the answer.
func (c *limitedConn) Write(p []byte) (int, error) {
	c.answered.Store(time.Now().UnixNano())
	return c.Conn.Write(p)
}

// Close closes the connection and makes room for another.
func (c *limitedConn) Close() error {
	c.listener.mu.Lock()
	delete(c.listener.open, c)
	c.listener.mu.Unlock()
	return c.Conn.Close()
}
