package envoy

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
)

// minPingInterval is how often a client may send an HTTP/2 PING. Envoy sends
// them when its cluster has connection_keepalive, and grpc-go's default of
// five minutes would answer with GOAWAY too_many_pings.
const minPingInterval = 10 * time.Second

// Bounds on what a client of the gRPC port can hold. Envoy opens a connection
// for each worker thread and another one where a connection has as many
// streams as the server allows.
const (
	maxStreams       = 256              // concurrent checks on one connection
	handshakeTimeout = 5 * time.Second  // for TLS and the HTTP/2 preface
	maxIdle          = 15 * time.Minute // without a call: a GOAWAY, after which Envoy connects anew
	pingInterval     = time.Minute      // without traffic: a PING that finds lost peers
	pingTimeout      = 20 * time.Second
)

// ServiceName is the name of the service in gRPC health.
const ServiceName = "envoy.service.auth.v3.Authorization"

// ServerOptions says what a [Server] serves and how.
type ServerOptions struct {
	Authorization Authorization // answers the checks
	TLS           *tls.Config   // nil: plain text
}

// Authorization answers ext_authz checks.
type Authorization interface {
	// Check answers one check.
	Check(context.Context, *authv3.CheckRequest) (*authv3.CheckResponse, error)

	// Unreadable answers a check that could not be read; the error says why, in
	// words without a part of the message.
	Unreadable(context.Context, error) *authv3.CheckResponse
}

// Server is the gRPC server that Envoy calls: the Authorization service and
// gRPC health for "" and [ServiceName]. Reflection is not offered.
type Server struct {
	grpc   *grpc.Server
	health *health.Server
}

// NewServer returns a server whose health is NOT_SERVING until SetServing says
// otherwise. Checks are answered in either state.
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

// Serve answers on l until Drain. It closes l, and returns nil after Drain or
// what made the listener fail.
func (s *Server) Serve(l net.Listener) error {
	return s.grpc.Serve(l)
}

// SetServing turns the health of the server and of its Authorization service
// to SERVING or NOT_SERVING.
func (s *Server) SetServing(serving bool) {
	status := healthv1.HealthCheckResponse_NOT_SERVING
	if serving {
		status = healthv1.HealthCheckResponse_SERVING
	}
	s.health.SetServingStatus("", status)
	s.health.SetServingStatus(ServiceName, status)
}

// Drain stops the server: it closes the listener, turns health to NOT_SERVING
// for good and waits for the calls under way. When ctx ends first it cuts them
// off and returns ctx's error: an open health Watch alone would otherwise hold
// a graceful stop for ever.
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
