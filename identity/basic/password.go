package basic

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"runtime"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/crypto/bcrypt"
)

const (
	verdicts    = 4096             // verified passwords remembered, and as many refused ones
	logins      = 16384            // verified passwords remembered with the address they came from
	maxWait     = 10 * time.Second // for a hash, where the request has no nearer deadline
	maxPassword = 72               // bytes: bcrypt would ignore what follows
)

// Verifier checks passwords against password files. bcrypt is slow on
// purpose, so that it
//
//   - remembers what it found, keyed by a MAC over the file's line and the
//     password under a key of its own: no password is kept, and a changed line
//     is a new question;
//   - never limits a password that was verified before from the same address. From
//     another address it needs no hash, but the limits below apply: guesses could
//     otherwise be compared with what is remembered, as fast as they are sent;
//   - runs only as many hashes at a time as half the processors, so that wrong
//     passwords cannot take them all;
//   - limits the wrong passwords of an address and of a user name, and prefers
//     addresses without wrong passwords, so that guesses delay another's first
//     login by one hash at most;
//   - refuses as soon as one hash has shown that the password is wrong, and
//     compares the password of an unknown user with the hash of a line that is
//     chosen for that name: see [Verifier.lineOf];
//   - finishes and remembers a hash that a request no longer waits for.
//
// One value serves the tables of all snapshots, one after the other, so that a
// reload forgets no verified password. It is safe for concurrent use.
type Verifier struct {
	key      [32]byte
	accepted *lru.Cache[[32]byte, struct{}]
	refused  *lru.Cache[[32]byte, struct{}]
	served   *lru.Cache[login, struct{}]
	attempts *attempts
	compare  func(hash, password []byte) error // bcrypt.CompareHashAndPassword
}

// A login is a verified password, and the address that it came from.
type login struct {
	question [32]byte
	address  string
}

// NewVerifier returns Passwords that remember nothing yet.
func NewVerifier() *Verifier {
	p := &Verifier{attempts: newAttempts(max(1, runtime.GOMAXPROCS(0)/2)), compare: bcrypt.CompareHashAndPassword}
	rand.Read(p.key[:])
	p.accepted, _ = lru.New[[32]byte, struct{}](verdicts) // fails only for a size that is not positive
	p.refused, _ = lru.New[[32]byte, struct{}](verdicts)
	p.served, _ = lru.New[login, struct{}](logins)
	return p
}

// ErrOverloaded is the error of a password that could not be checked in time.
var ErrOverloaded = errors.New("the password could not be checked before the request's deadline")

// ErrTooManyFailures is the error of a password that was not checked because its
// address or user name had too many wrong ones.
var ErrTooManyFailures = errors.New("too many wrong passwords came from this address or for this user; try again in a few seconds")

// errWrong is the error of a password that is not the user's, and of a user who is
// not known.
var errWrong = errors.New("unknown user or wrong password")

// Verify returns nil where the password is the user's. address is that of the
// client, by which wrong passwords are counted. Verify waits for a free slot and
// for the hash no longer than ctx and maxWait, and then returns ErrOverloaded.
// After too many wrong passwords it returns ErrTooManyFailures at once. Every
// other error says that the password is not the user's.
func (p *Verifier) Verify(ctx context.Context, users *File, user, password, address string) error {
	if len(password) > maxPassword {
		return errors.New("the password is longer than 72 bytes")
	}
	line, _ := p.lineOf(users, user)
	question := p.question(line.text, password)
	if _, found := p.served.Get(login{question, address}); found {
		return nil
	}
	err := p.compareOnce(ctx, users, user, password, address, question)
	if err == nil {
		p.served.Add(login{question, strings.Clone(address)}, struct{}{})
	}
	return err
}

// compareOnce is Verify without a look at where the password came from before.
func (p *Verifier) compareOnce(ctx context.Context, users *File, user, password, address string, question [32]byte) error {
	key := p.mac("user name", user)
	if ok, found := p.verdict(question); found {
		if ok && p.attempts.limits(address, key) {
			return ErrTooManyFailures
		}
		return wrongUnless(ok)
	}
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	attempt, err := p.attempts.begin(ctx, address, key)
	if err != nil {
		return err
	}
	answer := make(chan bool, 1)
	go p.answer(attempt, question, users, user, password, answer)
	select {
	case ok := <-answer:
		return wrongUnless(ok)
	case <-ctx.Done():
		return ErrOverloaded
	}
}

// verdict is what was found before.
func (p *Verifier) verdict(question [32]byte) (ok, found bool) {
	if _, ok := p.accepted.Get(question); ok {
		return true, true
	}
	_, found = p.refused.Get(question)
	return false, found
}

// answer hashes, unless a request before it in the same slot has done so, and
// frees the slot.
func (p *Verifier) answer(attempt *attempt, question [32]byte, users *File, user, password string, answer chan<- bool) {
	ok, found := p.verdict(question)
	defer func() { p.attempts.end(attempt, !ok && !found) }()
	if !found {
		ok = p.hash(users, user, []byte(password))
		p.remember(question, ok)
	}
	answer <- ok
}

// hash reports whether the password is the user's. It compares once, whether the
// user is known or not.
func (p *Verifier) hash(users *File, user string, password []byte) bool {
	line, known := p.lineOf(users, user)
	return p.compare(line.hash, password) == nil && known
}

// lineOf returns the line of a user. For an unknown user it returns a line of that
// user's own with the hash of another line, which a secret key chooses by the name.
// The costs of unknown users are therefore distributed as those of the file's lines,
// and always the same for the same name, so that the time of a refusal does not show
// whether the user is known.
func (p *Verifier) lineOf(users *File, user string) (line fileLine, known bool) {
	if line, known = users.lines[user]; known || len(users.order) == 0 {
		return line, known
	}
	mac := p.mac("user without a line", user)
	chosen := users.lines[users.order[binary.BigEndian.Uint64(mac[:])%uint64(len(users.order))]]
	return fileLine{text: user, hash: chosen.hash, cost: chosen.cost}, false
}

func (p *Verifier) remember(question [32]byte, ok bool) {
	if ok {
		p.accepted.Add(question, struct{}{})
	} else {
		p.refused.Add(question, struct{}{})
	}
}

func (p *Verifier) question(line, password string) [32]byte { return p.mac(line, password) }

// mac returns a MAC over two texts, the first of which has no NUL.
func (p *Verifier) mac(first, second string) (mac [32]byte) {
	h := hmac.New(sha256.New, p.key[:])
	h.Write([]byte(first))
	h.Write([]byte{0})
	h.Write([]byte(second))
	h.Sum(mac[:0])
	return mac
}

func wrongUnless(ok bool) error {
	if ok {
		return nil
	}
	return errWrong
}
