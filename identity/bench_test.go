package identity

import (
	"context"
	"fmt"
	"testing"
)

// An authenticateCase is a request with a credential of one source.
type authenticateCase struct {
	name        string
	registry    *Config
	credentials Credentials
	allocations float64 // of a request whose credential was verified before
}

// authenticateCases returns a case for each way to authenticate with the callers of
// cacheable.
func authenticateCases(t testing.TB) []authenticateCase {
	t.Helper()
	token, bound := signerAt(gitlabURL).token(t, nil), signerAt("https://bound.example.com").token(t, claims{"sub": "alice"})
	const pod = "spiffe://cluster.local/ns/team-a/sa/builder"
	header := config()
	header.Sources, header.Header = []Source{TrustedHeader}, "x-user"
	open := config()
	open.Anonymous = true
	cases := []authenticateCase{
		{"mtls", config(), Credentials{Principal: "spiffe://example.com/ci", Certificate: []byte(certificate(t, certificateNames{uris: []string{"spiffe://example.com/ci"}}))}, 1},
		{"mtls captured", config(), Credentials{Principal: pod, Certificate: []byte(certificate(t, certificateNames{uris: []string{pod}}))}, 1},
		{"jwt_authn bound", config(), Credentials{Authorization: bearer(bound), Metadata: map[string]any{"bound": payload(t, bound)}}, 2},
		{"bearer bound", config(), Credentials{Authorization: bearer(bound)}, 1},
		{"bearer role", config(), Credentials{Authorization: bearer(token)}, 1},
		{"basic role", config(), Credentials{Authorization: basicHeader("123456789012/deploy", token)}, 1},
		{"basic password", config(), Credentials{Authorization: basicHeader("alice", "alice-secret")}, 1},
		{"header", header, Credentials{HeaderValues: []string{"alice@example.com"}, TrustedHeader: header.Header}, 1},
		{"anonymous", open, Credentials{}, 1},
	}
	for i := range cases {
		cases[i].credentials.Time = now
	}
	return cases
}

// BenchmarkAuthenticate measures each source for a request whose credential was
// verified before, with the cache of callers and without it.
func BenchmarkAuthenticate(b *testing.B) {
	for _, cached := range []bool{true, false} {
		auth := cacheable(b).build(b)
		if !cached {
			auth.callers = nil
		}
		for _, c := range authenticateCases(b) {
			b.Run(fmt.Sprintf("%s/cached=%t", c.name, cached), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, f := auth.Authenticate(context.Background(), c.registry, &c.credentials); f != nil {
						b.Fatal(f)
					}
				}
			})
		}
	}
}

// BenchmarkAuthenticateParallel measures the cache when all processors use it.
func BenchmarkAuthenticateParallel(b *testing.B) {
	auth, c := cacheable(b).build(b), authenticateCases(b)[0]
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			auth.Authenticate(context.Background(), c.registry, &c.credentials)
		}
	})
}
