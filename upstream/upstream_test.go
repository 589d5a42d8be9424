package upstream

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	_ "extauthz/goldentest" // accept -update
)

// A service is a registry's token service. It counts its requests.
type service struct {
	mu      sync.Mutex
	respond http.HandlerFunc
	queries []string
	headers []string
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.queries = append(s.queries, r.URL.RawQuery)
	s.headers = append(s.headers, r.Header.Get("Authorization"))
	respond := s.respond
	s.mu.Unlock()
	respond(w, r)
}

func (s *service) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queries)
}

func (s *service) set(respond http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.respond = respond
}

// issue returns a response.
func issue(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }
}

// A clock is the time of realms.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

const password = "the-password-of-the-robot"

// start returns realms with a clock, a token service and a credential of it.
func start(t *testing.T, respond http.HandlerFunc) (*Realms, *clock, *service, *Credential) {
	t.Helper()
	s := &service{respond: respond}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	all, time := NewRealms(), &clock{now: time.Unix(1_800_000_000, 0)}
	all.now = time.read
	r, err := all.Realm(RealmOptions{URL: server.URL + "/token", Service: "registry.example.com", Username: "robot", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	c := FromRealm(r)
	all.Keep([]*Credential{c})
	return all, time, s, c
}

func TestFixed(t *testing.T) {
	for _, c := range []struct {
		name string
		*Credential
		want string
	}{
		{"a user", Basic("robot$x", "a:b"), "Basic " + base64.StdEncoding.EncodeToString([]byte("robot$x:a:b"))},
		{"a token", Bearer("abc"), "Bearer abc"},
		{"the zero credential", new(Credential), ""},
	} {
		if got, err := c.Authorization(context.Background(), "repository:a:pull"); got != c.want || err != nil {
			t.Errorf("%s: %q, %v, want %q", c.name, got, err, c.want)
		}
	}
}

func TestRequest(t *testing.T) {
	_, _, s, c := start(t, issue(`{"token":"abc"}`))
	got, err := c.Authorization(context.Background(), "repository:a:pull,push repository:b:pull")
	if err != nil || got != "Bearer abc" {
		t.Fatalf("%q, %v", got, err)
	}
	if want := "scope=repository%3Aa%3Apull%2Cpush&scope=repository%3Ab%3Apull&service=registry.example.com"; s.queries[0] != want {
		t.Errorf("query %s, want %s", s.queries[0], want)
	}
	if want := basic("robot", password); s.headers[0] != want {
		t.Errorf("Authorization %s, want %s", s.headers[0], want)
	}
}

// TestLifetime checks how long a token is used.
func TestLifetime(t *testing.T) {
	cases := []struct {
		name, response string
		want           time.Duration // of its use
	}{
		{"no lifetime", `{"token":"abc"}`, 50 * time.Second},
		{"an hour", `{"access_token":"abc","expires_in":3600}`, time.Hour - 10*time.Second},
		{"8 seconds", `{"token":"abc","expires_in":8}`, 6 * time.Second},
		{"a year", `{"token":"abc","expires_in":31536000}`, 24*time.Hour - 10*time.Second},
		{"negative", `{"token":"abc","expires_in":-1}`, 50 * time.Second},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			_, time, s, c := start(t, issue(test.response))
			for i, step := range []struct {
				advance  int64
				requests int
			}{{0, 1}, {int64(test.want) - 1, 1}, {1, 2}} {
				time.advance(duration(step.advance))
				if got, err := c.Authorization(context.Background(), "x"); got != "Bearer abc" || err != nil {
					t.Fatalf("step %d: %q, %v", i, got, err)
				}
				if s.count() != step.requests {
					t.Errorf("step %d: %d requests, want %d", i, s.count(), step.requests)
				}
			}
		})
	}
}

func duration(n int64) time.Duration { return time.Duration(n) }

