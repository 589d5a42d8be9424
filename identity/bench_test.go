package identity

import (
	"context"
	"testing"
)

// BenchmarkIdentify is what each source costs a request whose credential was
// verified before.
func BenchmarkIdentify(b *testing.B) {
	w := tokens(b)
	w.bindings = append(w.bindings,
		Binding{Kind: URI, Name: "spiffe://example.com/ci", Principal: ciARN},
		Binding{Kind: URI, Name: "spiffe://cluster.local/ns/{namespace}/sa/{name}", Principal: session + "ci/{name}", Tags: map[string]string{"namespace": "{namespace}"}},
		Binding{Kind: HeaderName, Name: "{name}@example.com", Principal: "arn:aws:iam::123456789012:user/dev/{name}"})
	table := w.build(b)
	token, bound := signerAt(gitlabURL).token(b, nil), signerAt("https://bound.example.com").token(b, claims{"sub": "alice"})
	const pod = "spiffe://cluster.local/ns/team-a/sa/builder"
	header := rules()
	header.Sources, header.Header = []Source{TrustedHeader}, "x-user"
	open := rules()
	open.Anonymous = true
	for _, c := range []struct {
		name     string
		rules    *Rules
		evidence Evidence
	}{
		{"mtls", rules(), Evidence{Principal: "spiffe://example.com/ci", Certificate: certificate(b, certificateNames{uris: []string{"spiffe://example.com/ci"}})}},
		{"mtls captured", rules(), Evidence{Principal: pod, Certificate: certificate(b, certificateNames{uris: []string{pod}})}},
		{"jwt_authn bound", rules(), Evidence{Authorization: bearer(bound), Metadata: map[string]any{"bound": payload(b, bound)}}},
		{"bearer bound", rules(), Evidence{Authorization: bearer(bound)}},
		{"bearer role", rules(), Evidence{Authorization: bearer(token)}},
		{"basic role", rules(), Evidence{Authorization: basicHeader("123456789012/deploy", token)}},
		{"basic password", rules(), Evidence{Authorization: basicHeader("alice", "alice-secret")}},
		{"header", header, Evidence{Header: []string{"alice@example.com"}, TrustedHeader: header.Header}},
		{"anonymous", open, Evidence{}},
	} {
		b.Run(c.name, func(b *testing.B) {
			c.evidence.Time = now
			b.ReportAllocs()
			for b.Loop() {
				if _, f := table.Identify(context.Background(), c.rules, &c.evidence); f != nil {
					b.Fatal(f)
				}
			}
		})
	}
}
