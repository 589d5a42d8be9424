// Command noop is an ext_authz server that allows every check, to compare others with.
//
// It serves on a unix socket in one of two ways. With -decode=generated it is what a naive
// server is: the generated types, which decode every field and encode each answer. With
// -decode=hand it reads the fields that a decision depends on from the wire, and its answer
// is already encoded. Metrics of the Go runtime are at /metrics on another address.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	rpcstatus "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	socket := flag.String("listen", "", "the unix socket to serve on")
	metrics := flag.String("metrics", "", "HOST:PORT of the metrics")
	decode := flag.String("decode", "generated", "how checks are decoded: generated or hand")
	flag.Parse()
	var server *grpc.Server
	switch *decode {
	case "generated":
		server = grpc.NewServer()
		authv3.RegisterAuthorizationServer(server, naive{})
	case "hand":
		server = handServer()
	default:
		return fmt.Errorf("-decode %q is unknown; give generated or hand", *decode)
	}
	checks, err := net.Listen("unix", *socket)
	if err != nil {
		return err
	}
	reader, err := net.Listen("tcp", *metrics)
	if err != nil {
		return err
	}
	observer := &http.Server{Handler: http.HandlerFunc(writeMetrics), ReadHeaderTimeout: time.Second}
	failed := make(chan error, 2)
	go func() { failed <- observer.Serve(reader) }()
	go func() { failed <- server.Serve(checks) }()
	return errors.Join(errors.New("the server ended"), <-failed)
}

// writeMetrics writes what the benchmark reads of the sidecar's metrics.
func writeMetrics(w http.ResponseWriter, _ *http.Request) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	fmt.Fprintf(w, "go_memstats_alloc_bytes_total %d\ngo_memstats_mallocs_total %d\n", m.TotalAlloc, m.Mallocs)
}

// naive is a server that uses the generated types.
type naive struct {
	authv3.UnimplementedAuthorizationServer
}

// Check allows.
func (naive) Check(context.Context, *authv3.CheckRequest) (*authv3.CheckResponse, error) {
	return &authv3.CheckResponse{
		Status:       &rpcstatus.Status{},
		HttpResponse: &authv3.CheckResponse_OkResponse{OkResponse: &authv3.OkHttpResponse{}},
	}, nil
}
