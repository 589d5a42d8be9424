package main

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/metadata"

	"extauthz/authz"
	"extauthz/envoy"
	"extauthz/metrics"
	"extauthz/waits"
)

// traces makes one span of each check. The nil *traces makes none.
type traces struct {
	tracer     trace.Tracer
	propagator propagation.TextMapPropagator
	queue      *spanQueue
	shutdown   func(context.Context) error // sends the spans that wait
}

// spanName is the name of a check's span: that of the gRPC method, as the semantic conventions
// say.
const spanName = envoy.ServiceName + "/Check"

// begin returns the function that starts the span of a check; nil without traces.
func (t *traces) begin() func(context.Context, *authz.CheckRequest) context.Context {
	if t == nil {
		return nil
	}
	return t.start
}

// start starts the span of a check as the child of Envoy's span.
func (t *traces) start(ctx context.Context, r *authz.CheckRequest) context.Context {
	ctx, span := t.tracer.Start(t.propagator.Extract(ctx, callHeaders{ctx}), spanName,
		trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(r.Time))
	if !span.IsRecording() {
		return ctx
	}
	span.SetAttributes(requestAttributes(r)...)
	return waits.With(ctx, func(what waits.Kind, began time.Time, took time.Duration) {
		span.AddEvent("extauthz.wait."+string(what), trace.WithTimestamp(began),
			trace.WithAttributes(attribute.Float64("extauthz.wait.duration", took.Seconds())))
	})
}

// observe returns the function that ends the span of an answered check, and counts the answer
// with the trace that contains it, if that is sampled.
func (t *traces) observe(count func(*authz.Result, time.Duration, string)) func(context.Context, *authz.Result, time.Duration) {
	if t == nil {
		return func(_ context.Context, r *authz.Result, latency time.Duration) { count(r, latency, "") }
	}
	return func(ctx context.Context, r *authz.Result, latency time.Duration) { count(r, latency, end(ctx, r)) }
}

// end ends the span of a check. It returns the ID of its trace, or "" if that is not sampled.
func end(ctx context.Context, r *authz.Result) (traceID string) {
	span := trace.SpanFromContext(ctx)
	defer span.End()
	if span.IsRecording() {
		span.SetAttributes(resultAttributes(r)...)
		if r.Decision == authz.Unavailable503 {
			span.SetStatus(codes.Error, "")
		}
	}
	if of := span.SpanContext(); of.IsSampled() {
		traceID = of.TraceID().String()
	}
	return traceID
}

// tracesTimeout is the longest time to send the spans that wait when the process ends.
const tracesTimeout = time.Second

// close sends the spans that wait.
func (t *traces) close(logger *slog.Logger) {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), tracesTimeout)
	defer cancel()
	if err := t.shutdown(ctx); err != nil {
		logger.Warn("the last traces were not exported", "error", err)
	}
}

// metrics returns what a scrape reads.
func (t *traces) metrics() *metrics.TraceSource {
	if t == nil {
		return nil
	}
	return &metrics.TraceSource{Exported: t.queue.exported.Load, QueueFull: t.queue.full.Load, ExportFailed: t.queue.failed.Load}
}

// callHeaders are the headers of the gRPC call of a check, by which Envoy passes on the context
// of its own span. Those of the client's request are not read: they would let a client decide
// which of its requests are sampled.
type callHeaders struct{ ctx context.Context }

// Get implements propagation.TextMapCarrier. A header that is repeated has no value.
func (h callHeaders) Get(name string) string {
	if values := metadata.ValueFromIncomingContext(h.ctx, name); len(values) == 1 {
		return values[0]
	}
	return ""
}

// Set implements propagation.TextMapCarrier.
func (callHeaders) Set(string, string) {}

// Keys implements propagation.TextMapCarrier.
func (callHeaders) Keys() []string { return nil }

// requestAttributes returns the attributes of a check that are known when it begins.
func requestAttributes(r *authz.CheckRequest) []attribute.KeyValue {
	attributes := append(make([]attribute.KeyValue, 0, 4), semconv.RPCSystemNameGRPC, semconv.RPCMethod(spanName), method(r.Method))
	// The query may contain a credential, and so may what is not a path.
	if path, _, _ := strings.Cut(r.Path, "?"); strings.HasPrefix(path, "/") {
		attributes = append(attributes, semconv.URLPath(bounded(path)))
	}
	return attributes
}

// resultAttributes returns the attributes of an answered check. Those without a value are left
// out.
func resultAttributes(r *authz.Result) []attribute.KeyValue {
	attributes := append(make([]attribute.KeyValue, 0, 16), attribute.String("extauthz.decision", r.Decision.String()))
	for _, one := range [...]struct {
		key   attribute.Key
		value string
	}{
		{"extauthz.decision_id", r.ID},
		{"extauthz.registry", r.Registry},
		{"extauthz.operation", r.Operation},
		{"extauthz.action", r.Action()},
		{"extauthz.repository", r.Repository},
		{"extauthz.principal", r.Principal},
		{"extauthz.source", r.Source},
		{"extauthz.policy_digest", r.Digest},
		{"extauthz.reason", r.Reason},
		{semconv.ClientAddressKey, r.Client},
	} {
		if one.value != "" {
			attributes = append(attributes, one.key.String(bounded(one.value)))
		}
	}
	if r.DryRun {
		attributes = append(attributes, attribute.Bool("extauthz.dry_run", true))
	}
	if !r.Answer.Allowed {
		attributes = append(attributes, semconv.HTTPResponseStatusCode(r.Answer.Status))
	}
	if r.Decision == authz.Unavailable503 {
		attributes = append(attributes, semconv.ErrorTypeKey.String(r.Decision.String()))
	}
	return attributes
}

// method returns the attribute of an HTTP method. Any other text is _OTHER, as the semantic
// conventions say.
func method(text string) attribute.KeyValue {
	switch text {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE":
		return semconv.HTTPRequestMethodKey.String(text)
	}
	return semconv.HTTPRequestMethodOther
}

// maxAttribute limits the text of an attribute, in bytes.
const maxAttribute = 512

// bounded returns the beginning of a text that is valid UTF-8, without the memory of the text,
// which a span would retain.
func bounded(text string) string {
	return strings.ToValidUTF8(strings.Clone(text[:min(len(text), maxAttribute)]), "\uFFFD")
}
