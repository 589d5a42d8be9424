package mesh

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// A mirror is an upstream that answers every request with 200, and keeps what it receives.
type mirror struct {
	address  string
	mu       sync.Mutex
	received []*http.Request
}

// newMirror starts a mirror at an address until the test ends.
func newMirror(t *testing.T, address string) *mirror {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	m := &mirror{address: listener.Addr().String()}
	server := httptest.NewUnstartedServer(m)
	server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	return m
}

// ServeHTTP keeps the request.
func (m *mirror) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.received = append(m.received, r.Clone(r.Context()))
	w.WriteHeader(http.StatusOK)
}

// take returns the requests since the last call.
func (m *mirror) take() []*http.Request {
	m.mu.Lock()
	defer m.mu.Unlock()
	taken := m.received
	m.received = nil
	return taken
}
