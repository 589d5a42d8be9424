package simulate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"maps"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"extauthz/decision"
	"extauthz/identity"
	"extauthz/identity/oidc/oidctest"
	"extauthz/policystore"
	"extauthz/policystore/directory/directorytest"
)

// issuer signs tokens of the issuers in testdata/callers.
type issuer struct{ *oidctest.Signer }

// callers loads testdata/callers with generated keys.
func callers(t *testing.T) (*policystore.Snapshot, *issuer) {
	t.Helper()
	signer := oidctest.NewSigner("ci")
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/callers")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "jwks", "ci.json"), []byte(signer.JWKS()), 0o644); err != nil {
		t.Fatal(err)
	}
	principals, err := os.ReadFile(filepath.Join(dir, "principals.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	directorytest.Write(t, dir, map[string]string{ // git does not keep the mode of a secret
		"principals.yaml": strings.Replace(string(principals), "credentials:\n", "credentials:\n- {accessKey: "+keyOfAlice+", principal: \"arn:aws:iam::123456789012:user/alice\"}\n", 1),
		"access-keys":     keyOfAlice + ":wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n",
	})
	s, err := policystore.Load(dir, decision.Options{CacheSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	return s, &issuer{signer}
}

// keyOfAlice is the id of an access key of alice.
const keyOfAlice = "AKIAIOSFODNN7EXAMPLE"

// noon is the time of all credentials in these tests.
var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// token returns a token of the issuer at host with more claims.
func (i *issuer) token(t *testing.T, host string, further map[string]any) string {
	t.Helper()
	claims := map[string]any{"iss": "https://" + host, "aud": "main.example.com", "iat": noon.Unix() - 60, "exp": noon.Unix() + 600}
	maps.Copy(claims, further)
	return i.Token(t, claims)
}

// certificate returns a certificate with a URI or DNS name, in PEM.
func certificate(t *testing.T, uri, dns string) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	if uri != "" {
		parsed, err := url.Parse(uri)
		if err != nil {
			t.Fatal(err)
		}
		template.URIs = []*url.URL{parsed}
	}
	if dns != "" {
		template.DNSNames = []string{dns}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// certificateOf returns a credential with a certificate.
func certificateOf(t *testing.T, uri, dns string) WhoamiInput {
	t.Helper()
	principal, text, err := identity.ParsePeer(certificate(t, uri, dns))
	if err != nil {
		t.Fatal(err)
	}
	return WhoamiInput{Principal: principal, Certificate: text}
}
