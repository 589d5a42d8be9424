package basic

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"extauthz/clientip"
)

// How many wrong passwords are compared. An address or a user name may fail maxFailures
// times at once, and then once in each interval.
const (
	maxFailures     = 10
	addressInterval = 2 * time.Second
	userInterval    = time.Second
	maxTracked      = 16384 // addresses, areas and user names, each, whose failures are counted
)

// attempts decides which passwords are compared, and in which order.
//
// An address with too many wrong passwords is refused until its failures expire. So is a
// user name, but only for addresses that failed themselves, so that guesses from elsewhere
// do not lock a user out. Of the attempts that wait for a slot, the one whose address has
// the fewest failures and running hashes is next, so that guesses delay the first login
// from another address by no more than the hash that is running. Among equal addresses,
// the failures of the whole area count, because one client can have many addresses in it.
type attempts struct {
	mu        sync.Mutex
	slots     int        // hashes that may run at a time
	free      int        // slots without a running hash
	waiting   []*attempt // in the order of their arrival
	addresses *lru.Cache[netip.Prefix, *failures]
	areas     *lru.Cache[netip.Prefix, *failures]
	users     *lru.Cache[[32]byte, *failures] // of names with a wrong password
}

func newAttempts(slots int) *attempts {
	a := &attempts{slots: slots, free: slots}
	a.addresses, _ = lru.New[netip.Prefix, *failures](maxTracked) // fails only for a size that is not positive
	a.areas, _ = lru.New[netip.Prefix, *failures](maxTracked)
	a.users, _ = lru.New[[32]byte, *failures](maxTracked)
	return a
}

// An attempt is one login for which a hash is computed.
type attempt struct {
	address, area *failures
	user          [32]byte   // key of the user name
	ready         chan error // receives nil when a slot is granted
}

// refuses reports whether a password for the user must not be compared now.
// address is nil if it has no failures.
func (a *attempts) refuses(address *failures, user [32]byte, now time.Time) bool {
	n := address.recent(now)
	if n == 0 || n >= maxFailures {
		return n > 0
	}
	ofUser, _ := a.users.Get(user)
	return ofUser.recent(now) >= maxFailures
}

// limits reports whether a login from the address is refused now. user is a key of the
// user name.
func (a *attempts) limits(address string, user [32]byte) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	own, _ := networks(address)
	failures, _ := a.addresses.Get(own)
	return a.refuses(failures, user, time.Now())
}

// begin waits for a slot, no longer than ctx. user is a key of the user name.
// A nil error must be followed by a call of end. The error is ErrTooManyFailures
// or ErrOverloaded.
func (a *attempts) begin(ctx context.Context, address string, user [32]byte) (*attempt, error) {
	own, area := networks(address)
	a.mu.Lock()
	one := &attempt{
		address: failuresOf(a.addresses, own, addressInterval),
		area:    failuresOf(a.areas, area, addressInterval),
		user:    user,
		ready:   make(chan error, 1),
	}
	if a.refuses(one.address, user, time.Now()) {
		a.mu.Unlock()
		return nil, ErrTooManyFailures
	}
	a.waiting = append(a.waiting, one)
	a.grant()
	a.mu.Unlock()
	select {
	case err := <-one.ready:
		return one, err
	case <-ctx.Done():
		a.cancel(one)
		return nil, ErrOverloaded
	}
}

// load returns the number of slots, of running hashes and of waiting attempts.
func (a *attempts) load() (slots, running, waiting int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.slots, a.slots - a.free, len(a.waiting)
}

// cancel removes a waiting attempt, or returns a slot that was granted meanwhile.
func (a *attempts) cancel(one *attempt) {
	a.mu.Lock()
	if i := slices.Index(a.waiting, one); i >= 0 {
		a.waiting = slices.Delete(a.waiting, i, i+1)
		a.mu.Unlock()
		return
	}
	a.mu.Unlock()
	if err := <-one.ready; err == nil {
		a.end(one, false)
	}
}

// end frees the slot of an attempt. failed means that the password was wrong.
func (a *attempts) end(one *attempt, failed bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.free++
	one.address.running--
	one.area.running--
	if failed {
		now := time.Now()
		one.address.add(now)
		one.area.add(now)
		failuresOf(a.users, one.user, userInterval).add(now)
		a.refuse(now)
	}
	a.grant()
}

// refuse refuses the waiting attempts that are now over a limit.
func (a *attempts) refuse(now time.Time) {
	a.waiting = slices.DeleteFunc(a.waiting, func(one *attempt) bool {
		if !a.refuses(one.address, one.user, now) {
			return false
		}
		one.ready <- ErrTooManyFailures
		return true
	})
}

// grant gives free slots to waiting attempts.
func (a *attempts) grant() {
	for now := time.Now(); a.free > 0 && len(a.waiting) > 0; a.free-- {
		next := 0
		for i, one := range a.waiting {
			if one.before(a.waiting[next], now) {
				next = i
			}
		}
		one := a.waiting[next]
		a.waiting = slices.Delete(a.waiting, next, next+1)
		one.address.running++
		one.area.running++
		one.ready <- nil
	}
}

// before reports whether a gets a slot before another waiting attempt.
func (a *attempt) before(other *attempt, now time.Time) bool {
	return cmp.Or(
		cmp.Compare(a.address.rank(now), other.address.rank(now)),
		cmp.Compare(a.area.rank(now), other.area.rank(now)),
	) < 0
}

// failures counts the recent wrong passwords of an address, an area or a user name.
type failures struct {
	interval time.Duration // in which one failure expires
	count    int
	since    time.Time // when the first failure was counted
	running  int       // hashes
}

// recent returns how many failures have not expired; nil has none.
func (f *failures) recent(now time.Time) int {
	if f == nil {
		return 0
	}
	return max(0, f.count-int(now.Sub(f.since)/f.interval))
}

// rank orders the waiting attempts: the lowest is next.
func (f *failures) rank(now time.Time) int { return f.recent(now) + f.running }

func (f *failures) add(now time.Time) {
	if f.recent(now) == 0 {
		f.count, f.since = 0, now
	}
	f.count++
}

// failuresOf returns the failures of a key.
func failuresOf[K comparable](all *lru.Cache[K, *failures], key K, forgetting time.Duration) *failures {
	f, found := all.Get(key)
	if !found {
		f = &failures{interval: forgetting}
		all.Add(key, f)
	}
	return f
}

// networks returns the network of a client and the area around it. All texts that are not
// addresses count as one client.
func networks(address string) (own, area netip.Prefix) {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return netip.Prefix{}, netip.Prefix{}
	}
	return clientip.Network(ip), clientip.Area(ip)
}
