package issuer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
)

// An Algorithm signs tokens (RFC 7518 section 3.1).
type Algorithm string

// The algorithms that issuers use most.
const (
	RS256 Algorithm = "RS256" // GitHub, GitLab, Kubernetes
	ES256 Algorithm = "ES256"
)

// key is a key of the issuer. One of rsa and ecdsa is set.
type key struct {
	id        string
	algorithm Algorithm
	rsa       *rsa.PrivateKey
	ecdsa     *ecdsa.PrivateKey
}

// newKey returns a new key.
func newKey(id string, algorithm Algorithm) (k *key, err error) {
	k = &key{id: id, algorithm: algorithm}
	if algorithm == RS256 {
		k.rsa, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		k.ecdsa, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	return k, err
}

// public returns the JSON Web Key that verifies signatures (RFC 7518 section 6).
func (k *key) public() map[string]string {
	public := map[string]string{"kid": k.id, "use": "sig", "alg": string(k.algorithm)}
	if k.rsa != nil {
		public["kty"] = "RSA"
		public["n"] = encode(k.rsa.N.Bytes())
		public["e"] = encode(big.NewInt(int64(k.rsa.E)).Bytes())
		return public
	}
	point, err := k.ecdsa.PublicKey.Bytes() // 4, x, y
	if err != nil {
		panic(err) // only for curves that newKey does not use
	}
	public["kty"], public["crv"] = "EC", "P-256"
	public["x"], public["y"] = encode(point[1:33]), encode(point[33:])
	return public
}

// sign returns a token with the header and the claims (RFC 7515 section 7.1).
func (k *key) sign(header, claims any) (string, error) {
	first, err := json.Marshal(header)
	if err != nil {
		return "", err
	}
	second, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	text := encode(first) + "." + encode(second)
	signature, err := k.signature([]byte(text))
	return text + "." + encode(signature), err
}

// signature returns a signature in the format of RFC 7518, sections 3.3 and 3.4.
func (k *key) signature(text []byte) ([]byte, error) {
	digest := sha256.Sum256(text)
	if k.rsa != nil {
		return rsa.SignPKCS1v15(rand.Reader, k.rsa, crypto.SHA256, digest[:])
	}
	r, s, err := ecdsa.Sign(rand.Reader, k.ecdsa, digest[:])
	if err != nil {
		return nil, err
	}
	return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...), nil
}

// encode returns data in base64url without padding.
func encode(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }
