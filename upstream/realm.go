package upstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"extauthz/fetch"
	"extauthz/waits"
)

// Limits on the tokens of a realm.
const (
	maxTokens  = 4096     // that are cached; the least recently used are removed
	maxToken   = 16 << 10 // bytes of a token; Envoy limits all headers of a request to 60 KiB
	maxFetches = 16       // at the same time
	maxPending = 512      // fetches that run or wait, so that a realm which does not answer costs little
)

// Times of a token.
const (
	// defaultLifetime is that of a token whose response does not say (Distribution, "Token
	// Authentication Specification", "expires_in").
	defaultLifetime = 60 * time.Second
	maxLifetime     = 24 * time.Hour
	// margin is how long before its end a token is no longer used, at most a quarter of its
	// lifetime. It is the time that a request may take to reach the registry.
	margin = 10 * time.Second
	// retryInterval is how long a failed fetch is not repeated.
	retryInterval = time.Second
)

// A Realm is the token service of a registry.
type Realm struct {
	id      realmID
	client  *fetch.Client
	service string
	header  http.Header // of each request to it
	now     func() time.Time
	fetches chan struct{} // has an item for each fetch that runs

	mu       sync.Mutex
	tokens   *lru.Cache[string, *token] // by scope
	pending  int                        // fetches that run or wait
	issued   time.Time                  // when the last token was issued; zero before the first
	failures uint64
}

// A token is the result of a fetch.
type token struct {
	done chan struct{} // closed when the fetch has ended
	text string
	err  error
	end  time.Time // of its use, or of the error
}

// isOver reports whether a token must be fetched again. A fetch that runs is not over.
func (t *token) isOver(now time.Time) bool {
	select {
	case <-t.done:
		return !now.Before(t.end)
	default:
		return false
	}
}

// token returns the token for a scope. If it must be fetched, token waits no longer than ctx.
// The fetch goes on after that, so that the next request finds its result.
func (r *Realm) token(ctx context.Context, scope string) (string, error) {
	t := r.current(scope)
	if t == nil {
		return "", r.failed(errTooMany)
	}
	select {
	case <-t.done:
	default:
		defer waits.Begin(ctx, waits.UpstreamToken)()
		select {
		case <-t.done:
		case <-ctx.Done():
			return "", r.failed(ctx.Err())
		}
	}
	return t.text, t.err
}

// errTooMany is the error of a token for which no fetch begins.
var errTooMany = fmt.Errorf("%d fetches run or wait", maxPending)

// current returns the token for a scope, which may still be being fetched. It returns nil if too
// many tokens are.
func (r *Realm) current(scope string) *token {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t, found := r.tokens.Get(scope); found && !t.isOver(r.now()) {
		return t
	}
	if r.pending == maxPending {
		return nil
	}
	r.pending++
	t := &token{done: make(chan struct{})}
	r.tokens.Add(scope, t)
	go r.fetch(t, scope)
	return t
}

// failed describes why a realm issued no token.
func (r *Realm) failed(err error) error {
	return fmt.Errorf("no token from the realm %q of the registry: %w", r.client.URL(), err)
}

// fetch sets the result of a token.
func (r *Realm) fetch(t *token, scope string) {
	defer close(t.done)
	r.fetches <- struct{}{}
	text, err := r.client.Get(context.Background(), r.query(scope), r.header)
	<-r.fetches
	now := r.now()
	var lifetime time.Duration
	if err == nil {
		t.text, lifetime, err = parseToken(text)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pending--
	if err != nil {
		r.failures++
		t.err, t.end = r.failed(err), now.Add(retryInterval)
		return
	}
	r.issued, t.end = now, now.Add(lifetime-min(margin, lifetime/4))
}

// query returns the query of a request for a token: each item of the scope is a parameter of
// its own.
func (r *Realm) query(scope string) url.Values {
	query := url.Values{}
	if r.service != "" {
		query.Set("service", r.service)
	}
	if scope != "" {
		query["scope"] = strings.Fields(scope)
	}
	return query
}

// tokenText is the form of a token in a header; see [IsToken].
var tokenText = regexp.MustCompile(`^[!-+\--:<-~]+$`)

// IsToken reports whether a header can contain a text as a token (RFC 6750, section 2.1, and other
// printable characters except those that end a value).
func IsToken(text string) bool { return tokenText.MatchString(text) }

// parseToken parses the response of a realm (Distribution, "Token Authentication
// Specification", "Token Response Fields").
func parseToken(text []byte) (token string, lifetime time.Duration, err error) {
	var response struct {
		Token       string  `json:"token"`
		AccessToken string  `json:"access_token"`
		ExpiresIn   float64 `json:"expires_in"`
	}
	if err := json.Unmarshal(text, &response); err != nil {
		return "", 0, errors.New("the response is not JSON with a token")
	}
	if token = response.Token; token == "" {
		token = response.AccessToken
	}
	switch {
	case token == "":
		return "", 0, errors.New("the response has no token")
	case len(token) > maxToken || !IsToken(token):
		return "", 0, fmt.Errorf("the token is longer than %d bytes, or contains characters that a header must not contain", maxToken)
	}
	lifetime = defaultLifetime
	if response.ExpiresIn > 0 {
		lifetime = time.Duration(min(response.ExpiresIn, maxLifetime.Seconds()) * float64(time.Second))
	}
	return token, lifetime, nil
}
