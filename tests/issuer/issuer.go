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
	// Name is what its tokens give as iss.
	Name string

	authority *certs.Authority
	server    *httptest.Server

	mu      sync.Mutex
	keys    []*key // that it publishes; it signs with the last
	made    int    // keys so far
	mood    Mood
	changed chan struct{} // closed when the mood changes
	fetches int
	grant   Grant // nil: no token service
}

// Claims are what a token says.
type Claims map[string]any

// Start starts an issuer with one key on a loopback address. Its tokens name it
// as name, or, if that is "", by its address. Close ends it.
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

// Claims are those of a token for the subject and the audience that holds for
// five minutes, with the members of further over them. A member that is nil is
// left out.
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

// Sign returns a token with these claims, whatever they are, signed with the
// newest key.
func (i *Issuer) Sign(claims Claims) (string, error) {
	i.mu.Lock()
	k := i.keys[len(i.keys)-1]
	i.mu.Unlock()
	return k.sign(map[string]string{"typ": "JWT", "alg": string(k.algorithm), "kid": k.id}, claims)
}

// Rotate adds a key, with which tokens are signed from now on.
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

// Retire takes all keys but the newest out of the set.
func (i *Issuer) Retire() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = i.keys[len(i.keys)-1:]
}

// KeySet is the set of keys as it is served (RFC 7517 section 5).
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
