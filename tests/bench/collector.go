package main

import (
	"io"
	"net/http"
	"net/http/httptest"
)

// newCollector starts a collector of traces that accepts everything and keeps nothing. It runs in
// the process of the benchmark, so that it does not count as CPU of a server.
func newCollector() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // fails only if the server was stopped
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
}

// tracing returns the environment of a sidecar that samples a part of its checks, such as 0.01.
func (b *bench) tracing(ratio string) []string {
	return []string{
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + b.collector.URL, "OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG=" + ratio,
		"OTEL_BSP_SCHEDULE_DELAY=100",
	}
}
