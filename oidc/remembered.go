package oidc

import (
	"crypto/sha256"

	lru "github.com/hashicorp/golang-lru/v2"
)

// maxRemembered bounds the tokens that a key set remembers. Only a token that
// held is remembered, so that none but the issuer can fill it; at 3 KiB a token
// that is some 30 MiB.
const maxRemembered = 4096

// memory holds the verified tokens of one generation of keys, by their SHA-256:
// it holds no token that could be shown to anybody.
type memory = lru.Cache[[sha256.Size]byte, remembered]

// remembered is a token whose signature held.
type remembered struct {
	claims Claims
	keyID  string
}

func newMemory() *memory {
	tokens, err := lru.New[[sha256.Size]byte, remembered](maxRemembered)
	if err != nil {
		panic(err) // for a size below 1 only
	}
	return tokens
}
