package basic

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"extauthz/identity/basic/basictest"
)

// users returns a password file in which each user's password is NAME-secret.
func users(t *testing.T, names ...string) *File {
	t.Helper()
	h, err := ParseFile("htpasswd", []byte(basictest.Passwords(t, names...)))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestVerdictsAreRemembered(t *testing.T) {
	p, file := NewVerifier(), users(t, "alice")
	for range 3 {
		if _, err := p.Verify(context.Background(), file, "alice", "alice-secret", "192.0.2.1"); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Verify(context.Background(), file, "alice", "wrong", "192.0.2.1"); err == nil {
			t.Fatal("a wrong password is accepted")
		}
		if _, err := p.Verify(context.Background(), file, "carol", "alice-secret", "192.0.2.1"); err == nil {
			t.Fatal("an unknown user is accepted")
		}
	}
	if p.accepted.Len() != 1 || p.refused.Len() != 2 {
		t.Errorf("%d accepted and %d refused are remembered, want 1 and 2", p.accepted.Len(), p.refused.Len())
	}
}

// TestCacheKeyIncludesTheLine checks that a result is not used for another hash or user
// with the same password.
func TestCacheKeyIncludesTheLine(t *testing.T) {
	p, ctx := NewVerifier(), context.Background()
	before := users(t, "alice", "bob")
	if _, err := p.Verify(ctx, before, "alice", "alice-secret", "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	hash, err := bcrypt.GenerateFromPassword([]byte("new"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	after, err := ParseFile("htpasswd", append([]byte("alice:"), hash...))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		file     *File
		user     string
		password string
		want     bool
	}{
		{"old password of a changed line", after, "alice", "alice-secret", false},
		{"new password", after, "alice", "new", true},
		{"user whose line is gone", after, "bob", "bob-secret", false},
		{"the same file as before", before, "alice", "alice-secret", true},
		{"another user's password", before, "bob", "alice-secret", false},
	} {
		if _, err := p.Verify(ctx, c.file, c.user, c.password, "192.0.2.1"); (err == nil) != c.want {
			t.Errorf("%s: error %v, want accepted %t", c.name, err, c.want)
		}
	}
}

// withCosts returns a password file with a line for each cost, of users named u0, u1
// and so on. Each user's password is "right".
func withCosts(t *testing.T, costs ...int) *File {
	t.Helper()
	var text strings.Builder
	for i, cost := range costs {
		hash, err := bcrypt.GenerateFromPassword([]byte("right"), cost)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&text, "u%d:%s\n", i, hash)
	}
	file, err := ParseFile("htpasswd", []byte(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// TestOneHashDecides checks that a wrong password takes one hash, even if another line
// of the file has a higher cost, and that the password of an unknown user takes one
// hash too.
func TestOneHashDecides(t *testing.T) {
	file := withCosts(t, 4, 8, 5)
	p, rounds := NewVerifier(), 0
	p.compare = func(hash, password []byte) error {
		cost, err := bcrypt.Cost(hash)
		if err != nil {
			t.Errorf("%q is compared with: %v", hash, err)
		}
		rounds += 1 << cost
		return bcrypt.CompareHashAndPassword(hash, password)
	}
	for _, c := range []struct {
		name, user, password string
		rounds               []int
		right                bool
	}{
		{"wrong password of the cheapest line", "u0", "wrong", []int{16}, false},
		{"wrong password of the costliest line", "u1", "wrong", []int{256}, false},
		{"wrong password of another line", "u2", "wrong", []int{32}, false},
		{"right password of the cheapest line", "u0", "right", []int{16}, true},
		{"right password of the costliest line", "u1", "right", []int{256}, true},
		{"unknown user", "unknown", "wrong", []int{16, 32, 256}, false},
		{"unknown user with the password of every line", "unknown", "right", []int{16, 32, 256}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			rounds = 0
			if _, err := p.Verify(context.Background(), file, c.user, c.password, "192.0.2.1"); (err == nil) != c.right {
				t.Errorf("error %v, want accepted %t", err, c.right)
			}
			if !slices.Contains(c.rounds, rounds) {
				t.Errorf("%d rounds, want one of %v", rounds, c.rounds)
			}
		})
	}
}

// TestCostsOfUnknownUsers checks that the cost of a refusal does not show whether a
// user exists: the costs of unknown users are distributed as those of the lines, and a
// name has the same cost each time.
func TestCostsOfUnknownUsers(t *testing.T) {
	file := withCosts(t, 4, 4, 4, 6)
	p := NewVerifier()
	p.key = [32]byte{1} // the test is the same each time
	const users = 4000
	costly := 0
	for i := range users {
		user := fmt.Sprintf("unknown%d", i)
		line, known := p.lineOf(file, user)
		again, _ := p.lineOf(file, user)
		if known || line.cost != again.cost || line.text != user {
			t.Fatalf("%s: known %t, line %q of cost %d and then %d", user, known, line.text, line.cost, again.cost)
		}
		if line.cost == 6 {
			costly++
		}
	}
	if costly < users*22/100 || costly > users*28/100 {
		t.Errorf("%d of %d unknown users have the cost of one line of four, want a quarter", costly, users)
	}
	if line, known := p.lineOf(new(File), "u0"); known || len(line.hash) > 0 {
		t.Errorf("an empty file has a line %q", line.text)
	}
}

func TestLongPasswordsAreRefused(t *testing.T) {
	p := NewVerifier()
	password := strings.Repeat("a", maxPassword)
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	h, err := ParseFile("htpasswd", append([]byte("alice:"), hash...))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Verify(context.Background(), h, "alice", password, "192.0.2.1"); err != nil {
		t.Errorf("72 bytes: %v", err)
	}
	if _, err := p.Verify(context.Background(), h, "alice", password+"b", "192.0.2.1"); err == nil {
		t.Error("what follows 72 bytes is ignored")
	}
}

// TestVerifyUnderLoad checks that, while every slot is taken, a user whose password was
// verified is served, and all others wait until the deadline.
func TestVerifyUnderLoad(t *testing.T) {
	p, file := NewVerifier(), users(t, "alice", "bob")
	p.attempts = newAttempts(2)
	if _, err := p.Verify(context.Background(), file, "alice", "alice-secret", "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	var taken []*attempt
	for range 2 {
		one, err := p.attempts.begin(t.Context(), "192.0.2.9", [32]byte{})
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, one)
	}
	if _, err := p.Verify(context.Background(), file, "alice", "alice-secret", "192.0.2.1"); err != nil {
		t.Errorf("a verified caller is not served: %v", err)
	}
	for _, user := range []string{"bob", "carol"} {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer cancel()
		if _, err := p.Verify(ctx, file, user, user+"-secret", "192.0.2.1"); !errors.Is(err, ErrOverloaded) {
			t.Errorf("%s: error %v, want overloaded", user, err)
		}
	}
	for _, one := range taken {
		p.attempts.end(one, false)
	}
	if _, err := p.Verify(context.Background(), file, "bob", "bob-secret", "192.0.2.1"); err != nil {
		t.Errorf("after the load: %v", err)
	}
}

// TestVerifyHashesOnceForMany checks that concurrent first requests of one user compute
// one hash.
func TestVerifyHashesOnceForMany(t *testing.T) {
	p := NewVerifier()
	question := p.cacheKey("alice:hash", "x")
	p.cache(question, true)
	hashed := make(chan bool, 1)
	attempt, err := p.attempts.begin(t.Context(), "192.0.2.1", [32]byte{})
	if err != nil {
		t.Fatal(err)
	}
	file := &File{lines: map[string]fileLine{"alice": {text: "alice:hash", hash: []byte("no hash at all")}}}
	p.verify(attempt, question, file, "alice", "x", hashed)
	if !<-hashed {
		t.Error("the verdict that was found meanwhile is not used")
	}
}

// TestVerifyFinishesAfterTheDeadline checks that a hash which takes longer than the
// deadline is finished, so that the client's next attempt finds its result.
func TestVerifyFinishesAfterTheDeadline(t *testing.T) {
	p, file := NewVerifier(), users(t, "alice")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for deadline := time.Now().Add(5 * time.Minute); p.accepted.Len() == 0; {
		if time.Now().After(deadline) {
			t.Fatal("the password is never verified")
		}
		p.Verify(ctx, file, "alice", "alice-secret", "192.0.2.1")
	}
	if _, err := p.Verify(ctx, file, "alice", "alice-secret", "192.0.2.1"); err != nil {
		t.Errorf("verified, and yet %v", err)
	}
}
