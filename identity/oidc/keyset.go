package oidc

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"extauthz/diag"
)

// A KeySet has the keys of an issuer: those of a file, which never change, or those at a URL,
// which are fetched repeatedly. The zero value is empty.
type KeySet struct {
	static *generation // of a file
	remote *remoteKeys // of a URL, nil for a file
}

func (s *KeySet) empty() bool { return s == nil || s.static == nil && s.remote == nil }

// ParseKeySet parses a JWKS file (RFC 7517). The error has a diagnostic for each shared
// secret, private key and RSA key shorter than 2048 bits. A set without a key that verifies
// signatures is an error too. Keys for encryption, and of kinds and algorithms that are not
// used, are ignored.
func ParseKeySet(file string, text []byte) (*KeySet, error) {
	usable, refused, err := parseJWKS(file, text)
	var faults diag.Faults
	for _, fault := range append(refused, err) {
		faults.Add(fault)
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return &KeySet{static: newGeneration(text, usable)}, nil
}

// current returns the current keys, nil if they must be fetched first.
func (s *KeySet) current() *generation {
	if s.remote == nil {
		return s.static
	}
	g, wait := s.remote.keys()
	if wait != nil {
		return nil
	}
	return g
}

// issuerOf returns the iss of a token that the latest keys have verified, "" of any other.
// It starts no fetch.
func (s *KeySet) issuerOf(d digest) string {
	if s.empty() {
		return ""
	}
	g := s.static
	if s.remote != nil {
		if g = s.remote.latest(); g == nil {
			return ""
		}
	}
	known, _ := g.tokens.Peek(d)
	url, _ := known.claims.Text("iss")
	return url
}

// verify returns the keys that verify the token and the kid of the one that signed it, and
// caches the token. A kid that is not in the set may be new, so that the set is fetched again.
func (s *KeySet) verify(ctx context.Context, t *unverifiedToken, d digest) (g *generation, keyID string, err error) {
	g = s.static
	if s.remote != nil {
		if g, err = s.remote.wait(ctx); err != nil {
			return nil, "", err
		}
	}
	signer, err := g.verify(t)
	if errors.Is(err, errUnknownKey) && s.remote != nil {
		if g, err = s.remote.refreshed(ctx, g); err != nil {
			return nil, "", err
		}
		signer, err = g.verify(t)
	}
	if err != nil {
		return nil, "", err
	}
	g.tokens.Add(d, verifiedToken{t.claims, signer.id})
	return g, signer.id, nil
}

// generation is a key set as it was at one time, with a cache of the tokens that its keys
// have verified. A set with other keys is another generation, with an empty cache.
type generation struct {
	text   digest
	keys   []key
	tokens *tokenCache
}

func newGeneration(text []byte, keys []key) *generation {
	return &generation{sha256.Sum256(text), keys, newTokenCache(maxVerified)}
}

// errUnknownKey is the error of a token whose kid is not in the set.
var errUnknownKey = errors.New("not in the issuer's key set")

// verify returns the key that signed the token.
func (g *generation) verify(t *unverifiedToken) (*key, error) {
	candidates, err := g.candidates(t)
	if err != nil {
		return nil, err
	}
	signed, err := jose.ParseSignedCompact(t.raw, algorithms)
	if err != nil {
		return nil, errors.New("the token is not signed")
	}
	for i, k := range candidates {
		if !slices.Contains(k.algorithms, t.algorithm) {
			continue
		}
		if payload, err := signed.Verify(k.public); err == nil && bytes.Equal(payload, t.payload) {
			return &candidates[i], nil
		}
	}
	return nil, fmt.Errorf("the token's signature (%s) is not valid for the issuer's key %s", t.algorithm, quote(t.keyID))
}

// candidates returns the keys with the token's kid, usually one. A token without a kid is
// accepted only if the set has one key.
func (g *generation) candidates(t *unverifiedToken) ([]key, error) {
	if !t.namesKey {
		if len(g.keys) != 1 {
			return nil, fmt.Errorf("the token has no kid, and the issuer's set has %d keys", len(g.keys))
		}
		return g.keys, nil
	}
	var found []key
	for _, k := range g.keys {
		if k.id != "" && k.id == t.keyID {
			found = append(found, k)
		}
	}
	if found == nil {
		return nil, fmt.Errorf("the token's key %s is %w", quote(t.keyID), errUnknownKey)
	}
	return found, nil
}
