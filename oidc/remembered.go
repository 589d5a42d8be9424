package oidc

import (
	"crypto/sha256"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
)

// maxRemembered bounds the tokens that a key set remembers. Only a token that
// held is remembered, so that none but the issuer can fill it; at 3 KiB a token
// that is some 30 MiB.
const maxRemembered = 4096

// digest is the SHA-256 of a token.
type digest [sha256.Size]byte

// digestOf hashes a token that is not too long.
func digestOf(raw string) (digest, error) {
	if len(raw) > maxToken {
		_, err := split(raw)
		return digest{}, err
	}
	return sha256.Sum256([]byte(raw)), nil
}

// memory holds tokens that held, by their digest: so it has no token that could
// be shown to anybody.
type memory = lru.Cache[digest, remembered]

// remembered is a token that held.
type remembered struct {
	claims Claims
	keyID  string
}

func newMemory() *memory {
	tokens, err := lru.New[digest, remembered](maxRemembered)
	if err != nil {
		panic(err) // for a size below 1 only
	}
	return tokens
}

// lazyMemory is a memory that is made when it is first asked for.
type lazyMemory struct {
	once sync.Once
	made *memory
}

func (m *lazyMemory) tokens() *memory {
	m.once.Do(func() { m.made = newMemory() })
	return m.made
}
