package basic

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"runtime"
	"strings"
	"time"
	"unicode/utf8"

	"extauthz/diag"
	"extauthz/waits"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/crypto/bcrypt"
)

const (
	maxCached   = 4096             // verified passwords in the cache, and as many refused ones
	maxLogins   = 32768            // verified passwords in the cache with the address that they came from
	maxWait     = 10 * time.Second // for a hash, if the request has no earlier deadline
	maxPassword = 72               // bytes; bcrypt ignores what follows
)

// A Verifier checks passwords against password files. bcrypt is slow on purpose.
// Therefore a Verifier
//
//   - caches results, keyed by a MAC, under a random key, over the file's line and the
//     password: passwords are not stored, and a changed line is not in the cache;
//   - never limits a password that was verified before from the same address. From
//     another address it needs no hash, but the limits below apply: otherwise guesses
//     could be compared with the cache as fast as they are sent;
//   - computes at most half as many hashes at a time as there are processors, so that
//     wrong passwords cannot use all of them;
//   - limits the wrong passwords of an address and of a user name, and prefers addresses
//     without wrong passwords, so that guesses delay the first login from another address
//     by one hash at most;
//   - refuses as soon as one hash has shown that the password is wrong, and compares the
//     password of an unknown user with the hash of a line that is chosen for that name:
//     see [Verifier.lineOf];
//   - finishes and caches a hash even if its request no longer waits for it.
//
// One Verifier serves all snapshots, so that the cache survives a reload. It is safe for
// concurrent use.
type Verifier struct {
	key      [32]byte
	accepted *lru.Cache[[32]byte, struct{}]
	refused  *lru.Cache[[32]byte, struct{}]
	logins   *lru.Cache[verifiedLogin, struct{}]
	attempts *attempts
	counts   counts
	compare  func(hash, password []byte) error // bcrypt.CompareHashAndPassword
}

// A verifiedLogin is a verified password, and the address that it came from.
type verifiedLogin struct {
	Login
	address string
}

// NewVerifier returns a Verifier with an empty cache.
func NewVerifier() *Verifier {
	p := &Verifier{attempts: newAttempts(max(1, runtime.GOMAXPROCS(0)/2)), compare: bcrypt.CompareHashAndPassword}
	rand.Read(p.key[:])
	p.accepted, _ = lru.New[[32]byte, struct{}](maxCached) // fails only for a size that is not positive
	p.refused, _ = lru.New[[32]byte, struct{}](maxCached)
	p.logins, _ = lru.New[verifiedLogin, struct{}](maxLogins)
	return p
}

// ErrOverloaded is the error of a password that could not be checked in time.
var ErrOverloaded = errors.New("the password could not be checked before the request's deadline")

// ErrTooManyFailures is the error of a password that was not checked because too many
// wrong ones came from its address or for its user.
var ErrTooManyFailures error = diag.Problemf("too many wrong passwords came from this address or for this user").WithRemedy("try again in a few seconds")

// errWrongPassword is the error of a wrong password and of an unknown user.
var errWrongPassword = errors.New("unknown user or wrong password")

// A Login identifies a verified password and the line of its user, and contains neither.
// The zero Login was never verified.
type Login struct{ key [32]byte }

// Verify returns a Login if the password is the user's. Wrong passwords are counted by the
// address of the client. Verify waits for a free slot and for the hash no longer than ctx
// and maxWait, and then returns ErrOverloaded. After too many wrong passwords it returns
// ErrTooManyFailures at once. Every other error means that the password is wrong.
func (p *Verifier) Verify(ctx context.Context, users *File, user, password, address string) (Login, error) {
	if len(password) > maxPassword {
		return Login{}, errors.New("the password is longer than 72 bytes")
	}
	line, _ := p.lineOf(users, user)
	login := Login{p.cacheKey(line.text, password)}
	if p.HasVerified(login, address) {
		return login, nil
	}
	if err := p.verifyOnce(ctx, users, user, password, address, login.key); err != nil {
		p.counts.addRefusal(err)
		return Login{}, err
	}
	p.logins.Add(verifiedLogin{login, strings.Clone(address)}, struct{}{})
	return login, nil
}

