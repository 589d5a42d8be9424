package main

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/metadata"

	"extauthz/authz"
	"extauthz/mapping"
	"extauthz/waits"
)

// newTestTraces returns traces whose ended spans are recorded. Contexts without a sampled parent
// are not sampled.
func newTestTraces(formats ...string) (*traces, *tracetest.SpanRecorder) {
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.NeverSample())), sdktrace.WithSpanProcessor(spans))
	return &traces{tracer: provider.Tracer("test"), propagator: newPropagator(formats)}, spans
}

const (
	traceID = "4bf92f3577b34da6a3ce929d0e0e4736"
	spanID  = "00f067aa0ba902b7"
)

// TestSpanParent checks which parent a span has, and whether it is sampled: as Envoy's call says
// in the configured format, and never as the client's request says.
func TestSpanParent(t *testing.T) {
	const sampled, notSampled = "00-" + traceID + "-" + spanID + "-01", "00-" + traceID + "-" + spanID + "-00"
	for _, c := range []struct {
		name    string
		formats []string
		call    []string // headers of Envoy's call
		client  string   // traceparent of the client's request
		sampled bool
	}{
		{"nothing", []string{"tracecontext"}, nil, "", false},
		{"a sampled trace", []string{"tracecontext", "baggage"}, []string{"traceparent", sampled}, "", true},
		{"a trace that is not sampled", []string{"tracecontext"}, []string{"traceparent", notSampled}, "", false},
		{"a client that wants a sample", []string{"tracecontext"}, nil, sampled, false},
		{"a client that wants a sample of a trace that is not sampled", []string{"tracecontext"}, []string{"traceparent", notSampled}, sampled, false},
		{"a repeated header", []string{"tracecontext"}, []string{"traceparent", sampled, "traceparent", sampled}, "", false},
		{"an invalid header", []string{"tracecontext"}, []string{"traceparent", "00-" + traceID}, "", false},
		{"no format", []string{"none"}, []string{"traceparent", sampled}, "", false},
		{"b3 in one header", []string{"b3"}, []string{"b3", traceID + "-" + spanID + "-1"}, "", true},
		{"b3 in several headers", []string{"b3multi"}, []string{"x-b3-traceid", traceID, "x-b3-spanid", spanID, "x-b3-sampled", "1"}, "", true},
		{"b3 that is not configured", []string{"tracecontext"}, []string{"b3", traceID + "-" + spanID + "-1"}, "", false},
	} {
		of, spans := newTestTraces(c.formats...)
		r := &authz.CheckRequest{HTTPRequest: mapping.HTTPRequest{Method: "GET", Path: "/v2/", Headers: []mapping.Header{{Name: "traceparent", Value: c.client}}}, Time: time.Now()}
		var exemplar string
		ctx := of.begin()(metadata.NewIncomingContext(t.Context(), metadata.Pairs(c.call...)), r)
		of.observe(func(_ *authz.Result, _ time.Duration, trace string) { exemplar = trace })(ctx, authz.Unavailable("test"), 0)
		switch ended := spans.Ended(); {
		case !c.sampled:
			if len(ended) != 0 || exemplar != "" {
				t.Errorf("%s: %d spans and exemplar %q, want none", c.name, len(ended), exemplar)
			}
		case len(ended) != 1 || ended[0].Parent().SpanID().String() != spanID || ended[0].SpanContext().TraceID().String() != traceID || exemplar != traceID:
			t.Errorf("%s: spans %v and exemplar %q, want one child of %s", c.name, ended, exemplar, spanID)
		case ended[0].SpanKind() != trace.SpanKindServer || ended[0].Name() != "envoy.service.auth.v3.Authorization/Check" || !ended[0].StartTime().Equal(r.Time):
			t.Errorf("%s: %v span %s from %v", c.name, ended[0].SpanKind(), ended[0].Name(), ended[0].StartTime())
		}
	}
}

