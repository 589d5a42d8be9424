package oidc

import (
	"errors"

	"github.com/go-jose/go-jose/v4"
)

// KeySet holds the keys of an issuer.
type KeySet struct {
	keys []jose.JSONWebKey
}

// ParseKeySet reads a JWKS file.
func ParseKeySet(file string, text []byte) (*KeySet, error) {
	return nil, errors.New("oidc: no keys are read")
}
