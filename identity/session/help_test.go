package session

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	_ "extauthz/goldentest"
)

const issuer = "https://registry.example.com"

// now is the time of every test.
var now = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// newSession returns a session with every claim.
func newSession() *Session {
	return &Session{
		ID: NewID(), Registry: "main", Principal: "arn:aws:sts::123456789012:assumed-role/ci/build", UserID: "AROAEXAMPLE:build",
		RoleARN: "arn:aws:iam::123456789012:role/team/ci", FederatedBy: "arn:aws:iam::123456789012:user/alice", FederatedByID: "AIDACKCEVSQ6C2EXAMPLE",
		Provider: "arn:aws:iam::123456789012:oidc-provider/gitlab.example.com", SourceIdentity: "bob@example.com",
		Tags: map[string]string{"team": "blue", "job": "<&>\u2028"}, SessionPolicies: []string{"123456789012:pull"},
		IssuedAt: now.Add(-time.Hour), Expires: now.Add(time.Hour),
	}
}

// pkcs8 returns a private key as PEM.
func pkcs8(t testing.TB, private crypto.PrivateKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func ed25519Key(t testing.TB) []byte {
	t.Helper()
	text, err := newKey()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func ecdsaKey(t testing.TB, curve elliptic.Curve) []byte {
	t.Helper()
	private, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return pkcs8(t, private)
}

func parsed(t testing.TB, files map[string][]byte) *Keys {
	t.Helper()
	keys, err := ParseKeys(files)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// service returns a service with the keys of files.
func service(t testing.TB, files map[string][]byte) *Service {
	t.Helper()
	keys := parsed(t, files)
	return &Service{Issuer: issuer, Keys: func() *Keys { return keys }}
}

func sign(t testing.TB, s *Service, use Use, session *Session) string {
	t.Helper()
	token, err := s.Sign(use, session, now)
	if err != nil {
		t.Fatal(err)
	}
	return token
}
