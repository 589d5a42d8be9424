package main

import (
	"context"
	"sync/atomic"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// A spanQueue counts spans on their way to the collector, and drops those beyond a number that
// wait. A check never waits for the collector.
type spanQueue struct {
	sdktrace.SpanProcessor // exports batches of spans; its own queue has room for most
	most                   int64
	succeeded              func() // is called after each export that does not fail

	waiting                atomic.Int64
	exported, full, failed atomic.Uint64 // spans
}

// newSpanQueue returns a queue that exports spans with an exporter, and calls succeeded after
// each export that does not fail.
func newSpanQueue(exporter sdktrace.SpanExporter, succeeded func(), most int) *spanQueue {
	q := &spanQueue{most: int64(most), succeeded: succeeded}
	q.SpanProcessor = sdktrace.NewBatchSpanProcessor(countingExporter{exporter, q}, sdktrace.WithMaxQueueSize(most))
	return q
}

// OnEnd queues a sampled span, or drops it.
func (q *spanQueue) OnEnd(s sdktrace.ReadOnlySpan) {
	if !s.SpanContext().IsSampled() {
		return
	}
	if q.waiting.Add(1) > q.most {
		q.waiting.Add(-1)
		q.full.Add(1)
		return
	}
	q.SpanProcessor.OnEnd(s)
}

// A countingExporter counts the spans of a queue that are exported, or cannot be.
type countingExporter struct {
	sdktrace.SpanExporter
	queue *spanQueue
}

// ExportSpans exports a batch of spans.
func (e countingExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := e.SpanExporter.ExportSpans(ctx, spans)
	e.queue.waiting.Add(-int64(len(spans)))
	if err != nil {
		e.queue.failed.Add(uint64(len(spans)))
	} else {
		e.queue.exported.Add(uint64(len(spans)))
		e.queue.succeeded()
	}
	return err
}
