package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
)

// The clients of this file send spans to a collector (OpenTelemetry Protocol Specification,
// "OTLP/gRPC" and "OTLP/HTTP"). Each client of the SDK adds 140 KB to the program.

// client returns a client of the collector. It connects when it sends.
func (c *traceCollector) client() (otlptrace.Client, error) {
	if !c.grpc {
		transport := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: c.tls, IdleConnTimeout: time.Minute}
		return &httpTraces{c, &http.Client{Transport: transport, CheckRedirect: noRedirect}}, nil
	}
	security := insecure.NewCredentials()
	if c.tls != nil {
		security = credentials.NewTLS(c.tls)
	}
	conn, err := grpc.NewClient(c.address, grpc.WithTransportCredentials(security), grpc.WithDefaultServiceConfig(grpcRetries))
	if err != nil {
		return nil, err
	}
	return &grpcTraces{c, conn}, nil
}

// noRedirect makes a redirect an answer, so that headers reach no other server.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// grpcRetries repeats a call after the statuses that the specification lists.
const grpcRetries = `{"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":4,"initialBackoff":"0.5s","maxBackoff":"5s","backoffMultiplier":2,
"retryableStatusCodes":["CANCELLED","DEADLINE_EXCEEDED","ABORTED","OUT_OF_RANGE","UNAVAILABLE","DATA_LOSS"]}}]}`

// grpcTraces sends spans over gRPC.
type grpcTraces struct {
	*traceCollector
	conn *grpc.ClientConn
}

// Start implements otlptrace.Client.
func (g *grpcTraces) Start(context.Context) error { return nil }

// Stop implements otlptrace.Client.
func (g *grpcTraces) Stop(context.Context) error { return g.conn.Close() }

// UploadTraces sends spans. TracesData has the form of the request of this method.
func (g *grpcTraces) UploadTraces(ctx context.Context, spans []*tracev1.ResourceSpans) error {
	ctx, cancel := context.WithTimeout(metadata.NewOutgoingContext(ctx, metadata.New(g.headers)), g.timeout)
	defer cancel()
	answer := new(emptypb.Empty)
	const method = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
	if err := g.conn.Invoke(ctx, method, &tracev1.TracesData{ResourceSpans: spans}, answer); err != nil {
		return err
	}
	return rejection(answer.ProtoReflect().GetUnknown())
}

// httpTraces sends spans over HTTP.
type httpTraces struct {
	*traceCollector
	http *http.Client
}

// Start implements otlptrace.Client.
func (h *httpTraces) Start(context.Context) error { return nil }

// Stop implements otlptrace.Client.
func (h *httpTraces) Stop(context.Context) error {
	h.http.CloseIdleConnections()
	return nil
}

// firstPause is the time before a request is sent again. It doubles with each repetition.
const firstPause = 500 * time.Millisecond

// UploadTraces sends spans.
func (h *httpTraces) UploadTraces(ctx context.Context, spans []*tracev1.ResourceSpans) error {
	body, err := proto.Marshal(&tracev1.TracesData{ResourceSpans: spans})
	if err != nil {
		return err
	}
	if h.gzip {
		var zipped bytes.Buffer
		w := gzip.NewWriter(&zipped)
		if _, err := w.Write(body); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		body = zipped.Bytes()
	}
	ctx, cancel := context.WithTimeout(ctx, h.timeout)
	defer cancel()
	for pause := firstPause; ; pause *= 2 {
		again, err := h.post(ctx, body)
		if !again {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}

// maxCollectorAnswer is how much of an answer is read, in bytes.
const maxCollectorAnswer = 4096

// post sends a body once. It reports whether to send it again.
func (h *httpTraces) post(ctx context.Context, body []byte) (again bool, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.address, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	r.Header.Set("Content-Type", "application/x-protobuf")
	if h.gzip {
		r.Header.Set("Content-Encoding", "gzip")
	}
	for name, value := range h.headers {
		r.Header.Set(name, value)
	}
	answer, err := h.http.Do(r)
	if err != nil {
		return true, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxCollectorAnswer))
	switch {
	case err != nil:
		return true, err
	case answer.StatusCode == http.StatusOK:
		return false, rejection(text)
	}
	retryable := []int{http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}
	return slices.Contains(retryable, answer.StatusCode), fmt.Errorf("the collector answered %s: %q", answer.Status, text)
}

// rejection returns an error if an ExportTraceServiceResponse says that the collector did not
// accept some spans.
func rejection(response []byte) error {
	partial, _ := firstField(response, protowire.BytesType)
	_, spans := firstField(partial, protowire.VarintType)
	if spans > 0 {
		return fmt.Errorf("the collector rejected %d spans of a batch", spans)
	}
	return nil
}

// firstField returns the field of a message with the number 1, if it has the type.
func firstField(message []byte, of protowire.Type) (text []byte, number uint64) {
	for len(message) > 0 {
		field, wireType, n := protowire.ConsumeTag(message)
		if n < 0 {
			return nil, 0
		}
		message = message[n:]
		switch {
		case field == 1 && wireType == of && of == protowire.BytesType:
			text, n = protowire.ConsumeBytes(message)
		case field == 1 && wireType == of && of == protowire.VarintType:
			number, n = protowire.ConsumeVarint(message)
		default:
			n = protowire.ConsumeFieldValue(field, wireType, message)
		}
		if n < 0 {
			return nil, 0
		}
		message = message[n:]
	}
	return text, number
}
