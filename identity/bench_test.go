package identity

import (
	"context"
	"testing"
)

// BenchmarkAuthenticate measures each source for a request whose credential was
// verified before.
func BenchmarkAuthenticate(b *testing.B) {
	w := tokens(b)
	w.bindings = append(w.bindings,
		Binding{Kind: URI, Name: "spiffe://example.com/ci", Principal: ciARN},
		Binding{Kind: URI, Name: "spiffe://cluster.local/ns/{namespace}/sa/{name}", Principal: session + "ci/{name}", Tags: map[string]string{"namespace": "{namespace}"}},
		Binding{Kind: HeaderValue, Name: "{name}@example.com", Principal: "arn:aws:iam::123456789012:user/dev/{name}"})
	auth := w.build(b)
	token, bound := signerAt(gitlabURL).token(b, nil), signerAt("https://bound.example.com").token(b, claims{"sub": "alice"})
	const pod = "spiffe://cluster.local/ns/team-a/sa/builder"
	header := config()
	header.Sources, header.Header = []Source{TrustedHeader}, "x-user"
	open := config()
	open.Anonymous = true
	for _, c := range []struct {
		name        string
		rules       *Config
		credentials Credentials
	}{
		{"mtls", config(), Credentials{Principal: "spiffe://example.com/ci", Certificate: certificate(b, certificateNames{uris: []string{"spiffe://example.com/ci"}})}},
		{"mtls captured", config(), Credentials{Principal: pod, Certificate: certificate(b, certificateNames{uris: []string{pod}})}},
		{"jwt_authn bound", config(), Credentials{Authorization: bearer(bound), Metadata: map[string]any{"bound": payload(b, bound)}}},
		{"bearer bound", config(), Credentials{Authorization: bearer(bound)}},
		{"bearer role", config(), Credentials{Authorization: bearer(token)}},
		{"basic role", config(), Credentials{Authorization: basicHeader("123456789012/deploy", token)}},
		{"basic password", config(), Credentials{Authorization: basicHeader("alice", "alice-secret")}},
		{"header", header, Credentials{HeaderValues: []string{"alice@example.com"}, TrustedHeader: header.Header}},
		{"anonymous", open, Credentials{}},
	} {
		b.Run(c.name, func(b *testing.B) {
			c.credentials.Time = now
			b.ReportAllocs()
			for b.Loop() {
				if _, f := auth.Authenticate(context.Background(), c.rules, &c.credentials); f != nil {
					b.Fatal(f)
				}
			}
		})
	}
}
