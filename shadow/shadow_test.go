package shadow

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"maps"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"extauthz/authz"
	"extauthz/decision"
	_ "extauthz/goldentest" // accept -update
	"extauthz/mapping"
	"extauthz/policystore"
)

// checker returns a checker with the policies of the quickstart.
func checker(t testing.TB) *authz.Checker {
	t.Helper()
	s, err := policystore.Load("../examples/quickstart/policies", decision.Options{CacheSize: 16})
	if err != nil {
		t.Fatal(err)
	}
	return &authz.Checker{Snapshots: func() *policystore.Snapshot { return s }, OmitReasons: true}
}

func pull(user, password string) *authz.CheckRequest {
	r := &authz.CheckRequest{
		HTTPRequest: mapping.HTTPRequest{Method: "GET", Path: "/v2/team/app/manifests/v1"},
		Host:        "localhost:10000", Peer: "192.0.2.7", Extensions: authz.Extensions{Registry: "quickstart"}, Time: time.Unix(1_800_000_000, 0),
	}
	if user != "" {
		r.Headers = []mapping.Header{{Name: "authorization", Value: "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))}}
	}
	return r
}

// synchronized is a buffer for several goroutines.
type synchronized struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *synchronized) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *synchronized) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// start returns a Shadow and its log.
func start(t testing.TB, decide func(context.Context, *authz.CheckRequest) *authz.Result) (*Shadow, *synchronized) {
	t.Helper()
	log := new(synchronized)
	s := New(Options{Decide: decide, Loaded: func() bool { return true }, Logger: slog.New(slog.NewJSONHandler(log, nil))})
	t.Cleanup(s.Close)
	return s, log
}

// total returns the number of second decisions.
func (s *Shadow) total() (n uint64) {
	for a := range s.decisions {
		for b := range s.decisions[a] {
			n += s.decisions[a][b].Load()
		}
	}
	return n
}

// waitFor waits until a condition is fulfilled.
func waitFor(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no %s", what)
		}
	}
}

// TestSamePolicies checks that the same policies decide the same.
func TestSamePolicies(t *testing.T) {
	inForce := checker(t)
	other := checker(t)
	s, log := start(t, func(_ context.Context, r *authz.CheckRequest) *authz.Result { return other.Check(t.Context(), r) })
	for _, r := range []*authz.CheckRequest{pull("bob", "bob-secret"), pull("alice", "alice-secret"), pull("", "")} {
		s.Submit(r, inForce.Check(t.Context(), r))
	}
	waitFor(t, "decisions", func() bool { return s.total() == 3 })
	if s.Decisions(authz.Allowed, authz.Allowed) != 2 || s.Decisions(authz.Unauthenticated, authz.Unauthenticated) != 1 || s.Dropped() != 0 || log.String() != "" {
		t.Errorf("%d, %d, %s", s.Decisions(authz.Allowed, authz.Allowed), s.Decisions(authz.Unauthenticated, authz.Unauthenticated), log)
	}
}

// TestDifference checks what is logged about a difference.
func TestDifference(t *testing.T) {
	inForce := checker(t)
	s, log := start(t, func(context.Context, *authz.CheckRequest) *authz.Result {
		return &authz.Result{Decision: authz.ImplicitDeny, Reason: "no policy allows it", Principal: "arn:aws:iam::123456789012:user/eve", Digest: "d2"}
	})
	r := pull("bob", "bob-secret")
	result := inForce.Check(t.Context(), r)
	s.Submit(r, result)
	waitFor(t, "log", func() bool { return log.String() != "" })
	var got map[string]any
	if err := json.Unmarshal([]byte(log.String()), &got); err != nil {
		t.Fatal(err)
	}
	delete(got, "time")
	want := map[string]any{
		"level": "WARN", "msg": "the shadow policies decide otherwise", "decisionId": result.ID, "registry": "quickstart", "principal": "arn:aws:iam::123456789012:user/bob",
		"repository": "team/app", "decision": "allowed", "action": "ecr:BatchGetImage", "reason": "", "digest": result.Digest,
		"shadowDecision": "implicitDeny", "shadowAction": "", "shadowReason": "no policy allows it", "shadowDigest": "d2", "shadowPrincipal": "arn:aws:iam::123456789012:user/eve",
	}
	if !maps.Equal(got, want) || s.Decisions(authz.Allowed, authz.ImplicitDeny) != 1 {
		t.Errorf("%v\nwant\n%v", got, want)
	}
}

// TestNotCompared checks which requests are not decided again.
func TestNotCompared(t *testing.T) {
	inForce, loaded := checker(t), true
	decide := func(_ context.Context, r *authz.CheckRequest) *authz.Result { return inForce.Check(t.Context(), r) }
	s := New(Options{Decide: decide, Loaded: func() bool { return loaded }, Logger: slog.New(slog.DiscardHandler)})
	defer s.Close()
	unreadable := &authz.CheckRequest{Unreadable: "too large"}
	for _, r := range []*authz.CheckRequest{pull("bob", "wrong"), unreadable} {
		s.Submit(r, inForce.Check(t.Context(), r))
	}
	s.Submit(pull("bob", "bob-secret"), authz.Unavailable("fault"))
	loaded = false
	r := pull("bob", "bob-secret")
	s.Submit(r, inForce.Check(t.Context(), r))
	loaded = true
	s.Submit(r, inForce.Check(t.Context(), r))
	waitFor(t, "decision", func() bool { return s.total() > 0 })
	if n := s.total(); n != 1 || s.Dropped() != 0 {
		t.Errorf("%d decisions, %d dropped", n, s.Dropped())
	}
}

