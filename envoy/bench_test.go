package envoy

import (
	"context"
	"net/url"
	"os"
	"testing"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/protobuf/proto"

	"extauthz/authz"
	"extauthz/decision"
	"extauthz/mapping"
	"extauthz/policystore"
)

// pull returns the check of a pull from the registry of examples/mtls as Envoy sends it: 18
// headers, a certificate, and the client's TLS session.
func pull(t testing.TB) *authv3.CheckRequest {
	t.Helper()
	pem, err := os.ReadFile("../examples/requests/builder.pem")
	if err != nil {
		t.Fatal(err)
	}
	m := checkRequest(true)
	m.Attributes.Source.Principal = "spiffe://example.com/ns/ci/sa/builder"
	m.Attributes.Source.Certificate = url.PathEscape(string(pem))
	m.Attributes.ContextExtensions = map[string]string{"registry": "mtls", "headers": "all"}
	http := m.Attributes.Request.Http
	http.Host, http.HeaderMap = "registry.example.com", &corev3.HeaderMap{}
	for _, h := range [][2]string{
		{":authority", "registry.example.com"}, {":path", http.Path}, {":method", "GET"}, {":scheme", "https"},
		{"user-agent", "docker/29.0.1 go/go1.26 git-commit/0123456 kernel/6.12 os/linux arch/amd64 UpstreamClient(Docker-Client/29.0.1)"},
		{"accept", "application/vnd.oci.image.manifest.v1+json"}, {"accept", "application/vnd.oci.image.index.v1+json"},
		{"accept", "application/vnd.docker.distribution.manifest.v2+json"}, {"accept-encoding", "gzip"},
		{"x-forwarded-for", "192.0.2.1"}, {"x-forwarded-proto", "https"}, {"x-envoy-external-address", "192.0.2.1"},
		{"x-request-id", "0b3c6b0e-6f0c-4d5c-9c9e-0d6f6f0e6a11"}, {"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
		{"x-b3-traceid", "4bf92f3577b34da6a3ce929d0e0e4736"}, {"x-b3-spanid", "00f067aa0ba902b7"}, {"x-b3-sampled", "1"}, {"cache-control", "no-cache"},
	} {
		http.HeaderMap.Headers = append(http.HeaderMap.Headers, &corev3.HeaderValue{Key: h[0], RawValue: []byte(h[1])})
	}
	return m
}

// pullWithPassword returns the check of a pull from the registry of examples/quickstart.
func pullWithPassword(t testing.TB) *authv3.CheckRequest {
	t.Helper()
	m := pull(t)
	m.Attributes.Source.Principal, m.Attributes.Source.Certificate = "", ""
	m.Attributes.ContextExtensions["registry"], m.Attributes.Request.Http.Host = "quickstart", "localhost"
	m.Attributes.Request.Http.HeaderMap.Headers = append(m.Attributes.Request.Http.HeaderMap.Headers,
		&corev3.HeaderValue{Key: "authorization", RawValue: []byte("Basic Ym9iOmJvYi1zZWNyZXQ=")})
	return m
}

// client starts a server of a service, with the metadata that is the default, and returns a
// connection to it.
func client(t testing.TB, address string, decide func(context.Context, *authz.CheckRequest) *authz.Result) *connection {
	t.Helper()
	s := NewServer(ServerOptions{Authorization: &Service{Decide: decide, Metadata: DefaultMetadata}})
	l := mustListen(t, address, 0o600)
	go s.Serve(l)
	t.Cleanup(func() { s.Drain(context.Background()) })
	return connect(t, l.Addr().Network(), l.Addr().String())
}

// decider returns the function that decides by the policies of an example.
func decider(t testing.TB, name string) func(context.Context, *authz.CheckRequest) *authz.Result {
	t.Helper()
	snapshot, err := policystore.Load("../examples/"+name+"/policies", decision.Options{CacheSize: 1024})
	if err != nil {
		t.Fatal(err)
	}
	return (&authz.Checker{Snapshots: func() *policystore.Snapshot { return snapshot }, OmitReasons: true}).Check
}

// allowPull allows every request as a pull.
func allowPull(context.Context, *authz.CheckRequest) *authz.Result { return &allowedPull }

// allowedPull is the result of a pull.
var allowedPull = authz.Result{
	Decision: authz.Allowed, Principal: "arn:aws:sts::123456789012:assumed-role/ci/runner", Repository: "team/app", Operation: "GetManifest",
	Evaluations: []authz.Evaluation{{Action: "ecr:BatchGetImage"}}, Registry: "main", Digest: "sha256:0123", ID: "019dfc1d-8fa8-7c32-9a41-0f6f8f1c2b5e",
	Answer: authz.Answer{Allowed: true, RemoveHeaders: []string{"authorization"}},
}

// BenchmarkCheck answers checks on one connection.
func BenchmarkCheck(b *testing.B) {
	for _, c := range []struct {
		name, address string
		message       *authv3.CheckRequest
		decide        func(context.Context, *authz.CheckRequest) *authz.Result
	}{
		{"undecided/unix", "unix://" + b.TempDir() + "/s", pull(b), allowPull},
		{"undecided/tcp", "127.0.0.1:0", pull(b), allowPull},
		{"certificate/unix", "unix://" + b.TempDir() + "/s", pull(b), decider(b, "mtls")},
		{"password/unix", "unix://" + b.TempDir() + "/s", pullWithPassword(b), decider(b, "quickstart")},
	} {
		b.Run(c.name, func(b *testing.B) {
			connection, message := client(b, c.address, c.decide), mustMarshal(b, c.message)
			b.ReportAllocs()
			for b.Loop() {
				connection.check(b, message)
			}
		})
	}
}

// BenchmarkReadCheck reads a check, by hand and by the generated type.
func BenchmarkReadCheck(b *testing.B) {
	message := mustMarshal(b, pull(b))
	b.Run("by hand", func(b *testing.B) {
		b.ReportAllocs()
		var reader checkReader
		for b.Loop() {
			if _, valid := reader.read(message, time.Time{}); !valid {
				b.Fatal("not valid")
			}
			reader.clear()
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
	known := new(removals)
	b.Run("by hand", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			response(&allowedPull, DefaultMetadata, known)
		}
	})
	b.Run("by hand, all headers", func(b *testing.B) {
		r := allowedPull
		r.Answer.RemoveHeaders = mapping.RemoveHeaders()
		b.ReportAllocs()
		for b.Loop() {
			response(&r, DefaultMetadata, known)
		}
	})
	b.Run("generated", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			mustMarshal(b, toResponse(&allowedPull, DefaultMetadata))
		}
	})
}