// TestSpanAttributes checks the attributes and events of spans.
func TestSpanAttributes(t *testing.T) {
	of, spans := newTestTraces("tracecontext")
	call := metadata.NewIncomingContext(t.Context(), metadata.Pairs("traceparent", "00-"+traceID+"-"+spanID+"-01"))
	span := func(r *authz.CheckRequest, result *authz.Result) sdktrace.ReadOnlySpan {
		ctx := of.start(call, r)
		waits.Begin(ctx, waits.PasswordHash)()
		end(ctx, result)
		return spans.Ended()[len(spans.Ended())-1]
	}
	long := strings.Repeat("é", 1000)
	request := &authz.CheckRequest{HTTPRequest: mapping.HTTPRequest{Method: "GET", Path: "/v2/team/app/manifests/v1?key=s3cret"}}
	for _, c := range []struct {
		name   string
		of     sdktrace.ReadOnlySpan
		want   map[string]string // text of attributes
		status string
	}{
		{"an allowed pull", span(request, &authz.Result{
			ID: "id", Answer: authz.Answer{Allowed: true}, Decision: authz.Allowed, Registry: "main", Principal: "arn:aws:iam::123456789012:user/alice",
			Source: "basic", Digest: "sha256:0", Operation: "GetManifest", Repository: "team/app", Client: "192.0.2.1",
			Evaluations: []authz.Evaluation{{Action: "ecr:BatchGetImage"}},
		}), map[string]string{
			"extauthz.decision": "allowed", "extauthz.decision_id": "id", "extauthz.registry": "main", "extauthz.operation": "GetManifest",
			"extauthz.action": "ecr:BatchGetImage", "extauthz.repository": "team/app", "extauthz.principal": "arn:aws:iam::123456789012:user/alice",
			"extauthz.source": "basic", "extauthz.policy_digest": "sha256:0", "client.address": "192.0.2.1",
			"http.request.method": "GET", "url.path": "/v2/team/app/manifests/v1", "rpc.system.name": "grpc", "rpc.method": "envoy.service.auth.v3.Authorization/Check",
		}, "Unset"},
		{"a request that is not one", span(
			&authz.CheckRequest{HTTPRequest: mapping.HTTPRequest{Method: "s3cret", Path: "s3cret"}},
			&authz.Result{Decision: authz.ImplicitDeny, DryRun: true, Answer: authz.Answer{Status: 412}, Reason: long},
		), map[string]string{
			"extauthz.decision": "implicitDeny", "extauthz.dry_run": "true", "extauthz.reason": long[:maxAttribute], "http.response.status_code": "412",
			"http.request.method": "_OTHER", "rpc.system.name": "grpc", "rpc.method": "envoy.service.auth.v3.Authorization/Check",
		}, "Unset"},
		{"a check that cannot be decided", span(request, &authz.Result{Decision: authz.Unavailable503, Answer: authz.Answer{Status: 503}}), map[string]string{
			"extauthz.decision": "unavailable", "error.type": "unavailable", "http.response.status_code": "503",
			"http.request.method": "GET", "url.path": "/v2/team/app/manifests/v1", "rpc.system.name": "grpc", "rpc.method": "envoy.service.auth.v3.Authorization/Check",
		}, "Error"},
	} {
		got := map[string]string{}
		for _, a := range c.of.Attributes() {
			got[string(a.Key)] = a.Value.String()
		}
		if !maps.Equal(got, c.want) || c.of.Status().Code.String() != c.status {
			t.Errorf("%s: status %s and attributes\n%v, want\n%v", c.name, c.of.Status().Code, got, c.want)
		}
		if events := c.of.Events(); len(events) != 1 || events[0].Name != "extauthz.wait.password_hash" || !slices.ContainsFunc(events[0].Attributes, func(a attribute.KeyValue) bool { return a.Key == "extauthz.wait.duration" }) {
			t.Errorf("%s: events %v", c.name, events)
		}
	}
}

// TestAttributeIsBounded checks that a text which is cut within a letter is valid.
func TestAttributeIsBounded(t *testing.T) {
	if got, want := bounded("x"+strings.Repeat("é", 1000)), "x"+strings.Repeat("é", maxAttribute/2-1)+"\uFFFD"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestNoTraces checks that nothing is made without traces.
func TestNoTraces(t *testing.T) {
	var none *traces
	if none.begin() != nil || none.metrics() != nil {
		t.Error("traces that are off begin spans, or have metrics")
	}
	none.close(nil)
	none.observe(func(_ *authz.Result, _ time.Duration, trace string) {
		if trace != "" {
			t.Errorf("exemplar %q", trace)
		}
	})(context.Background(), authz.Unavailable("test"), 0)
}
