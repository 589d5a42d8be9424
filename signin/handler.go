package signin

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"extauthz/authz"
	"extauthz/identity/session"
)

// TokenPath is the path of the token endpoint, below the issuer of session tokens.
const TokenPath = "/token"

// KeysPath is the path of the public keys.
const KeysPath = "/.well-known/jwks.json"

// Options are what a Handler uses.
type Options struct {
	// SignIn decides who may sign in: [authz.Checker.SignIn].
	SignIn func(ctx context.Context, r *authz.CheckRequest, service string) (*authz.SignIn, *authz.Result)
	// CallECR and CallSTS decide calls of the APIs of AWS: those of [authz.Checker]. Without them
	// the listener has no such APIs.
	CallECR func(ctx context.Context, call *authz.Call, repositories ...string) (*authz.Called, *authz.Result, error)
	CallSTS func(ctx context.Context, call *authz.STSCall) (*authz.STSAnswer, *authz.Result, error)
	// Decode returns the JSON of an encoded authorization message; nil decodes none.
	Decode func(message string) ([]byte, error)

	Keys func() *session.Keys // the current keys

	// Record logs a decision; nil logs none. If it returns an error, the caller receives no
	// token.
	Record func(context.Context, *authz.Result, time.Duration) error
	// Observe counts the outcome of a request; nil counts none.
	Observe func(Outcome)
	Logger  *slog.Logger
}

// An Outcome is what became of a request to sign in.
type Outcome string

// The outcomes. Each has one value of the label of a metric.
const (
	Issued          Outcome = "issued"          // a token of a new session
	Refreshed       Outcome = "refreshed"       // another token of a session
	Returned        Outcome = "returned"        // the session token that the caller sent
	Answered        Outcome = "answered"        // a call of an API of AWS that issues nothing
	Denied          Outcome = "denied"          // the policies do not allow it
	Unauthenticated Outcome = "unauthenticated" // no credential, or an invalid one
	RateLimited     Outcome = "rateLimited"     // too many wrong passwords
	Refused         Outcome = "refused"         // the request is not valid
	Unavailable     Outcome = "unavailable"     // it cannot be decided, or no key signs
	Overloaded      Outcome = "overloaded"      // too many requests at a time
)

// Outcomes returns all outcomes.
func Outcomes() []Outcome {
	return []Outcome{Issued, Refreshed, Returned, Answered, Denied, Unauthenticated, RateLimited, Refused, Unavailable, Overloaded}
}

// Limits of requests.
const (
	maxBody  = 32 << 10        // bytes
	deadline = 5 * time.Second // of a request, with the time that it waits

	maxPasswords = 192 // requests with a password at a time, most of which wait for a hash
	maxTokens    = 32  // requests with a token, most of which wait for the keys of an issuer
	maxCalls     = 32  // calls of the APIs of AWS without a token
	maxWaiting   = 64  // requests with a token, and as many calls, that wait for others
)

// New returns the handler of the listener.
func New(o Options) http.Handler { return newService(o).handler() }

// A service serves the requests.
type service struct {
	Options
	deadline                 time.Duration
	passwords, tokens, calls *gate
}

// newService returns a service with the limits of this package.
func newService(o Options) *service {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &service{Options: o, deadline: deadline, passwords: newGate(maxPasswords, 0), tokens: newGate(maxTokens, maxWaiting), calls: newGate(maxCalls, maxWaiting)}
}

// handler routes the requests.
func (s *service) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+KeysPath, s.serveKeys)
	mux.HandleFunc(TokenPath, s.serveToken)
	mux.HandleFunc("POST /{$}", s.serveCall)
	return mux
}

// serveKeys serves the public keys, which anyone may know.
func (s *service) serveKeys(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/jwk-set+json")
	w.Header().Set("Cache-Control", "max-age=60")
	_, _ = w.Write(s.Keys().JWKS()) // fails only if the client has closed the connection
}

// observe counts an outcome.
func (s *service) observe(o Outcome) {
	if s.Observe != nil {
		s.Observe(o)
	}
}
