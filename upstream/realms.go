package upstream

import (
	"cmp"
	"crypto/sha256"
	"net/http"
	"slices"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"extauthz/fetch"
)

// Realms are the realms of all snapshots of a policy directory.
type Realms struct {
	now func() time.Time

	mu  sync.Mutex
	all map[realmID]*Realm
}

// realmID identifies a realm by everything that its tokens depend on. Secrets are digests.
type realmID struct {
	url, service string
	ca, user     [sha256.Size]byte
}

// NewRealms returns an empty set of realms.
func NewRealms() *Realms { return &Realms{now: time.Now, all: map[realmID]*Realm{}} }

// RealmOptions describe a realm.
type RealmOptions struct {
	URL                string // https, or http on this machine
	Service            string // the service parameter; "" for none
	CA                 []byte // authorities of the realm's server in PEM; nil for the system's roots
	Username, Password string // the user that it issues tokens to; both "" for an anonymous one
}

// Realm returns the realm with these options. A realm that is kept is returned again, with its
// tokens. The error reports an invalid URL or CA.
func (all *Realms) Realm(o RealmOptions) (*Realm, error) {
	client, err := fetch.NewClient("a token realm", o.URL, o.CA)
	if err != nil {
		return nil, err
	}
	id := realmID{o.URL, o.Service, sha256.Sum256(o.CA), sha256.Sum256([]byte(basic(o.Username, o.Password)))}
	all.mu.Lock()
	defer all.mu.Unlock()
	if known, found := all.all[id]; found {
		return known, nil
	}
	header := http.Header{"Accept": {"application/json"}}
	if o.Username != "" || o.Password != "" {
		header.Set("Authorization", basic(o.Username, o.Password))
	}
	tokens, err := lru.New[string, *token](maxTokens)
	if err != nil {
		return nil, err // only for a size that is not positive
	}
	return &Realm{id: id, client: client, service: o.Service, header: header, now: all.now, fetches: make(chan struct{}, maxFetches), tokens: tokens}, nil
}

// Keep keeps the realms of some credentials and removes every other. A removed realm still
// works, but [Realms.Realm] returns a new one for its options.
func (all *Realms) Keep(used []*Credential) {
	all.mu.Lock()
	defer all.mu.Unlock()
	clear(all.all)
	for _, c := range used {
		if c.realm != nil {
			all.all[c.realm.id] = c.realm
		}
	}
}

// RealmStatus is the status of a realm.
type RealmStatus struct {
	URL      string
	Issued   time.Time // when it last issued a token; zero before the first
	Failures uint64    // fetches that failed, in total
}

// Status returns the status of every realm, ordered by URL.
func (all *Realms) Status() []RealmStatus {
	all.mu.Lock()
	defer all.mu.Unlock()
	list := make([]RealmStatus, 0, len(all.all))
	for _, r := range all.all {
		r.mu.Lock()
		list = append(list, RealmStatus{r.client.URL(), r.issued, r.failures})
		r.mu.Unlock()
	}
	slices.SortFunc(list, func(a, b RealmStatus) int { return cmp.Compare(a.URL, b.URL) })
	return list
}
