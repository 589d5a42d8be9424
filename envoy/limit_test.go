package envoy

import (
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/test/bufconn"
)

// limited is a limited listener whose accepted connections arrive on a channel.
type limited struct {
	*LimitedListener
	dials    *bufconn.Listener
	accepted chan net.Conn
	client   net.Addr // of the next connection
}

// addressing is a listener whose connections have the address of a client of the test.
type addressing struct {
	net.Listener
	client *net.Addr
}

type addressedConn struct {
	net.Conn
	client net.Addr
}

func (c addressedConn) RemoteAddr() net.Addr { return c.client }

func (l addressing) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return addressedConn{conn, *l.client}, err
}

func listenLimited(t *testing.T, most int) *limited {
	t.Helper()
	dials := bufconn.Listen(1 << 10)
	l := &limited{dials: dials, accepted: make(chan net.Conn, 64)}
	l.LimitedListener = LimitConnections(addressing{dials, &l.client}, most)
	go func() {
		defer close(l.accepted)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			l.accepted <- conn
		}
	}()
	return l
}

// dial returns the client's and the server's end. server is nil if the connection was closed at
// once.
func (l *limited) dial(t *testing.T) (client, server net.Conn) {
	t.Helper()
	client, err := l.dials.DialContext(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	select {
	case server = <-l.accepted:
	default:
	}
	return client, server
}

// isClosed reports whether the other end closed the connection.
func isClosed(conn net.Conn) bool {
	conn.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := conn.Read(make([]byte, 1))
	var netErr net.Error
	return err != nil && !(errors.As(err, &netErr) && netErr.Timeout())
}

// TestLimitConnections checks which connection is closed at the limit.
func TestLimitConnections(t *testing.T) {
	for _, c := range []struct {
		name string
		// use runs after two connections were accepted, the second one half a second after
		// the first. The limit is two.
		use                  func(first, second net.Conn)
		closed               [2]bool // of the two, once a third one arrived
		thirdIsClosed        bool
		wantClosedByTheLimit uint64
	}{
		{"the connection that waited longest is closed",
			func(_, _ net.Conn) { time.Sleep(2 * time.Second) }, [2]bool{true, false}, false, 1},
		{"an answered connection remains open",
			func(first, _ net.Conn) { time.Sleep(2 * time.Second); first.Write([]byte("a")) }, [2]bool{false, true}, false, 1},
		{"connections answered within a second remain open",
			func(first, second net.Conn) {
				time.Sleep(2 * time.Second)
				first.Write([]byte("a"))
				second.Write([]byte("a"))
			}, [2]bool{false, false}, true, 1},
		{"new connections are not closed at once",
			func(_, _ net.Conn) {}, [2]bool{false, false}, true, 1},
		{"a closed connection makes room",
			func(first, _ net.Conn) { first.Close() }, [2]bool{true, false}, false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := listenLimited(t, 2)
				firstClient, first := l.dial(t)
				time.Sleep(time.Second / 2)
				secondClient, second := l.dial(t)
				c.use(first, second)
				thirdClient, third := l.dial(t)
				if (third == nil) != c.thirdIsClosed {
					t.Errorf("third connection closed: %t; want %t", third == nil, c.thirdIsClosed)
				}
				if got := l.Closed(); got != c.wantClosedByTheLimit {
					t.Errorf("%d connections closed by the limit; want %d", got, c.wantClosedByTheLimit)
				}
				// The clients read what was written before they find out what was closed.
				for i, client := range []net.Conn{firstClient, secondClient} {
					if got := drainedAndClosed(client); got != c.closed[i] {
						t.Errorf("connection %d closed: %t; want %t", i+1, got, c.closed[i])
					}
				}
				for _, conn := range []net.Conn{firstClient, secondClient, thirdClient, first, second, third} {
					if conn != nil {
						conn.Close()
					}
				}
				if n := len(l.open); n != 0 {
					t.Errorf("%d connections are still counted after all were closed", n)
				}
				l.Listener.Close()
			})
		})
	}
}

// drainedAndClosed reads what was written to conn and reports whether the
// other end then closed it.
func drainedAndClosed(conn net.Conn) bool {
	conn.SetReadDeadline(time.Now().Add(time.Millisecond))
	conn.Read(make([]byte, 1))
	return isClosed(conn)
}

// TestLimitConnectionsOfOneClient checks that one client cannot prevent connections of another, however many connections it opens
// and however often they get answers.
func TestLimitConnectionsOfOneClient(t *testing.T) {
	const most = 8
	for _, c := range []struct {
		name            string
		attacker, other string
		answered        bool // the attacker's connections get answers all the time
		wantClosed      bool // the other client's new connection
	}{
		{"connections that are opened continually", "192.0.2.66", "192.0.2.1", false, false},
		{"connections that get answers", "192.0.2.66", "192.0.2.1", true, false},
		{"another IPv6 network", "2001:db8:0:1::1", "2001:db8:0:2::1", true, false},
		{"the same IPv6 network", "2001:db8:0:1::1", "2001:db8:0:1::2", true, true},
		{"the same address", "192.0.2.66", "192.0.2.66", true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := listenLimited(t, most)
				var all, servers []net.Conn
				attack := func() {
					l.client = &net.TCPAddr{IP: net.ParseIP(c.attacker)}
					client, server := l.dial(t)
					if all = append(all, client); server != nil {
						all, servers = append(all, server), append(servers, server)
					}
				}
				answer := func() {
					for _, server := range servers {
						server.SetWriteDeadline(time.Now().Add(time.Millisecond))
						server.Write([]byte("a")) // fails for those that were closed
					}
				}
				for range 10 * most {
					attack()
					time.Sleep(time.Second / 10 / most)
				}
				if c.answered {
					time.Sleep(2 * time.Second)
					answer()
				}
				l.client = &net.TCPAddr{IP: net.ParseIP(c.other)}
				client, server := l.dial(t)
				if all = append(all, client); (server == nil) != c.wantClosed {
					t.Errorf("the new connection is closed: %t; want %t", server == nil, c.wantClosed)
				}
				if server != nil {
					all = append(all, server)
					for range 10 * most {
						attack()
					}
					if isClosed(client) {
						t.Error("the attacker's next connections replaced the other client's")
					}
				}
				for _, conn := range all {
					conn.Close()
				}
				if len(l.open) != 0 || len(l.counts) != 0 {
					t.Errorf("%d connections of %d clients are still counted after all were closed", len(l.open), len(l.counts))
				}
				l.Listener.Close()
			})
		})
	}
}
