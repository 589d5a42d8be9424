package identity

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"sync"
	"sync/atomic"

	lru "github.com/hashicorp/golang-lru/v2"
)

// maxCallers bounds the cached callers. At 1.6 KiB each they take 51 MiB.
const maxCallers = 1 << 15

// A callerCache contains the callers of credentials that were valid, so that a credential
// which is sent again takes a lookup instead of parsing and evaluation. It belongs to one
// Authenticator: the password file, the bindings, the users and roles and their policies
// never change under it. What else can change the caller of a credential is
//
//   - the configuration of the registry, such as the audiences, which is in the key, and
//   - what [authentication.holds] checks whenever a caller is looked up.
//
// Failures are not cached.
//
// The callers are in an LRU list, which has a lock. Those that were found last for each of
// many parts of a digest are also in a table, which is read without a lock.
type callerCache struct {
	digests *digester
	entries *lru.Cache[callerKey, authentication]
	recent  [recentCallers]atomic.Pointer[recentCaller]
}

const recentCallers = 1 << 12

// A recentCaller is an entry of the list.
type recentCaller struct {
	key callerKey
	authentication
}

// A callerKey identifies a credential of a source at a registry.
type callerKey struct {
	source     Source
	config     *Config
	credential digest
}

// An authentication is the caller of a valid credential.
type authentication struct {
	caller *Caller
	// holds reports whether the same credential has the same caller in another request
	// to the registry. nil means that it is not known, so that the caller is not cached.
	holds func(attempt) bool
}

// inEveryRequest is the condition of a caller that follows from its credential alone.
func inEveryRequest(attempt) bool { return true }

// newCallerCache returns an empty cache. It returns nil, with which no caller is cached, if
// the program must not use the digest: in the mode GODEBUG=fips140=only.
func newCallerCache() *callerCache {
	digests, err := newDigester()
	if err != nil {
		return nil
	}
	entries, err := lru.New[callerKey, authentication](maxCallers)
	if err != nil {
		panic(err) // only for a size below 1
	}
	return &callerCache{digests: digests, entries: entries}
}

// get returns what the cache has for a credential.
func (c *callerCache) get(key callerKey) (known authentication, found bool) {
	recent := c.recentOf(key)
	if r := recent.Load(); r != nil && r.key == key {
		return r.authentication, true
	}
	if known, found = c.entries.Get(key); found {
		recent.Store(&recentCaller{key, known})
	}
	return known, found
}

func (c *callerCache) add(key callerKey, a authentication) {
	c.entries.Add(key, a)
	c.recentOf(key).Store(&recentCaller{key, a})
}

func (c *callerCache) recentOf(key callerKey) *atomic.Pointer[recentCaller] {
	return &c.recent[binary.NativeEndian.Uint16(key.credential[:])%recentCallers]
}

// cached returns the caller of a credential from the cache, or authenticates it and caches
// the caller. The credential is in two texts, of which the second may be empty.
func (a attempt) cached(source Source, credential string, more []byte, authenticate func() (authentication, *Failure)) (*Caller, *Failure) {
	cache := a.auth.callers
	if cache == nil {
		fresh, f := authenticate()
		return fresh.caller, f
	}
	key := callerKey{source, a.config, cache.digests.sum(credential, more)}
	if known, found := cache.get(key); found && known.holds(a) {
		return known.caller, nil
	}
	fresh, f := authenticate()
	if f == nil && fresh.holds != nil {
		cache.add(key, fresh)
	}
	return fresh.caller, f
}

// clear removes all callers, because the bindings or issuers change.
func (c *callerCache) clear() {
	if c == nil {
		return
	}
	c.entries.Purge()
	for i := range c.recent {
		c.recent[i].Store(nil)
	}
}

// A digest identifies a credential. It does not show the credential, and must not leave the
// process, because it depends on a secret key.
type digest [16]byte

// A digester computes digests with a random key: GMAC, the authenticator of AES-GCM, with a
// nonce that is always the same. For two texts of up to 64 KiB that were chosen without the
// key, the probability of one digest is less than 2^-115. The bound requires that no digest
// is shown to a client. GMAC takes about a quarter of the time of SHA-256.
type digester struct {
	mac     cipher.AEAD
	scratch sync.Pool // of *scratch
}

type scratch struct {
	text []byte
	sum  []byte
}

func newDigester() (*digester, error) {
	var key [16]byte
	rand.Read(key[:])
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	mac, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &digester{mac: mac, scratch: sync.Pool{New: func() any { return &scratch{} }}}, nil
}

// gmacNonce is the nonce of all digests.
var gmacNonce = make([]byte, 12)

// sum returns the digest of two texts.
func (d *digester) sum(first string, second []byte) digest {
	s := d.scratch.Get().(*scratch)
	s.text = binary.AppendUvarint(s.text[:0], uint64(len(first))) // separates the texts
	s.text = append(append(s.text, first...), second...)
	s.sum = d.mac.Seal(s.sum[:0], gmacNonce, nil, s.text) //nolint:gosec // equal texts must have equal digests
	clear(s.text)                                         // which may be a secret
	sum := digest(s.sum)
	d.scratch.Put(s)
	return sum
}
