package identity

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"runtime"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/crypto/bcrypt"
)

// verdicts is how many verified and how many refused passwords are remembered.
const verdicts = 4096

// A verifier checks passwords against a file. bcrypt is slow on purpose, so
// that the verifier
//
//   - remembers what it found, keyed by a MAC over the file's line and the
//     password under a key of its own: no password is kept, and a changed line
//     is a new question;
//   - runs only as many hashes at a time as half the processors, so that wrong
//     passwords cannot take them all;
//   - pays the same for unknown users as for known ones;
//   - finishes and remembers a hash that a request no longer waits for.
type verifier struct {
	users    *Htpasswd
	key      [32]byte
	accepted *lru.Cache[[32]byte, struct{}]
	refused  *lru.Cache[[32]byte, struct{}]
	slots    chan struct{}
}

func newVerifier(users *Htpasswd) (*verifier, error) {
	v := &verifier{users: users, slots: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))}
	rand.Read(v.key[:])
	var err error
	if v.accepted, err = lru.New[[32]byte, struct{}](verdicts); err != nil {
		return nil, err
	}
	v.refused, err = lru.New[[32]byte, struct{}](verdicts)
	return v, err
}

// verify returns nil where the password is the user's. It waits for a free
// slot and for the hash no longer than ctx.
func (v *verifier) verify(ctx context.Context, user, password string) *Failure {
	line, known := v.users.lines[user]
	if !known {
		line = htpasswdLine{text: user, hash: v.users.costly.hash}
	}
	question := v.question(line.text, password)
	if v.accepted.Contains(question) {
		v.accepted.Get(question)
		return nil
	}
	if v.refused.Contains(question) {
		return wrongPassword()
	}
	verdict := make(chan bool, 1)
	select {
	case v.slots <- struct{}{}:
		go v.hash(line.hash, password, known, question, verdict)
	case <-ctx.Done():
		return overloaded()
	}
	select {
	case ok := <-verdict:
		if ok {
			return nil
		}
		return wrongPassword()
	case <-ctx.Done():
		return overloaded()
	}
}

func (v *verifier) hash(hash []byte, password string, known bool, question [32]byte, verdict chan<- bool) {
	defer func() { <-v.slots }()
	ok := bcrypt.CompareHashAndPassword(hash, []byte(password)) == nil && known
	if ok {
		v.accepted.Add(question, struct{}{})
	} else {
		v.refused.Add(question, struct{}{})
	}
	verdict <- ok
}

func (v *verifier) question(line, password string) (mac [32]byte) {
	h := hmac.New(sha256.New, v.key[:])
	h.Write([]byte(line))
	h.Write([]byte{0})
	h.Write([]byte(password))
	h.Sum(mac[:0])
	return mac
}

func wrongPassword() *Failure { return invalid("basic", "unknown user or wrong password") }

func overloaded() *Failure {
	return &Failure{Kind: Overloaded, Source: "basic", Reason: "the password could not be checked before the request's deadline"}
}
