package session

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"extauthz/diag"
)

// Keys are the keys at one time. They do not change. nil has no keys.
type Keys struct {
	byID    map[string]*key
	ordered []*key // by the time from which they sign
	jwks    []byte
}

// ParseKeys parses the key files of a folder, by name. The error consists of the faults of
// all files, and contains nothing of their texts.
func ParseKeys(files map[string][]byte) (*Keys, error) {
	all, set := &Keys{byID: map[string]*key{}}, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	var faults diag.Faults
	names := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		k, err := parseKey(name, files[name])
		if err != nil {
			faults.Add(err)
			continue
		}
		if other, twice := names[k.id]; twice {
			faults.Add(fault(name, "the key is the same as that of "+other, "remove one of the two"))
			continue
		}
		names[k.id], all.byID[k.id] = name, k
		all.ordered = append(all.ordered, k) // the order of the names is that of the times
		set.Keys = append(set.Keys, k.publicKey())
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	var err error
	all.jwks, err = json.Marshal(set)
	return all, err
}

// Len returns the number of keys.
func (k *Keys) Len() int {
	if k == nil {
		return 0
	}
	return len(k.ordered)
}

// JWKS returns the public keys as a JSON Web Key Set (RFC 7517).
func (k *Keys) JWKS() []byte {
	if k == nil {
		return []byte(`{"keys":[]}`)
	}
	return k.jwks
}

// Signer returns the id of the key that signs at a time: of those whose time has come, the
// latest. It returns "" if no key signs.
func (k *Keys) Signer(now time.Time) (id string) {
	if signer := k.signer(now); signer != nil {
		return signer.id
	}
	return ""
}

func (k *Keys) signer(now time.Time) *key {
	if k == nil {
		return nil
	}
	for _, one := range slices.Backward(k.ordered) {
		if !now.Before(one.signsFrom) {
			return one
		}
	}
	return nil
}

// Has reports whether the key with an id is one of the keys.
func (k *Keys) Has(id string) bool { return k.find(id) != nil }

func (k *Keys) find(id string) *key {
	if k == nil {
		return nil
	}
	return k.byID[id]
}
