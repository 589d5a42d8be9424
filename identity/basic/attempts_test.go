package basic

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	_ "extauthz/goldentest" // accept -update
)

// hashTime is the duration of a hash in these tests, whose clock is that of a synctest
// bubble.
const hashTime = 60 * time.Millisecond

// slowVerifier returns a Verifier with that many slots, whose hashes take hashTime and
// are counted. The right password is "right".
func slowVerifier(slots int) (p *Verifier, hashes *atomic.Int64) {
	p, hashes = NewVerifier(), new(atomic.Int64)
	p.attempts = newAttempts(slots)
	p.compare = func(_, password []byte) error {
		hashes.Add(1)
		time.Sleep(hashTime)
		if bytes.Equal(password, []byte("right")) {
			return nil
		}
		return errors.New("wrong")
	}
	return p, hashes
}

// userFile returns a file with users u0 to u9.
func userFile() *File {
	f := &File{lines: map[string]fileLine{}}
	for i := range 10 {
		name := fmt.Sprintf("u%d", i)
		f.lines[name], f.order = fileLine{text: name + ":hash"}, append(f.order, name)
	}
	return f
}

// TestGuessesDelayAFirstLoginByOneHash checks that guesses from one address, however
// many at a time, delay a first login from another address by one hash at most.
func TestGuessesDelayAFirstLoginByOneHash(t *testing.T) {
	for _, slots := range []int{1, 2, 4} {
		for _, guessers := range []int{8, 128} {
			t.Run(fmt.Sprintf("%d guessers and %d slots", guessers, slots), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					p, _ := slowVerifier(slots)
					file, ctx := userFile(), t.Context()
					stop := make(chan struct{})
					var running sync.WaitGroup
					for i := range guessers {
						running.Go(func() {
							for n := 0; ; n++ {
								select {
								case <-stop:
									return
								default:
									p.Verify(ctx, file, "u1", fmt.Sprintf("guess %d %d", i, n), "192.0.2.66")
									time.Sleep(time.Millisecond)
								}
							}
						})
					}
					for login := range 9 {
						time.Sleep(7 * hashTime / 5)
						start := time.Now()
						if _, err := p.Verify(ctx, file, fmt.Sprintf("u%d", login+1), "right", fmt.Sprintf("198.51.100.%d", login)); err != nil {
							t.Errorf("login %d: %v", login, err)
						}
						if took := time.Since(start); took > 2*hashTime {
							t.Errorf("login %d took %v, want at most two hashes of %v", login, took, hashTime)
						}
					}
					close(stop)
					running.Wait()
				})
			})
		}
	}
}

// TestWrongPasswordsOfAnAddressAreLimited checks that an address computes ten hashes
// for wrong passwords at once, and then one in two seconds.
func TestWrongPasswordsOfAnAddressAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, hashes := slowVerifier(1)
		file := userFile()
		guess := 0
		try := func(times int) (limited int) {
			for range times {
				guess++
				if _, err := p.Verify(t.Context(), file, fmt.Sprintf("u%d", guess%10), fmt.Sprint("guess ", guess), "192.0.2.66"); errors.Is(err, ErrTooManyFailures) {
					limited++
				}
			}
			return limited
		}
		if limited := try(50); limited != 40 || hashes.Load() != 10 {
			t.Errorf("%d of 50 were refused after %d hashes, want 40 and 10", limited, hashes.Load())
		}
		time.Sleep(10 * time.Second)
		if limited := try(50); limited != 45 || hashes.Load() != 15 {
			t.Errorf("ten seconds later %d of 50 were refused after %d hashes in all, want 45 and 15", limited, hashes.Load())
		}
		time.Sleep(time.Minute)
		if limited := try(10); limited != 0 {
			t.Errorf("a minute later %d of 10 were refused, want none", limited)
		}
	})
}

// TestCachedPasswordsAreNotLimited checks that a cached password is not refused, and
// that a repeated wrong password takes no hash and counts once.
func TestCachedPasswordsAreNotLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, hashes := slowVerifier(1)
		file, ctx, address := userFile(), t.Context(), "192.0.2.66"
		if _, err := p.Verify(ctx, file, "u1", "right", address); err != nil {
			t.Fatal(err)
		}
		for range 100 {
			if _, err := p.Verify(ctx, file, "u2", "the same typing error", address); errors.Is(err, ErrTooManyFailures) {
				t.Fatal("a repeated wrong password counts each time")
			}
		}
		if _, err := p.Verify(ctx, file, "u2", "right", address); err != nil {
			t.Errorf("after a wrong password: %v", err)
		}
		for i := range 50 {
			p.Verify(ctx, file, "u3", fmt.Sprint("guess ", i), address)
		}
		before := hashes.Load()
		if _, err := p.Verify(ctx, file, "u1", "right", address); err != nil || hashes.Load() != before {
			t.Errorf("a verified password from an address that guesses: %v after %d more hashes", err, hashes.Load()-before)
		}
	})
}

// TestWrongPasswordsForAUserAreLimited checks that guesses for one user from many
// addresses are limited, and do not lock the user out.
func TestWrongPasswordsForAUserAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, hashes := slowVerifier(4)
		file, ctx := userFile(), t.Context()
		for address := range 20 {
			for n := range 5 {
				p.Verify(ctx, file, "u1", fmt.Sprintf("guess %d %d", address, n), fmt.Sprintf("192.0.2.%d", address))
			}
		}
		// The first two addresses have five guesses each, the others one each, and
		// what was forgotten meanwhile.
		if n := hashes.Load(); n < 28 || n > 32 {
			t.Errorf("%d hashes for a hundred guesses from twenty addresses, want about 28", n)
		}
		if _, err := p.Verify(ctx, file, "u1", "right", "198.51.100.1"); err != nil {
			t.Errorf("the user's own login from elsewhere: %v", err)
		}
	})
}

// TestAbandonedAttempts checks that a login whose request has ended gives up its place
// or its slot.
func TestAbandonedAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := slowVerifier(1)
		file := userFile()
		go p.Verify(t.Context(), file, "u1", "right", "192.0.2.1")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), hashTime/2)
		defer cancel()
		if _, err := p.Verify(ctx, file, "u2", "right", "192.0.2.2"); !errors.Is(err, ErrOverloaded) {
			t.Errorf("error %v, want overloaded", err)
		}
		time.Sleep(hashTime)
		synctest.Wait()
		p.attempts.mu.Lock()
		defer p.attempts.mu.Unlock()
		if p.attempts.free != 1 || len(p.attempts.waiting) != 0 {
			t.Errorf("%d free slots and %d waiting, want 1 and 0", p.attempts.free, len(p.attempts.waiting))
		}
	})
}

// TestCachedPasswordsAreNotRevealed checks that an address over its limit cannot find
// out whether a password was verified from elsewhere.
func TestCachedPasswordsAreNotRevealed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, hashes := slowVerifier(1)
		file, ctx, attacker := userFile(), t.Context(), "192.0.2.66"
		if _, err := p.Verify(ctx, file, "u1", "right", "198.51.100.1"); err != nil {
			t.Fatal(err)
		}
		for i := range 50 {
			p.Verify(ctx, file, "u3", fmt.Sprint("guess ", i), attacker)
		}
		before := hashes.Load()
		if _, err := p.Verify(ctx, file, "u1", "right", attacker); !errors.Is(err, ErrTooManyFailures) {
			t.Errorf("the right password, verified from elsewhere: error %v, want too many failures", err)
		}
		if _, err := p.Verify(ctx, file, "u1", "right", "198.51.100.1"); err != nil {
			t.Errorf("from where it was verified: %v", err)
		}
		if _, err := p.Verify(ctx, file, "u1", "right", "198.51.100.2"); err != nil || hashes.Load() != before {
			t.Errorf("from a third address: %v after %d more hashes", err, hashes.Load()-before)
		}
	})
}

// TestLimitedAttemptsAreNotCounted checks that refused user names do not displace the
// failures of others.
func TestLimitedAttemptsAreNotCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, _ := slowVerifier(1)
		for i := range 1000 {
			p.Verify(t.Context(), userFile(), fmt.Sprint("name ", i), "guess", "192.0.2.66")
		}
		if n := p.attempts.users.Len(); n > maxFailures {
			t.Errorf("%d user names are remembered, want at most %d", n, maxFailures)
		}
	})
}

// TestGuessesFromAnArea checks that guesses from many addresses of one area delay a
// first login from elsewhere by one hash at most.
func TestGuessesFromAnArea(t *testing.T) {
	for _, c := range []struct{ name, attacker, other string }{
		{"IPv6 networks", "2001:db8:0:%x::1", "2001:db8:1::1"},
		{"IPv4 addresses", "192.0.2.%d", "198.51.100.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, _ := slowVerifier(1)
				file := userFile()
				var running sync.WaitGroup
				for i := range 200 {
					running.Go(func() {
						p.Verify(t.Context(), file, "u1", fmt.Sprint("guess ", i), fmt.Sprintf(c.attacker, i))
					})
				}
				time.Sleep(7 * hashTime / 5)
				start := time.Now()
				if _, err := p.Verify(t.Context(), file, "u2", "right", c.other); err != nil {
					t.Error(err)
				}
				if took := time.Since(start); took > 2*hashTime {
					t.Errorf("the login took %v, want at most two hashes of %v", took, hashTime)
				}
				running.Wait()
				time.Sleep(2 * hashTime) // until the last hash has ended
			})
		})
	}
}

func TestNetworks(t *testing.T) {
	for address, want := range map[string][2]string{
		"192.0.2.1":         {"192.0.2.1/32", "192.0.2.0/24"},
		"::ffff:192.0.2.1":  {"192.0.2.1/32", "192.0.2.0/24"},
		"2001:db8:1:2:3::4": {"2001:db8:1:2::/64", "2001:db8:1::/48"},
		"2001:db8:1:2:5::6": {"2001:db8:1:2::/64", "2001:db8:1::/48"},
		"fe80::1%eth0":      {"fe80::/64", "fe80::/48"},
		"/run/client.sock":  {"invalid Prefix", "invalid Prefix"},
		"":                  {"invalid Prefix", "invalid Prefix"},
	} {
		own, area := networks(address)
		if got := [2]string{own.String(), area.String()}; got != want {
			t.Errorf("networks(%q) = %q, want %q", address, got, want)
		}
	}
}
