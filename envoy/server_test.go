package envoy

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"extauthz/authz"
)

// authorizationFunc is a function as an Authorization service that denies.
type authorizationFunc func(context.Context)

func (f authorizationFunc) Check(ctx context.Context, _ []byte) []byte {
	f(ctx)
	return response(&authz.Result{}, 0, new(removals))
}

func (f authorizationFunc) Unreadable(context.Context, error) []byte {
	return response(&authz.Result{}, 0, new(removals))
}

func deny(context.Context) {}

// serving is a server under test and the result of its Serve.
type serving struct {
	*Server
	listener net.Listener
	done     chan error
}

func serve(t *testing.T, config *tls.Config, check authorizationFunc) *serving {
	t.Helper()
	s := &serving{
		Server:   NewServer(ServerOptions{Authorization: check, TLS: config}),
		listener: mustListen(t, "127.0.0.1:0", 0),
		done:     make(chan error, 1),
	}
	go func() { s.done <- s.Serve(s.listener) }()
	t.Cleanup(func() {
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		s.Drain(ended)
	})
	return s
}

func (s *serving) dial(t *testing.T, creds credentials.TransportCredentials) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///"+s.listener.Addr().String(), grpc.WithTransportCredentials(creds))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func check(ctx context.Context, conn *grpc.ClientConn) error {
	_, err := authv3.NewAuthorizationClient(conn).Check(ctx, &authv3.CheckRequest{})
	return err
}

// TestServerHealth checks the health of the server and of its service.
func TestServerHealth(t *testing.T) {
	s := serve(t, nil, deny)
	client := healthv1.NewHealthClient(s.dial(t, insecure.NewCredentials()))
	want := func(when string, want healthv1.HealthCheckResponse_ServingStatus) {
		t.Helper()
		for _, service := range []string{"", "envoy.service.auth.v3.Authorization"} {
			got, err := client.Check(t.Context(), &healthv1.HealthCheckRequest{Service: service})
			if err != nil || got.GetStatus() != want {
				t.Errorf("%s: health of %q = %v, %v; want %v", when, service, got.GetStatus(), err, want)
			}
		}
	}
	want("at the start", healthv1.HealthCheckResponse_NOT_SERVING)
	s.SetServing(true)
	want("serving", healthv1.HealthCheckResponse_SERVING)
	s.SetServing(false)
	want("not serving any more", healthv1.HealthCheckResponse_NOT_SERVING)
	_, err := client.Check(t.Context(), &healthv1.HealthCheckRequest{Service: "other"})
	if status.Code(err) != codes.NotFound {
		t.Errorf("health of an unknown service: %v; want NotFound", err)
	}
}

// TestServerHasNoReflection checks that the server does not serve reflection.
func TestServerHasNoReflection(t *testing.T) {
	conn := serve(t, nil, deny).dial(t, insecure.NewCredentials())
	for _, method := range []string{
		"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
		"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
	} {
		err := conn.Invoke(t.Context(), method, &authv3.CheckRequest{}, &authv3.CheckResponse{})
		if status.Code(err) != codes.Unimplemented {
			t.Errorf("%s: %v; want Unimplemented", method, err)
		}
	}
}

// TestServerKeepalive checks that a connection without calls remains open for ten minutes of the
// bubble's clock, with as many pings as are allowed.
func TestServerKeepalive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := bufconn.Listen(1 << 16)
		s := NewServer(ServerOptions{Authorization: authorizationFunc(deny)})
		go s.Serve(listener)
		conn, err := grpc.NewClient("passthrough:///bubble",
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
			grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: minPingInterval, PermitWithoutStream: true}))
		if err != nil {
			t.Fatal(err)
		}
		if err := check(t.Context(), conn); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		if conn.WaitForStateChange(ctx, connectivity.Ready) {
			t.Errorf("the connection went from READY to %v", conn.GetState())
		}
		conn.Close()
		s.Drain(t.Context())
	})
}

// TestServerDrainWaitsForCheck checks that Drain waits for a check in progress.
func TestServerDrainWaitsForCheck(t *testing.T) {
	started, release := make(chan struct{}), make(chan struct{})
	s := serve(t, nil, func(context.Context) { close(started); <-release })
	conn := s.dial(t, insecure.NewCredentials())
	answered := make(chan error, 1)
	go func() { answered <- check(t.Context(), conn) }()
	<-started

	drained := make(chan error, 1)
	go func() { drained <- s.Drain(t.Context()) }()
	waitRefused(t, s.listener.Addr().String())
	select {
	case err := <-drained:
		t.Fatalf("drained with a check in progress: %v", err)
	default:
	}
	close(release)
	for name, result := range map[string]chan error{"check": answered, "Drain": drained, "Serve": s.done} {
		if err := <-result; err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// waitRefused waits until no process listens on addr.
func waitRefused(t *testing.T, addr string) {
	t.Helper()
	for {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return
		}
		conn.Close()
		time.Sleep(time.Millisecond)
	}
}

// TestServerDrainIsBoundedByHealthWatch checks that an open health Watch does not prevent Drain.
func TestServerDrainIsBoundedByHealthWatch(t *testing.T) {
	s := serve(t, nil, deny)
	s.SetServing(true)
	watch, err := healthv1.NewHealthClient(s.dial(t, insecure.NewCredentials())).Watch(t.Context(), &healthv1.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	next := func() (healthv1.HealthCheckResponse_ServingStatus, error) {
		got, err := watch.Recv()
		return got.GetStatus(), err
	}
	if got, err := next(); err != nil || got != healthv1.HealthCheckResponse_SERVING {
		t.Fatalf("first watched status = %v, %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	drained := make(chan error, 1)
	go func() { drained <- s.Drain(ctx) }()
	if got, err := next(); err != nil || got != healthv1.HealthCheckResponse_NOT_SERVING {
		t.Errorf("watched status while draining = %v, %v", got, err)
	}
	cancel() // not before the status was sent, which the end of Drain prevents
	if err := <-drained; !errors.Is(err, context.Canceled) {
		t.Errorf("Drain = %v; want the context's error", err)
	}
	if _, err := next(); err == nil {
		t.Error("the watch did not end with the server")
	}
	if err := <-s.done; err != nil {
		t.Errorf("Serve = %v; want nil after Drain", err)
	}
}

// TestServerPassesDeadline checks that a check has the deadline of its client.
func TestServerPassesDeadline(t *testing.T) {
	returned := make(chan struct{}) // the client has given up; otherwise the answer could arrive first
	s := serve(t, nil, func(ctx context.Context) {
		if _, ok := ctx.Deadline(); !ok {
			t.Error("no deadline")
			return
		}
		<-ctx.Done()
		<-returned
	})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := check(ctx, s.dial(t, insecure.NewCredentials()))
	close(returned)
	if status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("check = %v; want DeadlineExceeded", err)
	}
}
