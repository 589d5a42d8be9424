package oidc

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

// KeySet holds the keys of an issuer: those of a file, which never change, or
// those at a URL, which are fetched again and again. The zero value has none.
type KeySet struct {
	fixed  *generation // of a file
	source *source     // of a URL, nil for a file
}

func (s *KeySet) empty() bool { return s == nil || s.fixed == nil && s.source == nil }

// ParseKeySet reads a JWKS file (RFC 7517). A shared secret, a private key, an
// RSA key shorter than 2048 bits and a set without a key that verifies
// signatures are errors, which name file, line, column and remedy. Keys for
// encryption, and of kinds and algorithms not used, are passed over.
func ParseKeySet(file string, text []byte) (*KeySet, error) {
	usable, refused, err := parseJWKS(file, text)
	if err == nil && len(refused) > 0 {
		err = refused[0]
	}
	if err != nil {
		return nil, err
	}
	return &KeySet{fixed: newGeneration(text, usable)}, nil
}

// recall returns a token that the keys in use verified before.
func (s *KeySet) recall(d digest) (remembered, bool) {
	g := s.fixed
	if s.source != nil {
		var wait <-chan struct{}
		if g, wait = s.source.keys(); wait != nil {
			return remembered{}, false
		}
	}
	return g.tokens.Get(d)
}

// issuerOf returns the iss of a token that the keys last had verified before, "" of
// any other. No fetch begins for it.
func (s *KeySet) issuerOf(d digest) string {
	if s.empty() {
		return ""
	}
	g := s.fixed
	if s.source != nil {
		if g = s.source.last(); g == nil {
			return ""
		}
	}
	known, _ := g.tokens.Peek(d)
	url, _ := known.claims.Text("iss")
	return url
}

// verify returns the kid of the key that signed the token, and remembers the
// token. A kid that is not in the set may be new, so the set is fetched again.
func (s *KeySet) verify(ctx context.Context, t *unverified, d digest) (string, error) {
	g := s.fixed
	var err error
	if s.source != nil {
		if g, err = s.source.ready(ctx); err != nil {
			return "", err
		}
	}
	signer, err := g.verify(t)
	if errors.Is(err, errUnknownKey) && s.source != nil {
		if g, err = s.source.newer(ctx, g); err != nil {
			return "", err
		}
		signer, err = g.verify(t)
	}
	if err != nil {
		return "", err
	}
	g.tokens.Add(d, remembered{t.claims, signer.id})
	return signer.id, nil
}

// generation is a key set as it was at one time, with the tokens its keys
// verified. It never changes, but for what it remembers: a set with other keys
// is another generation, which remembers nothing yet.
type generation struct {
	text   digest
	keys   []key
	tokens *memory
}

func newGeneration(text []byte, keys []key) *generation {
	return &generation{sha256.Sum256(text), keys, newMemory(maxVerified)}
}

// errUnknownKey is the error of a token whose kid is not in the set.
var errUnknownKey = errors.New("not in the issuer's key set")

// verify returns the key that signed the token.
func (g *generation) verify(t *unverified) (*key, error) {
	candidates, err := g.named(t)
	if err != nil {
		return nil, err
	}
	signed, err := jose.ParseSignedCompact(t.raw, algorithms)
	if err != nil {
		return nil, errors.New("the token is not a signed one")
	}
	for i, k := range candidates {
		if !slices.Contains(k.algorithms, t.algorithm) {
			continue
		}
		if payload, err := signed.Verify(k.public); err == nil && bytes.Equal(payload, t.payload) {
			return &candidates[i], nil
		}
	}
	return nil, fmt.Errorf("the token's signature (%s) does not hold by the issuer's key %s", t.algorithm, quote(t.keyID))
}

// named returns the keys of the token's kid, nearly always one. A token without
// a kid is taken where there is no choice.
func (g *generation) named(t *unverified) ([]key, error) {
	if !t.namesKey {
		if len(g.keys) != 1 {
			return nil, fmt.Errorf("the token does not name its key (kid), and the issuer's set has %d", len(g.keys))
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
