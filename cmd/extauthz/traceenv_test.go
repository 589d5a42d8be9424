package main

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"extauthz/diag"
)

// TestTraceEnvironment checks when traces are on, and that a value which is not valid is an error
// that names the variable.
func TestTraceEnvironment(t *testing.T) {
	const endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318"
	notPEM := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(notPEM, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		env  []string
		on   bool
		want string // in the error
	}{
		{nil, false, ""},
		{[]string{"OTEL_SERVICE_NAME=x", "OTEL_EXPORTER_OTLP_TIMEOUT=never"}, false, ""}, // no exporter is configured
		{[]string{endpoint}, true, ""},
		{[]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://localhost:4318/v1/traces"}, true, ""},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT="}, false, ""},
		{[]string{"OTEL_TRACES_EXPORTER=otlp"}, true, ""},
		{[]string{"OTEL_TRACES_EXPORTER=none", endpoint}, false, ""},
		{[]string{"OTEL_SDK_DISABLED=TRUE", endpoint}, false, ""},
		{[]string{"OTEL_SDK_DISABLED=false", endpoint}, true, ""},
		{[]string{"OTEL_SDK_DISABLED=1"}, false, "OTEL_SDK_DISABLED"},
		{[]string{"OTEL_TRACES_EXPORTER=console"}, false, "OTEL_TRACES_EXPORTER"},
		{[]string{endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL=http/json"}, true, "OTEL_EXPORTER_OTLP_PROTOCOL"},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=localhost:4318"}, true, "OTEL_EXPORTER_OTLP_ENDPOINT"},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=localhost:4317", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"}, true, ""},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://user:s3cret@localhost:4318"}, true, "OTEL_EXPORTER_OTLP_ENDPOINT"},
		{[]string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://[s3cret"}, true, "OTEL_EXPORTER_OTLP_ENDPOINT"},
		{[]string{endpoint, "OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20s3cret,x-tenant=a"}, true, ""},
		{[]string{endpoint, "OTEL_EXPORTER_OTLP_HEADERS=s3cret"}, true, "OTEL_EXPORTER_OTLP_HEADERS"},
		{[]string{endpoint, "OTEL_EXPORTER_OTLP_TRACES_HEADERS=a=s3cret%zz"}, true, "OTEL_EXPORTER_OTLP_TRACES_HEADERS"},
		{[]string{endpoint, "OTEL_EXPORTER_OTLP_HEADERS=s3cret s3cret=a"}, true, "OTEL_EXPORTER_OTLP_HEADERS"},
		{[]string{endpoint, "OTEL_EXPORTER_OTLP_INSECURE=yes"}, true, "OTEL_EXPORTER_OTLP_INSECURE"},
		{[]string{endpoint, "OTEL_EXPORTER_OTLP_COMPRESSION=zstd"}, true, "OTEL_EXPORTER_OTLP_COMPRESSION"},
		{[]string{endpoint, "OTEL_EXPORTER_OTLP_TIMEOUT=10s"}, true, "OTEL_EXPORTER_OTLP_TIMEOUT"},
		{[]string{endpoint, "OTEL_EXPORTER_OTLP_CERTIFICATE=/nowhere.pem"}, true, "OTEL_EXPORTER_OTLP_CERTIFICATE"},
		{[]string{endpoint, "OTEL_EXPORTER_OTLP_CERTIFICATE=" + notPEM}, true, "OTEL_EXPORTER_OTLP_CERTIFICATE"},
		{[]string{endpoint, "OTEL_EXPORTER_OTLP_CLIENT_KEY=" + notPEM}, true, "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"},
		{[]string{endpoint, "OTEL_EXPORTER_OTLP_CLIENT_KEY=" + notPEM, "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE=" + notPEM}, true, "OTEL_EXPORTER_OTLP_CLIENT_KEY"},
		{[]string{endpoint, "OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG=0.1"}, true, ""},
		{[]string{endpoint, "OTEL_TRACES_SAMPLER=sometimes"}, true, "OTEL_TRACES_SAMPLER"},
		{[]string{endpoint, "OTEL_TRACES_SAMPLER_ARG=10"}, true, "OTEL_TRACES_SAMPLER_ARG"},
		{[]string{endpoint, "OTEL_TRACES_SAMPLER_ARG=NaN"}, true, "OTEL_TRACES_SAMPLER_ARG"},
		{[]string{endpoint, "OTEL_PROPAGATORS=tracecontext, b3"}, true, ""},
		{[]string{endpoint, "OTEL_PROPAGATORS=tracecontext,jaeger"}, true, "OTEL_PROPAGATORS"},
		{[]string{endpoint, "OTEL_BSP_MAX_QUEUE_SIZE=-1"}, true, "OTEL_BSP_MAX_QUEUE_SIZE"},
		{[]string{endpoint, "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT=long"}, true, "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"},
	} {
		on, err := newTraceEnvironment(c.env).check()
		switch {
		case c.want == "" && (err != nil || on != c.on):
			t.Errorf("%q: on %v and error %v, want %v", c.env, on, err, c.on)
		case c.want == "":
		case err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "s3cret"):
			t.Errorf("%q: error %v, want one about %s without a secret", c.env, err, c.want)
		case !errors.As(err, new(inputError)) || diag.Of(err)[0].Remedy == "":
			t.Errorf("%q: error %v has no remedy, or is not one of the input", c.env, err)
		}
	}
}

// TestExportErrorsHaveNoSecrets checks that an answer of the collector that repeats a header is
// logged without it, and that a repeated error is logged once until spans are exported again.
func TestExportErrorsHaveNoSecrets(t *testing.T) {
	var log strings.Builder
	env := newTraceEnvironment([]string{"OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20s3cret,x-key=0therSecret"})
	handler := &exportErrors{logger: slog.New(slog.NewTextHandler(&log, nil)), secrets: env.secrets()}
	for range 3 {
		handler.Handle(errors.New("401: invalid key 0therSecret, Bearer s3cret or Bearer%20s3cret " + strings.Repeat("x", 1000)))
	}
	handler.Handle(errors.New("unreachable"))
	handler.end()
	handler.Handle(errors.New("unreachable"))
	if text := log.String(); strings.Contains(text, "ecret") || strings.Count(text, "\n") != 3 || !strings.Contains(text, "401: invalid key (removed)") || len(text) > 3*maxAttribute {
		t.Errorf("the log is %q", text)
	}
}
