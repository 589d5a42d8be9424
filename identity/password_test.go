package identity

import (
	"context"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

func TestVerdictsAreRemembered(t *testing.T) {
	p, file := NewPasswords(), users(t, "alice")
	for range 3 {
		if f := p.verify(context.Background(), file, "alice", "alice-secret"); f != nil {
			t.Fatal(f)
		}
		if f := p.verify(context.Background(), file, "alice", "wrong"); f == nil {
			t.Fatal("a wrong password is accepted")
		}
		if f := p.verify(context.Background(), file, "carol", "alice-secret"); f == nil {
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
	if f := p.verify(ctx, before, "alice", "alice-secret"); f != nil {
		t.Fatal(f)
	}
	hash, err := bcrypt.GenerateFromPassword([]byte("new"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	after, err := ParseHtpasswd("htpasswd", append([]byte("alice:"), hash...))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		file     *Htpasswd
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
		if f := p.verify(ctx, c.file, c.user, c.password); (f == nil) != c.want {
			t.Errorf("%s: failure %v, want accepted %t", c.name, f, c.want)
		}
	}
}

func TestUnknownUsersPayForTheCostliestLine(t *testing.T) {
	var text strings.Builder
	for i, name := range []string{"cheap", "costly", "cheap2"} {
		hash, err := bcrypt.GenerateFromPassword([]byte("x"), bcrypt.MinCost+i%2)
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString(name + ":" + string(hash) + "\n")
	}
	h, err := ParseHtpasswd("htpasswd", []byte(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	line, known := h.line("nobody")
	if cost, err := bcrypt.Cost(line.hash); known || err != nil || cost != bcrypt.MinCost+1 {
		t.Errorf("known %t, cost %d, error %v", known, cost, err)
	}
}

func TestLongPasswordsAreRefused(t *testing.T) {
	p := NewPasswords()
	password := strings.Repeat("a", maxPassword)
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	h, err := ParseHtpasswd("htpasswd", append([]byte("alice:"), hash...))
	if err != nil {
		t.Fatal(err)
	}
	if f := p.verify(context.Background(), h, "alice", password); f != nil {
		t.Errorf("72 bytes: %v", f)
	}
	if f := p.verify(context.Background(), h, "alice", password+"b"); f == nil {
		t.Error("what follows 72 bytes is ignored")
	}
}

// With every slot taken, a known user whose password was verified is served,
// and everybody else (known or not) waits, but no longer than the deadline.
func TestVerifyUnderLoad(t *testing.T) {
	p, file := NewPasswords(), users(t, "alice", "bob")
	if f := p.verify(context.Background(), file, "alice", "alice-secret"); f != nil {
		t.Fatal(f)
	}
	for range cap(p.slots) {
		p.slots <- struct{}{}
	}
	if f := p.verify(context.Background(), file, "alice", "alice-secret"); f != nil {
		t.Errorf("a verified caller is not served: %v", f)
	}
	for _, user := range []string{"bob", "carol"} {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer cancel()
		if f := p.verify(ctx, file, user, user+"-secret"); f == nil || f.Kind != Overloaded {
			t.Errorf("%s: failure %v, want overloaded", user, f)
		}
	}
	for range cap(p.slots) {
		<-p.slots
	}
	if f := p.verify(context.Background(), file, "bob", "bob-secret"); f != nil {
		t.Errorf("after the load: %v", f)
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
	p.answer(question, []byte("no hash at all"), "x", true, hashed)
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
		p.verify(ctx, file, "alice", "alice-secret")
	}
	if f := p.verify(ctx, file, "alice", "alice-secret"); f != nil {
		t.Errorf("verified, and yet %v", f)
	}
}
