package issuer

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"extauthz/tests/certs"
)

// An Issuer signs tokens and serves the keys that verify them. Its methods may
// be called while it serves.
type Issuer struct {
	// Name is the claim iss of its tokens.
	Name string

	authority *certs.Authority
	server    *httptest.Server

	mu      sync.Mutex
	keys    []*key // published; the last one signs
	made    int    // number of keys made so far
	state   State
	changed chan struct{} // closed when the state changes
	fetches int
	grant   Grant // nil without a token service
}

// Claims are the claims of a token.
type Claims map[string]any

// Start starts an issuer with one key on a loopback address. Its name is its URL if name is "".
// Close ends it.
func Start(name string, algorithm Algorithm) (*Issuer, error) {
	i := &Issuer{Name: name, changed: make(chan struct{})}
	if err := i.Rotate(algorithm); err != nil {
		return nil, err
	}
	if err := i.serve(); err != nil {
		return nil, err
	}
	if i.Name == "" {
		i.Name = i.server.URL
	}
	return i, nil
}

// Claims returns the claims of a token for the subject and the audience that is valid for five
// minutes. Members of further replace or add claims; nil removes a claim.
func (i *Issuer) Claims(subject, audience string, further Claims) Claims {
	now := time.Now()
	claims := Claims{
		"iss": i.Name, "sub": subject, "aud": audience,
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(),
	}
	for name, value := range further {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	return claims
}

// Sign returns a token with these claims, signed with the newest key.
func (i *Issuer) Sign(claims Claims) (string, error) {
	i.mu.Lock()
	k := i.keys[len(i.keys)-1]
	i.mu.Unlock()
	return k.sign(map[string]string{"typ": "JWT", "alg": string(k.algorithm), "kid": k.id}, claims)
}

// Rotate adds a key, which signs all further tokens.
func (i *Issuer) Rotate(algorithm Algorithm) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	k, err := newKey(fmt.Sprintf("key-%d", i.made+1), algorithm)
	if err != nil {
		return err
	}
	i.made++
	i.keys = append(i.keys, k)
	return nil
}

// Retire removes all keys from the set except the newest.
func (i *Issuer) Retire() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = i.keys[len(i.keys)-1:]
}

// KeySet returns the set of keys that is served (RFC 7517 section 5).
func (i *Issuer) KeySet() []byte {
	i.mu.Lock()
	defer i.mu.Unlock()
	var keys []map[string]string
	for _, k := range i.keys {
		keys = append(keys, k.public())
	}
	text, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		panic(err) // strings only
	}
	return text
}

var _ http.Handler = (*Issuer)(nil)