// TestScopes checks that a token is used for its scope only.
func TestScopes(t *testing.T) {
	_, _, s, c := start(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"token":%q}`, "for-"+strings.ReplaceAll(r.URL.Query().Get("scope"), ",", "-"))
	})
	for range 2 {
		for _, scope := range []string{"repository:a:pull", "repository:b:pull", "repository:a:pull,push", ""} {
			want := "Bearer for-" + strings.ReplaceAll(scope, ",", "-")
			if got, err := c.Authorization(context.Background(), scope); got != want || err != nil {
				t.Errorf("%q: %q, %v, want %q", scope, got, err, want)
			}
		}
	}
	if s.count() != 4 {
		t.Errorf("%d requests, want 4", s.count())
	}
}

// TestFailures checks responses without a token: the error contains no secret, a failed fetch
// is not repeated at once, and the next one can succeed.
func TestFailures(t *testing.T) {
	cases := map[string]http.HandlerFunc{
		"refused":          func(w http.ResponseWriter, _ *http.Request) { http.Error(w, password, http.StatusUnauthorized) },
		"not JSON":         issue(password),
		"no token":         issue(`{"details":"` + password + `"}`),
		"a line break":     issue(`{"token":"a\r\nx-header: b"}`),
		"a space":          issue(`{"token":"a b"}`),
		"a comma":          issue(`{"token":"a,b"}`),
		"not ASCII":        issue(`{"token":"ä"}`),
		"too long a token": issue(`{"token":"` + strings.Repeat("a", maxToken+1) + `"}`),
		"a redirect":       http.RedirectHandler("https://elsewhere.example.com/", http.StatusTemporaryRedirect).ServeHTTP,
	}
	for name, respond := range cases {
		t.Run(name, func(t *testing.T) {
			all, time, s, c := start(t, respond)
			for range 2 {
				got, err := c.Authorization(context.Background(), "x")
				if err == nil || got != "" || strings.Contains(err.Error(), password) || strings.Contains(err.Error(), "robot") {
					t.Errorf("%q, %v", got, err)
				}
			}
			if status := all.Status(); s.count() != 1 || len(status) != 1 || status[0].Failures != 1 || !status[0].Issued.IsZero() {
				t.Errorf("%d requests, status %+v", s.count(), status)
			}
			s.set(issue(`{"token":"abc"}`))
			time.advance(retryInterval)
			if got, err := c.Authorization(context.Background(), "x"); got != "Bearer abc" || err != nil {
				t.Errorf("after the retry interval: %q, %v", got, err)
			}
			if status := all.Status(); status[0].Issued.IsZero() {
				t.Errorf("status %+v", status)
			}
		})
	}
}

// TestHangingRealm checks that a request waits no longer than its own time, and that the fetch
// goes on.
func TestHangingRealm(t *testing.T) {
	release := make(chan struct{})
	_, _, s, c := start(t, func(w http.ResponseWriter, _ *http.Request) {
		<-release
		io.WriteString(w, `{"token":"abc"}`)
	})
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if got, err := c.Authorization(ctx, "x"); !errors.Is(err, context.DeadlineExceeded) || got != "" {
		t.Errorf("%q, %v", got, err)
	}
	close(release)
	if got, err := c.Authorization(context.Background(), "x"); got != "Bearer abc" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if s.count() != 1 {
		t.Errorf("%d requests, want 1", s.count())
	}
}

// TestOneFetch checks that requests at the same time cause one fetch.
func TestOneFetch(t *testing.T) {
	_, _, s, c := start(t, issue(`{"token":"abc"}`))
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if got, err := c.Authorization(context.Background(), "x"); got != "Bearer abc" || err != nil {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	all.Wait()
	if s.count() != 1 {
		t.Errorf("%d requests, want 1", s.count())
	}
}

// TestKeep checks that realms with the same options are one realm while they are kept.
func TestKeep(t *testing.T) {
	all := NewRealms()
	options := RealmOptions{URL: "https://realm.example.com/token", Service: "a", Username: "u", Password: "p"}
	realm := func(change func(*RealmOptions)) *Realm {
		o := options
		change(&o)
		r, err := all.Realm(o)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	first := realm(func(*RealmOptions) {})
	for name, change := range map[string]func(*RealmOptions){
		"another password": func(o *RealmOptions) { o.Password = "q" },
		"another user":     func(o *RealmOptions) { o.Username = "v" },
		"another service":  func(o *RealmOptions) { o.Service = "b" },
		"another URL":      func(o *RealmOptions) { o.URL += "2" },
	} {
		if realm(change) == first {
			t.Errorf("%s: the same realm", name)
		}
	}
	all.Keep([]*Credential{FromRealm(first), Basic("a", "b")})
	if again := realm(func(*RealmOptions) {}); again != first || len(all.Status()) != 1 {
		t.Errorf("a kept realm is another one; %d realms", len(all.Status()))
	}
	all.Keep(nil)
	if again := realm(func(*RealmOptions) {}); again == first {
		t.Error("a removed realm is returned")
	}
	if _, err := all.Realm(RealmOptions{URL: "http://realm.example.com/"}); err == nil {
		t.Error("a realm without TLS is accepted")
	}
}

// TestBounded checks that a realm runs a bounded number of fetches at the same time.
func TestBounded(t *testing.T) {
	release := make(chan struct{})
	var mu sync.Mutex
	running, most := 0, 0
	_, _, s, c := start(t, func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		running++
		most = max(most, running)
		mu.Unlock()
		<-release
		mu.Lock()
		running--
		mu.Unlock()
		io.WriteString(w, `{"token":"abc"}`)
	})
	var all sync.WaitGroup
	for i := range 4 * maxFetches {
		all.Go(func() {
			if _, err := c.Authorization(context.Background(), fmt.Sprint(i)); err != nil {
				t.Error(err)
			}
		})
	}
	for s.count() < maxFetches {
		time.Sleep(time.Millisecond)
	}
	close(release)
	all.Wait()
	if most > maxFetches || s.count() != 4*maxFetches {
		t.Errorf("%d requests at the same time, %d in all", most, s.count())
	}
}

// TestFlood checks that a realm which does not answer bounds the fetches that wait, and serves
// again when it answers.
func TestFlood(t *testing.T) {
	release := make(chan struct{})
	_, _, s, c := start(t, func(w http.ResponseWriter, _ *http.Request) {
		<-release
		io.WriteString(w, `{"token":"abc"}`)
	})
	over, cancel := context.WithCancel(context.Background())
	cancel()
	const more = 1000
	refused := 0
	for i := range maxPending + more {
		if _, err := c.Authorization(over, fmt.Sprint(i)); errors.Is(err, errTooMany) {
			refused++
		}
	}
	if refused != more {
		t.Errorf("%d refused, want %d", refused, more)
	}
	close(release)
	for i := range maxPending {
		if got, err := c.Authorization(context.Background(), fmt.Sprint(i)); got != "Bearer abc" || err != nil {
			t.Fatalf("%q, %v", got, err)
		}
	}
	if got, err := c.Authorization(context.Background(), "another"); got != "Bearer abc" || err != nil {
		t.Errorf("afterwards: %q, %v", got, err)
	}
	if s.count() != maxPending+1 {
		t.Errorf("%d requests, want %d", s.count(), maxPending+1)
	}
}