// HasVerified reports whether the password of the login was verified for a client with the
// address before, so that Verify returns the login at once.
func (p *Verifier) HasVerified(login Login, address string) bool {
	_, found := p.logins.Get(verifiedLogin{login, address})
	return found
}

// verifyOnce is Verify for a password that was not verified from this address before.
func (p *Verifier) verifyOnce(ctx context.Context, users *File, user, password, address string, question [32]byte) error {
	key := p.mac("user name", user)
	if ok, found := p.cached(question); found {
		if ok && p.attempts.limits(address, key) {
			return ErrTooManyFailures
		}
		return wrongUnless(ok)
	}
	defer waits.Begin(ctx, waits.PasswordHash)()
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	attempt, err := p.attempts.begin(ctx, address, key)
	if err != nil {
		return err
	}
	answer := make(chan bool, 1)
	go p.verify(attempt, question, users, user, password, answer)
	if ctx.Err() != nil { // select would choose by chance
		return ErrOverloaded
	}
	select {
	case ok := <-answer:
		return wrongUnless(ok)
	case <-ctx.Done():
		return ErrOverloaded
	}
}

// cached returns the result in the cache.
func (p *Verifier) cached(question [32]byte) (ok, found bool) {
	if _, ok := p.accepted.Get(question); ok {
		return true, true
	}
	_, found = p.refused.Get(question)
	return false, found
}

// verify computes the hash, unless an earlier request in the slot has computed it, and
// frees the slot.
func (p *Verifier) verify(attempt *attempt, question [32]byte, users *File, user, password string, answer chan<- bool) {
	ok, found := p.cached(question)
	defer func() { p.attempts.end(attempt, !ok && !found) }()
	if !found {
		ok = p.hash(users, user, []byte(password))
		p.cache(question, ok)
		p.counts.addHash(ok)
	}
	answer <- ok
}

// hash reports whether the password is the user's. It compares once, whether or not the
// user exists.
func (p *Verifier) hash(users *File, user string, password []byte) bool {
	line, known := p.lineOf(users, user)
	return p.compare(line.hash, password) == nil && known
}

// lineOf returns the line of a user. For an unknown user it returns a new line with the
// hash of another line, which a secret key chooses by the name. The costs of unknown users
// are therefore distributed as those of the file's lines, and always the same for a name,
// so that the time of a refusal does not show whether the user exists.
func (p *Verifier) lineOf(users *File, user string) (line fileLine, known bool) {
	if line, known = users.lines[user]; known || len(users.order) == 0 {
		return line, known
	}
	mac := p.mac("user without a line", user)
	chosen := users.lines[users.order[binary.BigEndian.Uint64(mac[:])%uint64(len(users.order))]]
	return fileLine{text: user, hash: chosen.hash, cost: chosen.cost}, false
}

func (p *Verifier) cache(question [32]byte, ok bool) {
	if ok {
		p.accepted.Add(question, struct{}{})
	} else {
		p.refused.Add(question, struct{}{})
	}
}

func (p *Verifier) cacheKey(line, password string) [32]byte { return p.mac(line, password) }

// mac returns a MAC over two texts, the first of which contains no NUL.
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
	return errWrongPassword
}

// ParseCredential parses the credential of a Basic Authorization header (RFC 7617). It
// accepts only padded standard base64 of valid UTF-8 without control characters.
func ParseCredential(credential string) (user, password string, err error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(credential)
	if err != nil || strings.ContainsAny(credential, "\r\n") { // which the decoder skips
		return "", "", errors.New("the credential is not base64")
	}
	user, password, found := strings.Cut(string(raw), ":")
	switch {
	case !found:
		return "", "", errors.New("the credential has no colon between user and password")
	case user == "":
		return "", "", errors.New("the user name is empty")
	case !isText(user) || !isText(password):
		return "", "", errors.New("the credential contains control characters or is not UTF-8")
	}
	return user, password, nil
}

func isText(s string) bool {
	for _, r := range s {
		if r < 0x20 || r == 0x7f {
			return false
		}
	}
	return utf8.ValidString(s)
}
