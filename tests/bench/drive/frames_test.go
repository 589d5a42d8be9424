package drive

import (
	"bytes"
	"io"
	"net"
	"path/filepath"
	"sync"
	"testing"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"golang.org/x/net/http2"
	"google.golang.org/grpc"

	"extauthz/tests/bench/workload"
)

// A recorder is a listener that records what clients send.
type recorder struct {
	net.Listener
	sent sync.Mutex // of the bytes of its connections
	all  []*recorded
}

// A recorded is a connection of a recorder.
type recorded struct {
	net.Conn
	sent *sync.Mutex
	text bytes.Buffer
}

func (r *recorder) Accept() (net.Conn, error) {
	conn, err := r.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &recorded{Conn: conn, sent: &r.sent}
	r.sent.Lock()
	defer r.sent.Unlock()
	r.all = append(r.all, c)
	return c, nil
}

func (c *recorded) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.sent.Lock()
	defer c.sent.Unlock()
	c.text.Write(p[:n])
	return n, err
}

// frames returns how many frames of each type the clients sent.
func (r *recorder) frames(t *testing.T) map[http2.FrameType]int {
	t.Helper()
	r.sent.Lock()
	defer r.sent.Unlock()
	counts := map[http2.FrameType]int{}
	for _, c := range r.all {
		text := bytes.TrimPrefix(c.text.Bytes(), []byte(http2.ClientPreface))
		for framer := http2.NewFramer(io.Discard, bytes.NewReader(text)); ; {
			frame, err := framer.ReadFrame()
			if err != nil {
				break
			}
			counts[frame.Header().Type]++
		}
	}
	return counts
}

// TestClientSendsTheFramesOfEnvoy checks that a check is a frame of HEADERS and one of DATA, and
// that there are no others except at the beginning of a connection and after many answers.
func TestClientSendsTheFramesOfEnvoy(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "socket")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	r, server := &recorder{Listener: listener}, grpc.NewServer(grpc.StaticConnWindowSize(connectionWindow))
	authv3.RegisterAuthorizationServer(server, allowing{})
	go func() { _ = server.Serve(r) }() // ends with Stop
	t.Cleanup(server.Stop)
	const connections, n = 2, 1000
	client, err := Dial("unix://"+socket, connections, new(workload.Sequence))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.Once(t.Context(), &Load{Checks: checks(n)}, 4).Err(); err != nil {
		t.Fatal(err)
	}
	frames := r.frames(t)
	if frames[http2.FrameHeaders] != n || frames[http2.FrameData] != n || frames[http2.FramePing] > 0 || frames[http2.FrameWindowUpdate] > 10*connections {
		t.Errorf("%d checks were sent in the frames %v", n, frames)
	}
}
