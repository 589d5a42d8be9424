package sessiontest

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"testing"

	"extauthz/identity/session"
)

// Keys are keys that a test changes.
type Keys struct {
	files   map[string][]byte
	current atomic.Pointer[session.Keys]
}

// New returns one key.
func New(t testing.TB) *Keys {
	t.Helper()
	k := &Keys{files: map[string][]byte{}}
	k.Add(t)
	return k
}

// Keys returns the current keys.
func (k *Keys) Keys() *session.Keys { return k.current.Load() }

// Add adds a key, which signs from then on.
func (k *Keys) Add(t testing.TB) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	k.files[fmt.Sprintf("20260101T0000%02dZ.pem", len(k.files))] = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	k.parse(t)
}

// RemoveFirst removes the oldest key.
func (k *Keys) RemoveFirst(t testing.TB) {
	t.Helper()
	delete(k.files, slices.Min(slices.Collect(maps.Keys(k.files))))
	k.parse(t)
}

func (k *Keys) parse(t testing.TB) {
	t.Helper()
	keys, err := session.ParseKeys(k.files)
	if err != nil {
		t.Fatal(err)
	}
	k.current.Store(keys)
}
