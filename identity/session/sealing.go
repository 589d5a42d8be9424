package session

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"extauthz/identity/accesskey"
)

// A sealingKey encrypts the session tokens of temporary credentials (RFC 7516, with the
// algorithms dir and A256GCM), and derives their secrets. Both of its keys are derived from
// the private key of session tokens (RFC 5869), so that the same files serve all purposes.
type sealingKey struct {
	key       []byte // of AES-256
	secretKey []byte // of HMAC-SHA256
	encrypter jose.Encrypter
}

// credentialsType is the typ header of session tokens of temporary credentials. [UseOf] does
// not return it, because such a token alone is not a credential.
const credentialsType jose.ContentType = "extauthz-credentials+jwe"

// newSealingKey derives the sealing key of a key.
func newSealingKey(k *key) (*sealingKey, error) {
	private, err := privateBytes(k)
	if err != nil {
		return nil, err
	}
	s := new(sealingKey)
	if s.key, err = derive(private, "extauthz temporary credentials: session tokens"); err != nil {
		return nil, err
	}
	if s.secretKey, err = derive(private, "extauthz temporary credentials: secret access keys"); err != nil {
		return nil, err
	}
	s.encrypter, err = jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.DIRECT, Key: s.key, KeyID: k.id}, new(jose.EncrypterOptions).WithType(credentialsType))
	return s, err
}

// privateBytes returns the secret number or seed of a private key.
func privateBytes(k *key) ([]byte, error) {
	switch private := k.private.(type) {
	case ed25519.PrivateKey:
		return private.Seed(), nil
	case *ecdsa.PrivateKey:
		return private.Bytes()
	}
	return nil, errors.New("another kind of key")
}

// derive derives a key of 32 bytes for a purpose.
func derive(secret []byte, purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, secret, nil, purpose, 32)
}

// seal returns the token with a payload.
func (s *sealingKey) seal(payload []byte) (string, error) {
	sealed, err := s.encrypter.Encrypt(payload)
	if err != nil {
		return "", err
	}
	return sealed.CompactSerialize()
}

// parseSealed parses a token, and returns the id of the key that it says it is sealed with.
func parseSealed(token string) (sealed *jose.JSONWebEncryption, keyID string, err error) {
	malformed := errors.New("the session token is malformed")
	for segment := range strings.SplitSeq(token, ".") {
		// A lenient decoder accepts texts that differ from the token that was issued.
		if _, err := base64.RawURLEncoding.Strict().DecodeString(segment); err != nil || strings.ContainsAny(segment, "\r\n") {
			return nil, "", malformed
		}
	}
	sealed, err = jose.ParseEncryptedCompact(token, []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		return nil, "", malformed
	}
	if kind, _ := sealed.Header.ExtraHeaders[jose.HeaderType].(string); kind != string(credentialsType) {
		return nil, "", errors.New("this is not a session token of temporary credentials")
	}
	return sealed, sealed.Header.KeyID, nil
}

// secretOf returns the secret access key that belongs to a token.
func (s *sealingKey) secretOf(token string) string {
	mac := hmac.New(sha256.New, s.secretKey)
	mac.Write([]byte(token))
	return accesskey.EncodeSecret([30]byte(mac.Sum(nil)[:30]))
}
