package session

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"extauthz/diag"
)

// A key signs and verifies session tokens.
type key struct {
	id        string // the thumbprint of the public key (RFC 7638)
	signsFrom time.Time
	algorithm jose.SignatureAlgorithm
	private   crypto.Signer
	signers   map[Use]jose.Signer
	sealing   *sealingKey
}

// nameLayout is the form of the names of key files: the time, in UTC, from which the key signs.
const nameLayout = "20060102T150405Z.pem"

// parseKey parses a key file. Its errors contain nothing of the text.
func parseKey(name string, text []byte) (*key, error) {
	signsFrom, err := time.Parse(nameLayout, name)
	if err != nil {
		return nil, fault(name, "the name is not the time from which the key signs", "name it such as 20261129T120000Z.pem, in UTC, or remove it")
	}
	private, err := parsePrivate(name, text)
	if err != nil {
		return nil, err
	}
	k := &key{signsFrom: signsFrom, private: private, signers: map[Use]jose.Signer{}}
	switch private := private.(type) {
	case ed25519.PrivateKey:
		k.algorithm = jose.EdDSA
	case *ecdsa.PrivateKey:
		if private.Curve == elliptic.P256() {
			k.algorithm = jose.ES256
		}
	}
	if k.algorithm == "" {
		return nil, fault(name, "the key is neither Ed25519 nor ECDSA with P-256", "create one with extauthz session-key")
	}
	public := jose.JSONWebKey{Key: private.Public()}
	thumbprint, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, fault(name, "the key has no thumbprint", "create another with extauthz session-key")
	}
	k.id = base64.RawURLEncoding.EncodeToString(thumbprint)
	for _, use := range []Use{Access, Refresh} {
		k.signers[use], err = jose.NewSigner(
			jose.SigningKey{Algorithm: k.algorithm, Key: jose.JSONWebKey{Key: k.private, KeyID: k.id}},
			new(jose.SignerOptions).WithType(jose.ContentType(use)))
		if err != nil {
			return nil, fault(name, "the key cannot sign", "create another with extauthz session-key")
		}
	}
	if k.sealing, err = newSealingKey(k); err != nil {
		return nil, fault(name, "the key cannot seal temporary credentials", "create another with extauthz session-key")
	}
	return k, nil
}

// parsePrivate parses a private key in PEM that is the only block of the file.
func parsePrivate(name string, text []byte) (crypto.Signer, error) {
	const remedy = "write one private key in PKCS #8, which begins with -----BEGIN PRIVATE KEY-----"
	block, rest := pem.Decode(text)
	switch {
	case block == nil:
		return nil, fault(name, "the file is not PEM", remedy)
	case block.Type != "PRIVATE KEY":
		return nil, fault(name, "the file is not a private key in PKCS #8", remedy)
	case strings.TrimSpace(string(rest)) != "":
		return nil, fault(name, "text follows the key", "remove it")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	signer, isSigner := parsed.(crypto.Signer)
	if err != nil || !isSigner {
		return nil, fault(name, "the private key cannot be parsed", "create another with extauthz session-key")
	}
	return signer, nil
}

// publicKey returns the public key as it is published.
func (k *key) publicKey() jose.JSONWebKey {
	return jose.JSONWebKey{Key: k.private.Public(), KeyID: k.id, Algorithm: string(k.algorithm), Use: "sig"}
}

// fault returns the fault of a key file.
func fault(name, problem, remedy string) error {
	return diag.New(diag.Position{Source: diag.File(name)}, problem, remedy)
}
