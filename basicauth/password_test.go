package basicauth

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// users returns a password file in which each user's password is NAME-secret.
func users(t *testing.T, names ...string) *File {
	t.Helper()
	var text strings.Builder
	for _, name := range names {
		hash, err := bcrypt.GenerateFromPassword([]byte(name+"-secret"), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString(name + ":" + string(hash) + "\n")
	}
	h, err := ParseFile("htpasswd", []byte(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestVerdictsAreRemembered(t *testing.T) {
	p, file := NewPasswords(), users(t, "alice")
	for range 3 {
		if err := p.Verify(context.Background(), file, "alice", "alice-secret"); err != nil {
			t.Fatal(err)
		}
		if err := p.Verify(context.Background(), file, "alice", "wrong"); err == nil {
			t.Fatal("a wrong password is accepted")
		}
		if err := p.Verify(context.Background(), file, "carol", "alice-secret"); err == nil {
			t.Fatal("an unknown user is accepted")
		}
	}
	if p.accepted.Len() != 1 || p.refused.Len() != 2 {
		t.Errorf("%d accepted and %d refused are remembered, want 1 and 2", p.accepted.Len(), p.refused.Len())
	}
}

// A verdict belongs to the line: with another hash, or another user's name, the
// same password is a new question.
func TestVerdictsBelongToTheLine(t *testing.T) {
	p, ctx := NewPasswords(), context.Background()
	before := users(t, "alice", "bob")
	if err := p.Verify(ctx, before, "alice", "alice-secret"); err != nil {
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
		if err := p.Verify(ctx, c.file, c.user, c.password); (err == nil) != c.want {
			t.Errorf("%s: error %v, want accepted %t", c.name, err, c.want)
		}
	}
}

// The work of a refusal, in rounds of bcrypt, tells nothing of who is known, nor
// of the cost of whose line. A right password pays its own line's alone.
func TestRefusalsCostTheSame(t *testing.T) {
	var text strings.Builder
	for i, name := range []string{"cheap", "costly", "between"} {
		hash, err := bcrypt.GenerateFromPassword([]byte("right"), bcrypt.MinCost+[]int{0, 4, 1}[i])
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString(name + ":" + string(hash) + "\n")
	}
	file, err := ParseFile("htpasswd", []byte(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	p, rounds := NewPasswords(), 0
	p.compare = func(hash, password []byte) error {
		cost, err := bcrypt.Cost(hash)
		if err != nil || len(hash) != 60 {
			t.Errorf("%q is compared with: %v", hash, err)
		}
		rounds += 1 << cost
		return bcrypt.CompareHashAndPassword(hash, password)
	}
	for _, c := range []struct {
		name, user, password string
		rounds               int
	}{
		{"unknown user", "nobody", "wrong", 256},
		{"unknown user, the costliest line's password", "nobody", "right", 256},
		{"cheapest line", "cheap", "wrong", 256},
		{"line between", "between", "wrong", 256},
		{"costliest line", "costly", "wrong", 256},
		{"right password of the cheapest line", "cheap", "right", 16},
		{"right password of the costliest line", "costly", "right", 256},
	} {
		rounds = 0
		if err := p.Verify(context.Background(), file, c.user, c.password); (err == nil) != (c.user != "nobody" && c.password == "right") {
			t.Errorf("%s: error %v", c.name, err)
		}
		if rounds != c.rounds {
			t.Errorf("%s: %d rounds, want %d", c.name, rounds, c.rounds)
		}
	}
}

func TestLongPasswordsAreRefused(t *testing.T) {
	p := NewPasswords()
	password := strings.Repeat("a", maxPassword)
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	h, err := ParseFile("htpasswd", append([]byte("alice:"), hash...))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Verify(context.Background(), h, "alice", password); err != nil {
		t.Errorf("72 bytes: %v", err)
	}
	if err := p.Verify(context.Background(), h, "alice", password+"b"); err == nil {
		t.Error("what follows 72 bytes is ignored")
	}
}

// With every slot taken, a known user whose password was verified is served,
// and everybody else (known or not) waits, but no longer than the deadline.
func TestVerifyUnderLoad(t *testing.T) {
	p, file := NewPasswords(), users(t, "alice", "bob")
	if err := p.Verify(context.Background(), file, "alice", "alice-secret"); err != nil {
		t.Fatal(err)
	}
	for range cap(p.slots) {
		p.slots <- struct{}{}
	}
	if err := p.Verify(context.Background(), file, "alice", "alice-secret"); err != nil {
		t.Errorf("a verified caller is not served: %v", err)
	}
	for _, user := range []string{"bob", "carol"} {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer cancel()
		if err := p.Verify(ctx, file, user, user+"-secret"); !errors.Is(err, ErrOverloaded) {
			t.Errorf("%s: error %v, want overloaded", user, err)
		}
	}
	for range cap(p.slots) {
		<-p.slots
	}
	if err := p.Verify(context.Background(), file, "bob", "bob-secret"); err != nil {
		t.Errorf("after the load: %v", err)
	}
}

// Of many first requests of one user, those that waited for a slot find the
// verdict of the one before them and do not hash again.
func TestVerifyHashesOnceForMany(t *testing.T) {
	p := NewPasswords()
	question := p.question("alice:hash", "x")
	p.remember(question, true)
	hashed := make(chan bool, 1)
	p.slots <- struct{}{}
	file := &File{lines: map[string]fileLine{"alice": {text: "alice:hash", hash: []byte("no hash at all")}}}
	p.answer(question, file, "alice", "x", hashed)
	if !<-hashed {
		t.Error("the verdict that was found meanwhile is not used")
	}
}

// A hash that takes longer than the deadline is finished, so that the client's
// next try finds its verdict.
func TestVerifyFinishesWhatNobodyWaitsFor(t *testing.T) {
	p, file := NewPasswords(), users(t, "alice")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for deadline := time.Now().Add(10 * time.Second); p.accepted.Len() == 0; {
		if time.Now().After(deadline) {
			t.Fatal("the password is never verified")
		}
		p.Verify(ctx, file, "alice", "alice-secret")
	}
	if err := p.Verify(ctx, file, "alice", "alice-secret"); err != nil {
		t.Errorf("verified, and yet %v", err)
	}
}
