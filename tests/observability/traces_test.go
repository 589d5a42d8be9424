package observability

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/prototext"

	"extauthz/tests/stack"
)

// tracing is what a configuration of Envoy needs to send spans to a collector: a provider with
// the part of the requests that are sampled, and a cluster.
const (
	tracing = `
          tracing:
            random_sampling: { value: %d }
            provider:
              name: envoy.tracers.opentelemetry
              typed_config:
                "@type": type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig
                grpc_service: { envoy_grpc: { cluster_name: traces }, timeout: 1s }
                service_name: envoy`
	tracesCluster = `
  - name: traces
    type: STATIC
    connect_timeout: 1s
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: { http2_protocol_options: {} }
    load_assignment:
      cluster_name: traces
      endpoints: [ { lb_endpoints: [ { endpoint: { address: { socket_address: { address: %s, port_value: %s } } } } ] } ]`
)

// traced returns the change by which Envoy traces some percent of the requests.
func traced(c *collector, percent int) *strings.Replacer {
	host, port, _ := strings.Cut(c.grpc, ":")
	return strings.NewReplacer(
		"\n          access_log:", fmt.Sprintf(tracing, percent)+"\n          access_log:",
		"\n  clusters:", "\n  clusters:"+fmt.Sprintf(tracesCluster, host, port))
}

// exportTo returns the command that runs extauthz with traces. A header for the collector has a
// secret.
func exportTo(endpoint, protocol string, more ...string) []string {
	return append([]string{"env", "OTEL_EXPORTER_OTLP_ENDPOINT=" + endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL=" + protocol,
		"OTEL_EXPORTER_OTLP_HEADERS=x-token=" + collectorToken, "OTEL_BSP_SCHEDULE_DELAY=100"}, more...)
}

const collectorToken = "collector-s3cret"

// TestTraces checks with Envoy's tracer that each check has one span, which is a child of Envoy's
// span for the check, over both protocols, and that no span contains a credential.
func TestTraces(t *testing.T) {
	for _, protocol := range []string{"grpc", "http/protobuf"} {
		t.Run(protocol, func(t *testing.T) {
			c := newCollector(t)
			under := exportTo(c.http, protocol, "OTEL_EXPORTER_OTLP_COMPRESSION=gzip")
			if protocol == "grpc" {
				under = exportTo("http://"+c.grpc, protocol)
			}
			sys := startUnder(t, traced(c, 100), under)
			sent := sys.everyDecision(t) + 1
			if got := sys.request(t, "GET", "/v2/team/app/manifests/v1?token=query-s3cret", basic("alice", "alice-secret")); got != http.StatusNotFound {
				t.Errorf("status %d of a manifest that does not exist", got)
			}
			sent += sys.waitForKeys(t, c)
			var ours []span
			eventually(t, "a span of each check", func() bool {
				ours, _ = c.of("extauthz")
				return len(ours) >= sent
			})
			checkParents(t, c, ours)
			checkNoSecrets(t, ours, sys)
			if len(ours) != sent {
				t.Errorf("%d spans of %d checks", len(ours), sent)
			}
			if _, tokens := c.of(""); len(tokens) == 0 || tokens[0] != collectorToken {
				t.Errorf("the collector received the tokens %q", tokens)
			}
			checkTracePage(t, ours)
			checkExemplar(t, sys, ours)
		})
	}
}

// waitForKeys makes the keys of the issuer come late, and sends requests until a span shows that
// one waited for them. It returns how many it sent.
func (s *system) waitForKeys(t *testing.T, c *collector) (sent int) {
	t.Helper()
	late := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(200 * time.Millisecond)
		http.Error(w, "no keys", http.StatusServiceUnavailable)
	}))
	t.Cleanup(late.Close)
	file := filepath.Join(s.policies, "principals.yaml")
	text, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, bytes.Replace(text, []byte("http://127.0.0.1:1/"), []byte(late.URL+"/"), 1), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "a wait for keys", func() bool {
		if got := s.request(t, "GET", "/v2/", tokenOfDown()); got != http.StatusServiceUnavailable {
			t.Errorf("status %d of a token without keys", got)
		}
		sent++
		ours, _ := c.of("extauthz")
		return slices.ContainsFunc(ours, func(s span) bool {
			return slices.ContainsFunc(s.GetEvents(), func(e *tracev1.Span_Event) bool { return e.GetName() == "extauthz.wait.key_fetch" })
		})
	})
	return sent
}

