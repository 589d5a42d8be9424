package basicauth

import (
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
	rememberedEach    = 16384 // addresses, and as many user names, whose failures are remembered
)

// attempts decides which passwords are compared, and in which order.
//
// An address whose passwords were wrong too often is refused until its failures
// are forgotten. So is a user name, but only for addresses that failed
// themselves: guesses from elsewhere do not lock a user out. Of those that wait
// for a slot, the one whose address has the fewest failures and running hashes
// is next, so that guesses do not delay the first login from another address by
// more than the hash that is running.
type attempts struct {
	mu        sync.Mutex
	free      int        // slots in which no hash runs
	waiting   []*attempt // in the order of their arrival
	addresses *lru.Cache[string, *failures]
	users     *lru.Cache[[32]byte, *failures]
}

func newAttempts(slots int) *attempts {
	a := &attempts{free: slots}
	a.addresses, _ = lru.New[string, *failures](rememberedEach) // fails only for a size that is not positive
	a.users, _ = lru.New[[32]byte, *failures](rememberedEach)
	return a
}

// An attempt is one login for which a hash is computed.
type attempt struct {
	address, user *failures
	ready         chan error // receives nil when a slot is granted
}

// limited reports whether the attempt may not be hashed now.
func (a *attempt) limited(now time.Time) bool {
	address := a.address.recent(now)
	return address >= maxFailures || address > 0 && a.user.recent(now) >= maxFailures
}

// rank orders the attempts that wait: the lowest is next.
func (a *attempt) rank(now time.Time) int { return a.address.recent(now) + a.address.running }

// begin waits for a slot, no longer than ctx. user is a key of the user name.
// A nil error must be followed by a call of end. The error is ErrTooManyFailures
// or ErrOverloaded.
func (a *attempts) begin(ctx context.Context, address string, user [32]byte) (*attempt, error) {
	a.mu.Lock()
	one := &attempt{
		address: remembered(a.addresses, network(address), addressForgetting),
		user:    remembered(a.users, user, userForgetting),
		ready:   make(chan error, 1),
	}
	if one.limited(time.Now()) {
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
	if failed {
		now := time.Now()
		one.address.add(now)
		one.user.add(now)
		a.refuse(now)
	}
	a.grant()
}

// refuse ends the waiting of attempts that may not be hashed any more.
func (a *attempts) refuse(now time.Time) {
	a.waiting = slices.DeleteFunc(a.waiting, func(one *attempt) bool {
		if !one.limited(now) {
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
			if one.rank(now) < a.waiting[next].rank(now) {
				next = i
			}
		}
		one := a.waiting[next]
		a.waiting = slices.Delete(a.waiting, next, next+1)
		one.address.running++
		one.ready <- nil
	}
}

// failures counts the wrong passwords of an address or a user name, and forgets
// them with time.
type failures struct {
	forgetting time.Duration // one failure is forgotten in this time
	count      int
	since      time.Time // when the count began to fall
	running    int       // hashes
}

// recent returns how many failures are not forgotten yet.
func (f *failures) recent(now time.Time) int {
	return max(0, f.count-int(now.Sub(f.since)/f.forgetting))
}

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

// network returns the text by which an address is counted: an IPv4 address, the
// first 64 bits of an IPv6 address, of which a client has all the others to
// choose from, or a text that is not an address.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if ip = ip.Unmap(); ip.Is6() {
		return netip.PrefixFrom(ip.WithZone(""), 64).Masked().String()
	}
	return ip.String()
}
