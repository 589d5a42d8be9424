package envoy

import (
	"context"
	"crypto/tls"
	"net"
	"runtime"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
)

// minPingInterval is the shortest interval between HTTP/2 PINGs of a client. Envoy sends them
// if its cluster has connection_keepalive. With grpc-go's default of five minutes, the server
// would answer GOAWAY too_many_pings.
const minPingInterval = 10 * time.Second

// Limits on what a client of the gRPC port can use up. Envoy opens a connection for each
// worker thread, and another one if a connection has as many streams as the server allows.
const (
	maxStreams       = 256              // concurrent checks on one connection
	handshakeTimeout = 5 * time.Second  // for TLS and the HTTP/2 preface
	maxIdle          = 15 * time.Minute // without a call, then a GOAWAY, after which Envoy reconnects
	pingInterval     = time.Minute      // without traffic, then a PING to detect lost peers
	pingTimeout      = 20 * time.Second
)

// streamWorkers is how many goroutines for each CPU answer checks. They are reused, so that
// their stacks need not grow with each check. Further checks at the same time have goroutines
// of their own, so that checks that wait do not delay others.
const streamWorkers = 8

// Windows of flow control, in bytes. With fixed windows the server does not send a PING with
// each check to measure the connection, which Envoy has to answer. A stream's window grows by
// itself for a larger check.
const (
	streamWindow     = 64 << 10
	connectionWindow = 1 << 20 // several hundred checks of the usual size
)

// ServiceName is the name of the service in gRPC health checks.
const ServiceName = "envoy.service.auth.v3.Authorization"

// ServerOptions are the settings of a [Server].
type ServerOptions struct {
	Authorization Authorization // answers the checks
	TLS           *tls.Config   // nil for plain text
}

// Authorization answers ext_authz checks.
type Authorization interface {
	// Check answers one check. The message and the answer are in protobuf's wire format.
	// The message is valid until Check returns.
	Check(ctx context.Context, message []byte) (answer []byte)

	// Unreadable answers a check that could not be read. The error is the reason and
	// contains no part of the message.
	Unreadable(context.Context, error) (answer []byte)
}

// Server is the gRPC server that Envoy calls. It serves the Authorization service, and health
// checks for "" and [ServiceName]. It does not serve reflection.
type Server struct {
	grpc   *grpc.Server
	health *health.Server
}

// NewServer returns a server whose health is NOT_SERVING until SetServing is called. The
// server answers checks in either state.
func NewServer(o ServerOptions) *Server {
	options := []grpc.ServerOption{
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{
			MinTime:             minPingInterval,
			PermitWithoutStream: true,
		}),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionIdle: maxIdle,
			Time:              pingInterval,
			Timeout:           pingTimeout,
		}),
		grpc.ConnectionTimeout(handshakeTimeout),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.MaxRecvMsgSize(maxReceived),
		grpc.ForceServerCodecV2(newCheckCodec()),
		grpc.NumStreamWorkers(uint32(streamWorkers * runtime.GOMAXPROCS(0))),
		grpc.StaticStreamWindowSize(streamWindow),
		grpc.StaticConnWindowSize(connectionWindow),
	}
	if o.TLS != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(o.TLS)))
	}
	s := &Server{grpc: grpc.NewServer(options...), health: health.NewServer()}
	s.grpc.RegisterService(&authorizationDesc, o.Authorization)
	healthv1.RegisterHealthServer(s.grpc, s.health)
	s.SetServing(false)
	return s
}

// Serve answers on l until Drain and closes l. It returns nil after Drain, and otherwise the
// error of the listener.
func (s *Server) Serve(l net.Listener) error {
	return s.grpc.Serve(l)
}

// SetServing sets the health of the server and of its Authorization service to SERVING or
// NOT_SERVING.
func (s *Server) SetServing(serving bool) {
	status := healthv1.HealthCheckResponse_NOT_SERVING
	if serving {
		status = healthv1.HealthCheckResponse_SERVING
	}
	s.health.SetServingStatus("", status)
	s.health.SetServingStatus(ServiceName, status)
}

// Drain stops the server: it closes the listener, sets health to NOT_SERVING permanently and
// waits for the calls in progress. If ctx ends first, it cancels them and returns ctx's error.
// Without this limit, a single open health Watch would prevent the stop.
func (s *Server) Drain(ctx context.Context) error {
	s.health.Shutdown()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.grpc.GracefulStop()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		s.grpc.Stop()
		<-done
		return context.Cause(ctx)
	}
}
