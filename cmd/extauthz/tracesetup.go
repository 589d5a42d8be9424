package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"go.opentelemetry.io/contrib/propagators/b3"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// newTraces returns the traces that the environment configures; nil if it turns them off. The
// SDK itself reads the variables of samplers, batches and limits, which env.check has checked.
func newTraces(env traceEnvironment, logger *slog.Logger) (*traces, error) {
	if on, err := env.check(); err != nil || !on {
		return nil, err
	}
	ctx := context.Background()
	failures := &exportErrors{logger: logger, secrets: env.secrets()}
	otel.SetErrorHandler(failures)
	client, err := env.collector().client()
	if err != nil {
		return nil, inputError{fmt.Errorf("the collector of traces: %w", err)}
	}
	exporter, err := otlptrace.New(ctx, client)
	if err != nil {
		return nil, fmt.Errorf("the collector of traces: %w", err)
	}
	// The SDK's description of itself and the attributes of the environment override these.
	process, err := resource.New(ctx,
		resource.WithAttributes(semconv.ServiceName("extauthz"), semconv.ServiceVersion(readBuild().Version)),
		resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, inputError{fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)}
	}
	queue := newSpanQueue(exporter, failures.end, env.integer("OTEL_BSP_MAX_QUEUE_SIZE", sdktrace.DefaultMaxQueueSize))
	provider := sdktrace.NewTracerProvider(sdktrace.WithResource(process), sdktrace.WithSpanProcessor(queue))
	return &traces{
		tracer: provider.Tracer("extauthz"), propagator: newPropagator(env.propagators()),
		queue: queue, shutdown: provider.Shutdown,
	}, nil
}

// newPropagator returns the propagator of formats in which Envoy sends the context of its span.
// Baggage is not read, because nothing uses it.
func newPropagator(names []string) propagation.TextMapPropagator {
	var all []propagation.TextMapPropagator
	for _, name := range names {
		switch name {
		case "tracecontext":
			all = append(all, propagation.TraceContext{})
		case "b3", "b3multi": // which read both encodings
			all = append(all, b3.New())
		}
	}
	return propagation.NewCompositeTextMapPropagator(all...)
}

// exportErrors logs the errors of the SDK. It logs an error that is repeated once, until spans
// are exported again.
type exportErrors struct {
	logger  *slog.Logger
	secrets *strings.Replacer

	mu   sync.Mutex
	last string
}

// Handle implements otel.ErrorHandler. An error may contain an answer of the collector.
func (e *exportErrors) Handle(err error) {
	text := bounded(e.secrets.Replace(err.Error()))
	e.mu.Lock()
	defer e.mu.Unlock()
	if text != e.last {
		e.last = text
		e.logger.Warn("traces are not exported", "error", text)
	}
}

// end reports that spans are exported again.
func (e *exportErrors) end() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.last = ""
}