// checkParents checks that the parent of each span is Envoy's span of its call to extauthz,
// whose parent is Envoy's span of the request.
func checkParents(t *testing.T, c *collector, ours []span) {
	t.Helper()
	find := func(id []byte) (found *span) {
		all, _ := c.of("envoy")
		for i := range all {
			if bytes.Equal(all[i].GetSpanId(), id) {
				found = &all[i]
			}
		}
		return found
	}
	for _, s := range ours {
		var call, request *span
		eventually(t, "Envoy's spans", func() bool {
			call = find(s.GetParentSpanId())
			if call != nil {
				request = find(call.GetParentSpanId())
			}
			return request != nil
		})
		if call.GetKind() != tracev1.Span_SPAN_KIND_CLIENT || request.GetKind() != tracev1.Span_SPAN_KIND_SERVER || !bytes.Equal(s.GetTraceId(), request.GetTraceId()) {
			t.Errorf("%s is a child of %s (%v), a child of %s (%v)", s.GetName(), call.GetName(), call.GetKind(), request.GetName(), request.GetKind())
		}
	}
}

// checkNoSecrets checks that neither spans nor the log contain a credential.
func checkNoSecrets(t *testing.T, ours []span, sys *system) {
	t.Helper()
	texts := map[string]string{"the log": sys.Log(stack.Extauthz)}
	for i, s := range ours {
		texts[fmt.Sprint("span ", i)] = prototext.Format(s.Span)
	}
	for name, text := range texts {
		for _, secret := range []string{"alice-secret", "bob-secret", "s3cret", "wrong0", "c2lnbmF0dXJl", base64.StdEncoding.EncodeToString([]byte("alice:alice-secret"))} {
			if strings.Contains(text, secret) {
				t.Errorf("%s contains %q: %s", name, secret, text)
			}
		}
	}
}

// checkTracePage checks that the tables of OPERATIONS.md have all attributes and events of spans,
// and no others, as far as these requests have them.
func checkTracePage(t *testing.T, ours []span) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(stack.Root(), "OPERATIONS.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## Traces\n")
	section, _, _ = strings.Cut(section, "\n## ")
	documented := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]+) \\|").FindAllStringSubmatch(section, -1) {
		for _, name := range regexp.MustCompile("`([a-z_.]+)`").FindAllStringSubmatch(row[1], -1) {
			documented[name[1]] = true
		}
	}
	seen := map[string]bool{}
	for _, s := range ours {
		for name := range attributes(s.GetAttributes()) {
			seen[name] = true
		}
		for _, e := range s.GetEvents() {
			seen[e.GetName()] = true
			for name := range attributes(e.GetAttributes()) {
				seen[name] = true
			}
		}
	}
	for name := range seen {
		if !documented[name] {
			t.Errorf("%s is not documented", name)
		}
	}
	// These requests are no dry runs, and need no token for the registry.
	for _, rare := range []string{"extauthz.dry_run", "extauthz.wait.upstream_token"} {
		seen[rare] = true
	}
	for name := range documented {
		if !seen[name] {
			t.Errorf("%s is documented, and no span has it", name)
		}
	}
}

// checkExemplar checks that an exemplar of the metrics names a trace that the collector received.
func checkExemplar(t *testing.T, sys *system, ours []span) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+sys.Address(stack.Extauthz)+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	text, err := do(http.DefaultClient, r)
	if err != nil {
		t.Fatal(err)
	}
	exemplars := regexp.MustCompile(`# \{trace_id="([0-9a-f]{32})"\}`).FindAllStringSubmatch(text, -1)
	received := traceIDs(ours)
	for _, e := range exemplars {
		if !received[e[1]] {
			t.Errorf("the collector did not receive the trace %s of an exemplar", e[1])
		}
	}
	if len(exemplars) == 0 {
		t.Error("no exemplars")
	}
}

