package envoy

import (
	"context"
	"strings"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/protobuf/proto"

	"extauthz/authz"
)

// pull returns the check of a pull as Envoy sends it with the configuration of
// examples/mtls: 18 headers, a certificate, and the client's TLS session.
func pull(t testing.TB) []byte {
	t.Helper()
	m := checkRequest(true)
	m.Attributes.Source.Principal = "spiffe://prod.example.com/ns/build/sa/runner"
	m.Attributes.Source.Certificate = strings.Repeat("MIIB%2FjCCAaSgAwIBAgIUQ", 70)
	for _, h := range [][2]string{
		{":scheme", "https"}, {"accept", "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json"},
		{"accept-encoding", "gzip"}, {"x-forwarded-for", "192.0.2.1"}, {"x-forwarded-proto", "https"},
		{"x-envoy-external-address", "192.0.2.1"}, {"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
		{"docker-upload-uuid", "0"}, {"x-b3-traceid", "4bf92f3577b34da6a3ce929d0e0e4736"}, {"x-b3-spanid", "00f067aa0ba902b7"}, {"x-b3-sampled", "1"},
	} {
		m.Attributes.Request.Http.HeaderMap.Headers = append(m.Attributes.Request.Http.HeaderMap.Headers, &corev3.HeaderValue{Key: h[0], RawValue: []byte(h[1])})
	}
	return mustMarshal(t, m)
}

// allowedPull is the result of the pull.
var allowedPull = authz.Result{
	Decision: authz.Allowed, Principal: "arn:aws:sts::123456789012:assumed-role/ci/runner", Repository: "team/app", Operation: "GetManifest",
	Evaluations: []authz.Evaluation{{}}, Registry: "main", Digest: "sha256:0123",
	Answer: authz.Answer{Allowed: true, RemoveHeaders: []string{"authorization"}},
}

// TestAllocations checks how often memory is allocated for a check, except by the decision:
// by gRPC, by the deadline, and to read and to answer it.
func TestAllocations(t *testing.T) {
	message, r := pull(t), &allowedPull
	if got := testing.AllocsPerRun(100, func() { readCheck(message, time.Time{}) }); got > 5 {
		t.Errorf("%v allocations to read a check", got)
	}
	if got := testing.AllocsPerRun(100, func() { response(r, DefaultMetadata) }); got > 1 {
		t.Errorf("%v allocations to write a response", got)
	}
	s := NewServer(ServerOptions{Authorization: &Service{Decide: func(context.Context, *authz.CheckRequest) *authz.Result { return r }, Metadata: DefaultMetadata}})
	l := mustListen(t, "unix://"+t.TempDir()+"/s", 0o600)
	go s.Serve(l)
	defer s.Drain(context.Background())
	c := connect(t, "unix", l.Addr().String())
	c.check(t, message)
	if got := testing.AllocsPerRun(1000, func() { c.check(t, message) }); got > 75 {
		t.Errorf("%v allocations for a check", got)
	}
}

// BenchmarkCheck answers checks without deciding them, on a connection.
func BenchmarkCheck(b *testing.B) {
	for network, address := range map[string]string{"unix": "unix://" + b.TempDir() + "/s", "tcp": "127.0.0.1:0"} {
		b.Run(network, func(b *testing.B) {
			s := NewServer(ServerOptions{Authorization: &Service{Decide: func(context.Context, *authz.CheckRequest) *authz.Result { r := allowedPull; return &r }, Metadata: DefaultMetadata}})
			l := mustListen(b, address, 0o600)
			go s.Serve(l)
			defer s.Drain(context.Background())
			c, message := connect(b, network, l.Addr().String()), pull(b)
			b.ReportAllocs()
			for b.Loop() {
				c.check(b, message)
			}
		})
	}
}

// BenchmarkReadCheck reads a check, by hand and by the generated type.
func BenchmarkReadCheck(b *testing.B) {
	message := pull(b)
	b.Run("by hand", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, valid := readCheck(message, time.Time{}); !valid {
				b.Fatal("not valid")
			}
		}
	})
	b.Run("generated", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			m := new(authv3.CheckRequest)
			if err := proto.Unmarshal(message, m); err != nil {
				b.Fatal(err)
			}
			toRequest(m, time.Time{})
		}
	})
}

// BenchmarkResponse writes a response, by hand and by the generated type.
func BenchmarkResponse(b *testing.B) {
	b.Run("by hand", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			response(&allowedPull, DefaultMetadata)
		}
	})
	b.Run("generated", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			mustMarshal(b, toResponse(&allowedPull, DefaultMetadata))
		}
	})
}
