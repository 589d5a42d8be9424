package main

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// A blockedExporter exports nothing until it may, and then fails if it has an error.
type blockedExporter struct {
	may chan struct{}
	err error
}

func (e *blockedExporter) ExportSpans(context.Context, []sdktrace.ReadOnlySpan) error {
	<-e.may
	return e.err
}

func (e *blockedExporter) Shutdown(context.Context) error { return nil }

// TestSpanQueue checks that spans beyond the limit are dropped and counted, without waiting for
// an exporter that does not answer, and that the others are counted when it does.
func TestSpanQueue(t *testing.T) {
	for name, failure := range map[string]error{"the collector accepts them": nil, "the collector fails": errors.New("no")} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				exporter := &blockedExporter{may: make(chan struct{}), err: failure}
				const most, spans = 8, 20
				successes := 0
				queue := newSpanQueue(exporter, func() { successes++ }, most)
				provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(queue))
				for range spans {
					_, span := provider.Tracer("test").Start(t.Context(), "check")
					span.End()
				}
				if full := queue.full.Load(); full != spans-most {
					t.Errorf("%d spans dropped, want %d", full, spans-most)
				}
				close(exporter.may)
				_ = provider.Shutdown(t.Context()) // returns the error of the exporter
				exported, failed := queue.exported.Load(), queue.failed.Load()
				if want := uint64(most); failure == nil && (exported != want || failed != 0) || failure != nil && (failed != want || exported != 0) {
					t.Errorf("%d spans exported and %d failed, want %d", exported, failed, want)
				}
				if (successes > 0) != (failure == nil) {
					t.Errorf("%d successful exports", successes)
				}
				if waiting := queue.waiting.Load(); waiting != 0 {
					t.Errorf("%d spans wait", waiting)
				}
			})
		})
	}
}
