package main

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// TestTraceCollector checks where spans are sent for the variables of the exporter.
func TestTraceCollector(t *testing.T) {
	for _, c := range []struct {
		env     string
		address string
		isTLS   bool // of gRPC
	}{
		{"", "http://localhost:4318/v1/traces", false},
		{"ENDPOINT=https://c.example.com", "https://c.example.com/v1/traces", false},
		{"ENDPOINT=http://c.example.com/otel/", "http://c.example.com/otel/v1/traces", false},
		{"TRACES_ENDPOINT=http://c.example.com/own ENDPOINT=http://other.example.com", "http://c.example.com/own", false},
		{"PROTOCOL=grpc", "localhost:4317", false},
		{"PROTOCOL=grpc ENDPOINT=http://c.example.com:4317", "c.example.com:4317", false},
		{"TRACES_PROTOCOL=grpc PROTOCOL=http/protobuf ENDPOINT=https://c.example.com:4317 INSECURE=true", "c.example.com:4317", true},
		{"PROTOCOL=grpc ENDPOINT=c.example.com:4317", "c.example.com:4317", true},
		{"PROTOCOL=grpc ENDPOINT=c.example.com:4317 INSECURE=True", "c.example.com:4317", false},
	} {
		var variables []string
		for variable := range strings.FieldsSeq(c.env) {
			variables = append(variables, "OTEL_EXPORTER_OTLP_"+variable)
		}
		got := newTraceEnvironment(variables).collector()
		if got.address != c.address || got.grpc && (got.tls != nil) != c.isTLS || got.grpc != strings.Contains(c.env, "PROTOCOL=grpc") {
			t.Errorf("%s: %+v, want %s and TLS %v", c.env, got, c.address, c.isTLS)
		}
	}
	got := newTraceEnvironment([]string{"OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer%20a%2Cb, x-tenant = c", "OTEL_EXPORTER_OTLP_TIMEOUT=1500"}).collector()
	if want := map[string]string{"authorization": "Bearer a,b", "x-tenant": "c"}; !maps.Equal(got.headers, want) || got.timeout.Milliseconds() != 1500 {
		t.Errorf("headers %v and timeout %v", got.headers, got.timeout)
	}
}

// TestUploadOverHTTP checks after which answers spans are sent again, and which are errors.
func TestUploadOverHTTP(t *testing.T) {
	rejected := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 3)
	partial := protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), rejected)
	for _, c := range []struct {
		name    string
		answers []int
		body    []byte
		want    string // in the error
	}{
		{"accepted", []int{200}, nil, ""},
		{"accepted the second time", []int{503, 200}, nil, ""},
		{"not accepted", []int{401}, []byte("no"), `the collector answered 401 Unauthorized: "no"`},
		{"a redirect", []int{307}, nil, "307"},
		{"accepted in part", []int{200}, partial, "rejected 3 spans"},
		{"an answer that is not one", []int{200}, []byte{0xff}, ""},
	} {
		requests := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(c.answers[min(requests, len(c.answers)-1)])
			requests++
			_, _ = w.Write(c.body)
		}))
		client, err := newTraceEnvironment([]string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + server.URL}).collector().client()
		if err != nil {
			t.Fatal(err)
		}
		err = client.UploadTraces(t.Context(), nil)
		if (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) || requests != len(c.answers) {
			t.Errorf("%s: %d requests and error %v, want %d and %q", c.name, requests, err, len(c.answers), c.want)
		}
		if err := client.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		server.Close()
	}
}

// TestRejection checks answers of collectors, also those that are cut.
func TestRejection(t *testing.T) {
	whole := []byte{0x0a, 0x04, 0x08, 0x02, 0x12, 0x00} // partial_success { rejected_spans: 2, error_message: "" }
	for n := range len(whole) + 1 {
		if err := rejection(whole[:n]); (err != nil) != (n == len(whole)) {
			t.Errorf("%x: error %v", whole[:n], err)
		}
	}
	if err := rejection(whole); fmt.Sprint(err) != "the collector rejected 2 spans of a batch" {
		t.Error(err)
	}
}
