package signin

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"extauthz/authz"
)

// TestPullsContinueDuringGuesses checks that pulls with a session token are decided while many
// addresses guess passwords at the token endpoint, or send calls of AWS STS with wrong signatures.
func TestPullsContinueDuringGuesses(t *testing.T) {
	for name, guess := range map[string]func(s *system, i, n int) (*http.Request, error){
		"passwords": func(s *system, i, n int) (*http.Request, error) {
			r, err := http.NewRequest(http.MethodGet, s.url+TokenPath+"?"+main, nil)
			if err == nil {
				r.Header.Set("Authorization", basicHeader("alice", fmt.Sprint("guess ", i, n)))
			}
			return r, err
		},
		"signatures": func(s *system, i, n int) (*http.Request, error) {
			return s.newCall(&key{ID: aliceKey.ID, Secret: fmt.Sprint("guess ", i, n)}, stsCall("GetSessionToken"))
		},
		"web identities": func(s *system, i, n int) (*http.Request, error) {
			return s.newCall(nil, stsCall("AssumeRoleWithWebIdentity", "RoleArn", roleARN+"ci", "RoleSessionName", "x1", "WebIdentityToken", s.ciToken(nil)+fmt.Sprint(i, n)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, stsFiles)
			s.pullDuring(t, func(i, n int) (*http.Request, error) { return guess(s, i, n) })
		})
	}
}

// pullDuring pulls while many clients send requests, none of which may succeed, until there were many
// of both.
func (s *system) pullDuring(t *testing.T, guess func(i, n int) (*http.Request, error)) {
	t.Helper()
	token := "Bearer " + s.get(main, basicHeader("alice", "alice-secret")).Token
	var stop atomic.Bool
	var guessers sync.WaitGroup
	var guesses, issued atomic.Int64
	for i := range 64 {
		guessers.Go(func() {
			for n := 0; !stop.Load(); n++ {
				r, err := guess(i, n)
				if err != nil {
					return
				}
				r.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.%d", i, n/250, n%250))
				response, err := http.DefaultTransport.RoundTrip(r)
				if err != nil {
					continue
				}
				response.Body.Close()
				guesses.Add(1)
				if response.StatusCode == http.StatusOK {
					issued.Add(1)
				}
			}
		})
	}
	pulls, slowest := 0, time.Duration(0)
	for ; pulls < 1000 || guesses.Load() < 100; pulls++ {
		begin := time.Now()
		if r := s.pull("main", "registry.example.com", token); r.Decision != authz.Allowed {
			t.Fatalf("a pull is %v: %s", r.Decision, r.Reason)
		}
		slowest = max(slowest, time.Since(begin))
	}
	stop.Store(true)
	guessers.Wait()
	t.Logf("%d pulls, the slowest took %v, during %d guesses", pulls, slowest, guesses.Load())
	if issued.Load() > 0 {
		t.Errorf("%d guesses are accepted", issued.Load())
	}
}

// TestGates checks that requests beyond the limits are refused at once, that passwords and
// tokens have their own, and that nothing is lost afterwards.
func TestGates(t *testing.T) {
	s := start(t, nil)
	release := make(chan struct{})
	var running atomic.Int64
	var outcomes sync.Map
	observe := func(o Outcome) {
		n, _ := outcomes.LoadOrStore(o, new(atomic.Int64))
		n.(*atomic.Int64).Add(1)
	}
	count := func(o Outcome) int64 {
		n, found := outcomes.Load(o)
		if !found {
			return 0
		}
		return n.(*atomic.Int64).Load()
	}
	server := httptest.NewServer(newPatient(Options{
		SignIn: func(ctx context.Context, r *authz.CheckRequest, service string) (*authz.SignIn, *authz.Result) {
			running.Add(1)
			defer running.Add(-1)
			<-release
			return s.checker.SignIn(ctx, r, service)
		},
		Keys: s.keys.Keys, Observe: observe,
	}))
	defer server.Close()
	var senders sync.WaitGroup
	send := func(authorization string) {
		senders.Go(func() {
			r, err := http.NewRequest(http.MethodGet, server.URL+TokenPath+"?"+main, nil)
			if err != nil {
				return
			}
			r.Header.Set("X-Forwarded-For", "192.0.2.7")
			r.Header.Set("Authorization", authorization)
			if response, err := http.DefaultTransport.RoundTrip(r); err == nil {
				response.Body.Close()
			}
		})
	}
	reached := func(what string, is func() bool) {
		t.Helper()
		for end := time.Now().Add(time.Minute); !is(); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s: %d run, %d overloaded", what, running.Load(), count(Overloaded))
			}
		}
	}
	for range maxPasswords {
		send(basicHeader("alice", "alice-secret"))
	}
	reached("passwords run", func() bool { return running.Load() == maxPasswords })
	send(basicHeader("alice", "alice-secret"))
	reached("one more is refused", func() bool { return count(Overloaded) == 1 })
	ci := "Bearer " + s.ciToken(nil)
	for range maxTokens {
		send(ci)
	}
	reached("tokens run nevertheless", func() bool { return running.Load() == maxPasswords+maxTokens })
	for range maxWaiting + 1 {
		send(ci)
	}
	reached("of the others, one is refused", func() bool { return count(Overloaded) == 2 })
	close(release)
	senders.Wait()
	if got := count(Issued); got != maxPasswords+maxTokens+maxWaiting {
		t.Errorf("%d issued, want %d", got, maxPasswords+maxTokens+maxWaiting)
	}
}