// clientTrace is the trace of a client that wants a sample, by the header traceparent.
const (
	clientTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
	wantsSample = "00-" + clientTrace + "-00f067aa0ba902b7-01"
)

// TestSampling checks that exactly the checks of the requests that Envoy samples have spans, also
// if a client wants samples.
func TestSampling(t *testing.T) {
	c := newCollector(t)
	sys := startUnder(t, traced(c, 50), exportTo(c.http, "http/protobuf"))
	const requests = 40 // by chance Envoy samples all or none in one run of 500,000,000,000
	for range requests {
		sys.request(t, "GET", "/v2/", basic("alice", "alice-secret"), "traceparent", wantsSample)
	}
	sys.stop(t)
	checks, _ := c.of("extauthz")
	if n := len(checks); n == 0 || n == requests {
		t.Errorf("%d of %d checks have spans", n, requests)
	}
	eventually(t, "Envoy samples the requests of those checks, and no others", func() bool {
		spans, _ := c.of("envoy")
		return maps.Equal(traceIDs(checks), traceIDs(spans))
	})
}

// traceIDs returns the traces of spans.
func traceIDs(spans []span) map[string]bool {
	ids := map[string]bool{}
	for _, s := range spans {
		ids[fmt.Sprintf("%x", s.GetTraceId())] = true
	}
	return ids
}

// stop ends extauthz in order, so that it exports its last spans.
func (s *system) stop(t *testing.T) {
	t.Helper()
	if err := s.Signal(stack.Extauthz, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, "extauthz has stopped", func() bool { return strings.Contains(s.Log(stack.Extauthz), `"msg":"stopped"`) })
	if err := s.Kill(stack.Extauthz); err != nil { // it is not missed
		t.Fatal(err)
	}
}

// TestClientCannotSample checks that the trace of a client's request has no effect if Envoy does
// not trace, and that spans are then the roots of traces, if the sampler says so.
func TestClientCannotSample(t *testing.T) {
	c := newCollector(t)
	for sampler, want := range map[string]int{"parentbased_always_off": 0, "parentbased_always_on": 5} {
		before, _ := c.of("extauthz")
		sys := startUnder(t, strings.NewReplacer(), exportTo(c.http, "http/protobuf", "OTEL_TRACES_SAMPLER="+sampler, "OTEL_BSP_SCHEDULE_DELAY=60000"))
		for range 5 {
			sys.request(t, "GET", "/v2/", basic("alice", "alice-secret"), "traceparent", wantsSample)
		}
		sys.stop(t)
		after, _ := c.of("extauthz")
		for _, s := range after {
			if fmt.Sprintf("%x", s.GetTraceId()) == clientTrace || len(s.GetParentSpanId()) > 0 {
				t.Errorf("%s: a span is part of the client's trace", sampler)
			}
		}
		if got := len(after) - len(before); got != want {
			t.Errorf("%s: %d spans, want %d", sampler, got, want)
		}
	}
}

// TestCollectorIsDown checks that checks are answered without a collector, and that the spans
// are counted as lost.
func TestCollectorIsDown(t *testing.T) {
	sys := startUnder(t, strings.NewReplacer(), exportTo("http://127.0.0.1:1", "http/protobuf", "OTEL_EXPORTER_OTLP_TIMEOUT=200"))
	sys.everyDecision(t)
	eventually(t, "lost spans are counted", func() bool {
		text := sys.extauthzMetrics(t)
		return strings.Contains(text, "extauthz_trace_spans_exported_total 0\n") &&
			regexp.MustCompile(`(?m)^extauthz_trace_spans_dropped_total\{reason="exportFailed"\} [1-9]`).MatchString(text)
	})
	checkNoSecrets(t, nil, sys)
	if log := sys.Log(stack.Extauthz); strings.Count(log, "traces are not exported") != 1 {
		t.Errorf("the log: %s", log)
	}
}
