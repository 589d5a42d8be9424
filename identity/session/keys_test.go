package session

import (
	"bytes"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// TestSigner checks that the latest key whose time has come signs, whatever else changes.
func TestSigner(t *testing.T) {
	old, current, next := ed25519Key(t), ecdsaKey(t, elliptic.P256()), ed25519Key(t)
	id := func(text []byte) string {
		return parsed(t, map[string][]byte{"20260101T000000Z.pem": text}).Signer(now)
	}
	keys := parsed(t, map[string][]byte{"20261001T000000Z.pem": old, "20261129T120000Z.pem": current, "20261129T120001Z.pem": next})
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{time.Date(2026, 9, 30, 23, 59, 59, 0, time.UTC), ""},
		{now.Add(-time.Second), id(old)},
		{now, id(current)},
		{now.Add(999 * time.Millisecond), id(current)},
		{now.Add(time.Second), id(next)},
		{now.Add(time.Hour), id(next)},
	} {
		if got := keys.Signer(c.at); got != c.want {
			t.Errorf("%v: key %q signs, want %q", c.at, got, c.want)
		}
	}
	if keys.Len() != 3 || !keys.Has(id(next)) || keys.Has("other") || (*Keys)(nil).Has("") || (*Keys)(nil).Signer(now) != "" {
		t.Error("the keys are not those of the files")
	}
}

// TestJWKS checks that the public keys are published with their ids, and nothing else is.
func TestJWKS(t *testing.T) {
	keys := parsed(t, map[string][]byte{"20261001T000000Z.pem": ed25519Key(t), "20261129T120000Z.pem": ecdsaKey(t, elliptic.P256())})
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(keys.JWKS(), &set); err != nil || len(set.Keys) != 2 {
		t.Fatalf("%s: error %v", keys.JWKS(), err)
	}
	for _, k := range set.Keys {
		if !k.IsPublic() || !k.Valid() || k.Use != "sig" || !keys.Has(k.KeyID) {
			t.Errorf("key %+v", k)
		}
	}
	if bytes.Contains(keys.JWKS(), []byte(`"d"`)) {
		t.Errorf("%s has a private key", keys.JWKS())
	}
	if got := string((*Keys)(nil).JWKS()); got != `{"keys":[]}` {
		t.Errorf("without keys: %s", got)
	}
}

// TestParseKeysRefuses checks that each fault has one error with the file's name, which
// contains nothing of the file.
func TestParseKeysRefuses(t *testing.T) {
	const good = "20260101T000000Z.pem"
	key := ed25519Key(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rsaKey)})
	public, err := x509.MarshalPKIXPublicKey(rsaKey.Public())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		files map[string][]byte
		want  string
	}{
		{"a name without a time", map[string][]byte{"key.pem": key}, "key.pem: the name is not the time"},
		{"a date that does not exist", map[string][]byte{"20260230T000000Z.pem": key}, "20260230T000000Z.pem: the name is not the time"},
		{"a local time", map[string][]byte{"20260101T000000.pem": key}, "the name is not the time"},
		{"no ending", map[string][]byte{"20260101T000000Z": key}, "the name is not the time"},
		{"empty", map[string][]byte{good: nil}, good + ": the file is not PEM"},
		{"not PEM", map[string][]byte{good: []byte("hunter2")}, "the file is not PEM"},
		{"a public key", map[string][]byte{good: pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})}, "not a private key in PKCS #8"},
		{"PKCS #1", map[string][]byte{good: pkcs1}, "not a private key in PKCS #8"},
		{"two keys", map[string][]byte{good: append(bytes.Clone(key), ed25519Key(t)...)}, "text follows the key"},
		{"damaged", map[string][]byte{good: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: bytes.Repeat([]byte("damaged "), 4)})}, "cannot be parsed"},
		{"RSA", map[string][]byte{good: pkcs8(t, rsaKey)}, "neither Ed25519 nor ECDSA with P-256"},
		{"P-384", map[string][]byte{good: ecdsaKey(t, elliptic.P384())}, "neither Ed25519 nor ECDSA with P-256"},
		{"one key twice", map[string][]byte{good: key, "20260102T000000Z.pem": key}, "20260102T000000Z.pem: the key is the same as that of " + good},
		{"a good one and a bad one", map[string][]byte{good: key, "20260102T000000Z.pem": []byte("hunter2")}, "20260102T000000Z.pem: the file is not PEM"},
	} {
		t.Run(c.name, func(t *testing.T) {
			keys, err := ParseKeys(c.files)
			if err == nil || keys != nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("keys %v, error %v, want %q", keys, err, c.want)
			}
			for _, text := range c.files {
				block, _ := pem.Decode(text)
				if block != nil && strings.Contains(err.Error(), base64.StdEncoding.EncodeToString(block.Bytes)[:min(16, len(block.Bytes))]) || strings.Contains(err.Error(), "hunter2") {
					t.Errorf("error %v contains the key", err)
				}
			}
		})
	}
}
