package policystore

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"testing"
)

// signer is an issuer's key.
type signer struct{ key *ecdsa.PrivateKey }

func newSigner(t testing.TB) signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signer{key}
}

// jwks is the issuer's key set (RFC 7517), with the one key "k1".
func (s signer) jwks(t testing.TB) string {
	t.Helper()
	point, err := s.key.PublicKey.Bytes() // 0x04, x, y
	if err != nil {
		t.Fatal(err)
	}
	return `{"keys":[{"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","kid":"k1","x":"` + encode(point[1:33]) + `","y":"` + encode(point[33:]) + `"}]}`
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// token is a token of the issuer with those claims (RFC 7519).
func (s signer) token(t *testing.T, claims map[string]any) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	text := encode([]byte(`{"alg":"ES256","kid":"k1"}`)) + "." + encode(payload)
	digest := sha256.Sum256([]byte(text))
	r, sum, err := ecdsa.Sign(rand.Reader, s.key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + encode(append(r.FillBytes(make([]byte, 32)), sum.FillBytes(make([]byte, 32))...))
}

// authority is a certificate in PEM.
func authority(t testing.TB) string {
	t.Helper()
	key := newSigner(t).key
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}
