package oidc

import (
	"crypto/sha256"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
)

// How many tokens are remembered. Only a token that held is, so that none but
// the issuer can fill the memory.
const (
	// maxVerified bounds those of a key set; at 3 KiB a token they take some 30 MiB.
	maxVerified = 4096
	// maxAccepted bounds those of an issuer that Envoy verified. What is saved is
	// parsing alone, and an issuer may have both.
	maxAccepted = 256
)

// digest is the SHA-256 of a token.
type digest [sha256.Size]byte

// digestOf hashes a token that is not too long.
func digestOf(raw string) (digest, error) {
	if len(raw) > maxToken {
		_, err := split(raw)
		return digest{}, err
	}
	var text [maxToken]byte // on the stack, where a conversion would copy to the heap
	return sha256.Sum256(text[:copy(text[:], raw)]), nil
}

// memory holds tokens that held, by their digest: so it has no token that could
// be shown to anybody.
type memory = lru.Cache[digest, remembered]

// remembered is a token that held.
type remembered struct {
	claims Claims
	keyID  string
}

func newMemory(size int) *memory {
	tokens, err := lru.New[digest, remembered](size)
	if err != nil {
		panic(err) // for a size below 1 only
	}
	return tokens
}

// lazyMemory is the memory of accepted tokens, made when it is first asked for.
type lazyMemory struct {
	once sync.Once
	made *memory
}

func (m *lazyMemory) tokens() *memory {
	m.once.Do(func() { m.made = newMemory(maxAccepted) })
	return m.made
}
