package oidc

import (
	"crypto/sha256"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
)

// How many tokens are cached. Only valid tokens are, so that only the issuer can fill the
// cache.
const (
	// maxVerified bounds the tokens of a key set; at 3 KiB each they take about 30 MiB.
	maxVerified = 4096
	// maxAccepted bounds the tokens of an issuer that Envoy verified. This cache saves
	// only parsing, and an issuer may have both.
	maxAccepted = 256
)

// digest is the SHA-256 of a token.
type digest [sha256.Size]byte

// digestOf returns the digest of a token that is not too long.
func digestOf(raw string) (digest, error) {
	if len(raw) > maxToken {
		_, err := split(raw)
		return digest{}, err
	}
	var text [maxToken]byte // on the stack; a conversion would copy to the heap
	return sha256.Sum256(text[:copy(text[:], raw)]), nil
}

// tokenCache contains the claims of valid tokens by digest, and no token that could be used
// as a credential.
type tokenCache = lru.Cache[digest, verifiedToken]

// verifiedToken is a valid token in a cache.
type verifiedToken struct {
	claims Claims
	keyID  string
}

func newTokenCache(size int) *tokenCache {
	tokens, err := lru.New[digest, verifiedToken](size)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return tokens
}

// lazyTokenCache is a cache that is allocated when it is first used.
type lazyTokenCache struct {
	once  sync.Once
	cache *tokenCache
}

func (m *lazyTokenCache) tokens() *tokenCache {
	m.once.Do(func() { m.cache = newTokenCache(maxAccepted) })
	return m.cache
}
