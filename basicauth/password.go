package basicauth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"runtime"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/crypto/bcrypt"
)

const (
	verdicts    = 4096             // verified passwords remembered, and as many refused ones
	maxWait     = 10 * time.Second // for a hash, where the request has no nearer deadline
	maxPassword = 72               // bytes: bcrypt would ignore what follows
)

// Passwords checks passwords against password files. bcrypt is slow on
// purpose, so that it
//
//   - remembers what it found, keyed by a MAC over the file's line and the
//     password under a key of its own: no password is kept, and a changed line
//     is a new question;
//   - runs only as many hashes at a time as half the processors, so that wrong
//     passwords cannot take them all;
//   - makes a refusal pay what the costliest line of the file costs, whether the
//     user has a line, a cheaper one or none;
//   - finishes and remembers a hash that a request no longer waits for.
//
// One value serves the tables of all snapshots, one after the other, so that a
// reload forgets no verified password. It is safe for concurrent use.
type Passwords struct {
	key      [32]byte
	accepted *lru.Cache[[32]byte, struct{}]
	refused  *lru.Cache[[32]byte, struct{}]
	slots    chan struct{}
	compare  func(hash, password []byte) error // bcrypt.CompareHashAndPassword
}

// NewPasswords returns Passwords that remember nothing yet.
func NewPasswords() *Passwords {
	p := &Passwords{slots: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)), compare: bcrypt.CompareHashAndPassword}
	rand.Read(p.key[:])
	p.accepted, _ = lru.New[[32]byte, struct{}](verdicts) // fails only for a size that is not positive
	p.refused, _ = lru.New[[32]byte, struct{}](verdicts)
	return p
}

// ErrOverloaded is the error of a password that could not be checked in time.
var ErrOverloaded = errors.New("the password could not be checked before the request's deadline")

// errWrong is the error of a password that is not the user's, and of a user who is
// not known.
var errWrong = errors.New("unknown user or wrong password")

// Verify returns nil where the password is the user's. It waits for a free
// slot and for the hash no longer than ctx and maxWait, and then returns
// ErrOverloaded; every other error says that the password is not the user's.
func (p *Passwords) Verify(ctx context.Context, users *File, user, password string) error {
	if len(password) > maxPassword {
		return errors.New("the password is longer than 72 bytes")
	}
	line, _ := users.line(user)
	question := p.question(line.text, password)
	if ok, found := p.verdict(question); found {
		return wrongUnless(ok)
	}
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	answer := make(chan bool, 1)
	select {
	case p.slots <- struct{}{}:
		go p.answer(question, users, user, password, answer)
	case <-ctx.Done():
		return ErrOverloaded
	}
	select {
	case ok := <-answer:
		return wrongUnless(ok)
	case <-ctx.Done():
		return ErrOverloaded
	}
}

// verdict is what was found before.
func (p *Passwords) verdict(question [32]byte) (ok, found bool) {
	if _, ok := p.accepted.Get(question); ok {
		return true, true
	}
	_, found = p.refused.Get(question)
	return false, found
}

// answer hashes, unless a request before it in the same slot has done so, and
// frees the slot.
func (p *Passwords) answer(question [32]byte, users *File, user, password string, answer chan<- bool) {
	defer func() { <-p.slots }()
	ok, found := p.verdict(question)
	if !found {
		ok = p.hash(users, user, []byte(password))
		p.remember(question, ok)
	}
	answer <- ok
}

// hash tells whether the password is the user's. Refusing costs the same for
// every user, known or not, so that the time tells nothing of who is known: a
// hash of cost n takes 2^n rounds, and those of a cheaper line and of each cost
// from its own to the one below the highest add up to the rounds of the highest.
func (p *Passwords) hash(users *File, user string, password []byte) bool {
	line, known := users.line(user)
	if p.compare(line.hash, password) == nil && known {
		return true
	}
	for cost := line.cost; cost < users.cost; cost++ {
		p.compare(withCost(line.hash, cost), password) // whatever it says: only its time counts
	}
	return false
}

func (p *Passwords) remember(question [32]byte, ok bool) {
	if ok {
		p.accepted.Add(question, struct{}{})
	} else {
		p.refused.Add(question, struct{}{})
	}
}

func (p *Passwords) question(line, password string) (mac [32]byte) {
	h := hmac.New(sha256.New, p.key[:])
	h.Write([]byte(line))
	h.Write([]byte{0})
	h.Write([]byte(password))
	h.Sum(mac[:0])
	return mac
}

func wrongUnless(ok bool) error {
	if ok {
		return nil
	}
	return errWrong
}
