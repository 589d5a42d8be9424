package basic

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// How many wrong passwords are compared. An address or a user name may fail so
// often at once, and then once in each such interval.
const (
	maxFailures       = 10
	addressForgetting = 2 * time.Second
	userForgetting    = time.Second
	rememberedEach    = 16384 // addresses, areas and user names each, whose failures are remembered
)

// attempts decides which passwords are compared, and in which order.
//
// An address whose passwords were wrong too often is refused until its failures
// are forgotten. So is a user name, but only for addresses that failed
// themselves: guesses from elsewhere do not lock a user out. Of those that wait
// for a slot, the one whose address has the fewest failures and running hashes
// is next, so that guesses do not delay the first login from another address by
// more than the hash that is running. Between addresses with equally many, those
// of the whole area count, because one client can have many addresses in it.
type attempts struct {
	mu        sync.Mutex
	free      int        // slots in which no hash runs
	waiting   []*attempt // in the order of their arrival
	addresses *lru.Cache[netip.Prefix, *failures]
	areas     *lru.Cache[netip.Prefix, *failures]
	users     *lru.Cache[[32]byte, *failures] // of names with a wrong password
}

func newAttempts(slots int) *attempts {
	a := &attempts{free: slots}
	a.addresses, _ = lru.New[netip.Prefix, *failures](rememberedEach) // fails only for a size that is not positive
	a.areas, _ = lru.New[netip.Prefix, *failures](rememberedEach)
	a.users, _ = lru.New[[32]byte, *failures](rememberedEach)
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

// limits reports whether a login may not be tried from address now. user is a key
// of the user name.
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
		address: remembered(a.addresses, own, addressForgetting),
		area:    remembered(a.areas, area, addressForgetting),
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
		a.leave(one)
		return nil, ErrOverloaded
	}
}

// leave gives up waiting, or gives back a slot that was granted meanwhile.
func (a *attempts) leave(one *attempt) {
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

// end frees the slot of an attempt; failed says that the password was wrong.
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
		remembered(a.users, one.user, userForgetting).add(now)
		a.refuse(now)
	}
	a.grant()
}

// refuse ends the waiting of attempts that may not be hashed any more.
func (a *attempts) refuse(now time.Time) {
	a.waiting = slices.DeleteFunc(a.waiting, func(one *attempt) bool {
		if !a.refuses(one.address, one.user, now) {
			return false
		}
		one.ready <- ErrTooManyFailures
		return true
	})
}

// grant gives free slots to those that wait.
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

// before reports whether one gets a slot earlier than another that waits too.
func (a *attempt) before(other *attempt, now time.Time) bool {
	return cmp.Or(
		cmp.Compare(a.address.rank(now), other.address.rank(now)),
		cmp.Compare(a.area.rank(now), other.area.rank(now)),
	) < 0
}

// failures counts the wrong passwords of an address, an area or a user name, and
// forgets them with time.
type failures struct {
	forgetting time.Duration // one failure is forgotten in this time
	count      int
	since      time.Time // when the count began to fall
	running    int       // hashes
}

// recent returns how many failures are not forgotten yet; nil has none.
func (f *failures) recent(now time.Time) int {
	if f == nil {
		return 0
	}
	return max(0, f.count-int(now.Sub(f.since)/f.forgetting))
}

// rank orders those that wait for a slot: the lowest is next.
func (f *failures) rank(now time.Time) int { return f.recent(now) + f.running }

func (f *failures) add(now time.Time) {
	if f.recent(now) == 0 {
		f.count, f.since = 0, now
	}
	f.count++
}

// remembered returns the failures of a key.
func remembered[K comparable](all *lru.Cache[K, *failures], key K, forgetting time.Duration) *failures {
	f, found := all.Get(key)
	if !found {
		f = &failures{forgetting: forgetting}
		all.Add(key, f)
	}
	return f
}

// networks returns by what an address is counted: an IPv4 address, or the first
// 64 bits of an IPv6 address, of which a client has all the others to choose from;
// and the area around it, of 24 or 48 bits. All texts that are not addresses are
// one client.
func networks(address string) (own, area netip.Prefix) {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return netip.Prefix{}, netip.Prefix{}
	}
	bits, wide := 32, 24
	if ip = ip.Unmap(); ip.Is6() {
		bits, wide = 64, 48
	}
	own, _ = ip.Prefix(bits) // fails only for more bits than ip has
	area, _ = ip.Prefix(wide)
	return own, area
}
