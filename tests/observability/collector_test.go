package observability

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	collectorv1 "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonv1 "go.opentelemetry.io/proto/otlp/common/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// A span is one that a collector received, with the name of the service that made it.
type span struct {
	*tracev1.Span
	service string
}

// A collector receives traces over OTLP.
type collector struct {
	collectorv1.UnimplementedTraceServiceServer
	grpc, http string // addresses

	mu     sync.Mutex
	spans  []span
	tokens []string // of the header x-token of each request
}

// newCollector starts a collector that serves gRPC and HTTP until the test ends.
func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	collectorv1.RegisterTraceServiceServer(server, c)
	go func() { _ = server.Serve(l) }() // returns when the server is stopped
	t.Cleanup(server.Stop)
	web := httptest.NewServer(http.HandlerFunc(c.serveHTTP))
	t.Cleanup(web.Close)
	c.grpc, c.http = l.Addr().String(), web.URL
	return c
}

// Export receives spans over gRPC.
func (c *collector) Export(ctx context.Context, r *collectorv1.ExportTraceServiceRequest) (*collectorv1.ExportTraceServiceResponse, error) {
	c.receive(r, metadata.ValueFromIncomingContext(ctx, "x-token"))
	return &collectorv1.ExportTraceServiceResponse{}, nil
}

// serveHTTP receives spans over HTTP.
func (c *collector) serveHTTP(w http.ResponseWriter, r *http.Request) {
	request := &collectorv1.ExportTraceServiceRequest{}
	if err := decode(r, request); err != nil || r.URL.Path != "/v1/traces" {
		http.Error(w, "not traces", http.StatusBadRequest)
		return
	}
	c.receive(request, r.Header.Values("X-Token"))
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// decode decodes the body of a request.
func decode(r *http.Request, into proto.Message) error {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(r.Body)
		if err != nil {
			return err
		}
		body = unzipped
	}
	text, err := io.ReadAll(body)
	return errors.Join(err, proto.Unmarshal(text, into))
}

func (c *collector) receive(r *collectorv1.ExportTraceServiceRequest, tokens []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tokens = append(c.tokens, tokens...)
	for _, of := range r.GetResourceSpans() {
		service := attributes(of.GetResource().GetAttributes())["service.name"]
		for _, scope := range of.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				c.spans = append(c.spans, span{s, service})
			}
		}
	}
}

// of returns the spans of a service, and all tokens.
func (c *collector) of(service string) (spans []span, tokens []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.spans {
		if s.service == service {
			spans = append(spans, s)
		}
	}
	return spans, slices.Clone(c.tokens)
}

// attributes returns attributes whose values are text, with others as text.
func attributes(all []*commonv1.KeyValue) map[string]string {
	texts := map[string]string{}
	for _, a := range all {
		if text, ok := a.GetValue().GetValue().(*commonv1.AnyValue_StringValue); ok {
			texts[a.GetKey()] = text.StringValue
		} else {
			texts[a.GetKey()] = a.GetValue().String()
		}
	}
	return texts
}