// TestPanic checks that a panic of the second decision is counted, and that workers continue.
func TestPanic(t *testing.T) {
	s, log := start(t, func(context.Context, *authz.CheckRequest) *authz.Result { panic("fault") })
	for range 3 * workers {
		s.Submit(pull("", ""), &authz.Result{Decision: authz.Allowed})
	}
	waitFor(t, "decisions", func() bool { return s.total() == 3*workers })
	if s.Decisions(authz.Allowed, authz.Unavailable503) != 3*workers || !strings.Contains(log.String(), `"msg":"the shadow policies did not decide"`) || !strings.Contains(log.String(), "panic while deciding the request: fault") {
		t.Errorf("%d, %s", s.Decisions(authz.Allowed, authz.Unavailable503), log)
	}
	s.Submit(nil, nil) // a fault of the caller
	if s.Dropped() != 1 {
		t.Errorf("%d dropped", s.Dropped())
	}
}

// TestSlowDecisions checks that Submit does not wait for decisions, and that what the queue does
// not hold is counted.
func TestSlowDecisions(t *testing.T) {
	release := make(chan struct{})
	s, _ := start(t, func(ctx context.Context, _ *authz.CheckRequest) *authz.Result {
		if deadline, found := ctx.Deadline(); !found || time.Until(deadline) > Timeout {
			t.Error("the decision has no deadline")
		}
		<-release
		return &authz.Result{Decision: authz.Allowed}
	})
	const n = queueSize + workers + 100
	for range n {
		s.Submit(pull("", ""), &authz.Result{Decision: authz.Allowed})
	}
	if d := s.Dropped(); d < 100 || d > 100+workers {
		t.Errorf("%d of %d dropped", d, n)
	}
	close(release)
	waitFor(t, "decisions", func() bool { return s.total()+s.Dropped() == n })
}

// TestSubmitCopies checks that the request of the second decision shares no memory that is used
// again after the answer.
func TestSubmitCopies(t *testing.T) {
	release, decided := make(chan struct{}), make(chan *authz.CheckRequest, 1)
	s, _ := start(t, func(_ context.Context, r *authz.CheckRequest) *authz.Result {
		<-release
		decided <- r
		return &authz.Result{}
	})
	r, want := pull("bob", "bob-secret"), pull("bob", "bob-secret")
	result := &authz.Result{Decision: authz.Allowed}
	s.Submit(r, result)
	clear(r.Headers)
	*r, *result = authz.CheckRequest{}, authz.Result{}
	close(release)
	if got := <-decided; !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestLimiter checks the limit on logged differences.
func TestLimiter(t *testing.T) {
	var l limiter
	now := time.Unix(1_800_000_000, 0)
	logged := 0
	for range maxLogged + 50 {
		if _, allowed := l.allow(now); allowed {
			logged++
		}
	}
	before, allowed := l.allow(now.Add(time.Second))
	if logged != maxLogged || before != 50 || !allowed {
		t.Errorf("%d logged, then %d, %t", logged, before, allowed)
	}
	if before, allowed := l.allow(now.Add(time.Second)); before != 0 || !allowed {
		t.Errorf("then %d, %t", before, allowed)
	}
}

// BenchmarkSubmit measures what a second decision costs the check in force.
func BenchmarkSubmit(b *testing.B) {
	s, _ := start(b, func(context.Context, *authz.CheckRequest) *authz.Result {
		return &authz.Result{Decision: authz.Allowed}
	})
	r, result := pull("bob", "bob-secret"), &authz.Result{Decision: authz.Allowed}
	b.ReportAllocs()
	for b.Loop() {
		s.Submit(r, result)
	}
}

// TestLargeRequests checks that requests with long headers wait in a bounded amount of memory, and
// that requests are decided again after them.
func TestLargeRequests(t *testing.T) {
	release := make(chan struct{})
	s, _ := start(t, func(context.Context, *authz.CheckRequest) *authz.Result {
		<-release
		return &authz.Result{Decision: authz.Unauthenticated}
	})
	large := pull("", "")
	large.Headers = []mapping.Header{{Name: "x", Value: strings.Repeat("a", 60<<10)}}
	fit := uint64(maxWaiting / sizeOf(large))
	for range fit + 100 {
		s.Submit(large, &authz.Result{Decision: authz.Unauthenticated})
	}
	if s.Dropped() != 100 || s.waiting.Load() > maxWaiting {
		t.Errorf("%d dropped, %d bytes wait", s.Dropped(), s.waiting.Load())
	}
	close(release)
	waitFor(t, "decisions", func() bool { return s.total() == fit && s.waiting.Load() == 0 })
	s.Submit(large, &authz.Result{Decision: authz.Unauthenticated})
	waitFor(t, "decision afterwards", func() bool { return s.total() == fit+1 })
}
