package outages

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"extauthz/tests/dockercli"
)

// kind is a kind of request. Each request of it is for another manifest, so that it can be found
// in the log of the registry.
type kind struct {
	name, method, user string
	decided            []int // the statuses that policies lead to
	forwarded          int   // the status of the registry's own answer, if policies may allow the request
}

// The kinds of requests under the policies of the quickstart.
var usual = []kind{
	{"allowed", http.MethodGet, "alice", []int{http.StatusNotFound}, http.StatusNotFound},
	{"denied", http.MethodPut, "bob", []int{http.StatusForbidden}, 0},
	{"anonymous", http.MethodPut, "", []int{http.StatusUnauthorized}, 0},
}

// answer is the answer to one request.
type answer struct {
	kind      kind
	reference string
	began     time.Time
	took      time.Duration
	status    int
	err       error
}

// traffic sends requests of each kind, one after the other, until it is stopped.
type traffic struct {
	system *system
	kinds  []kind
	done   chan struct{}
	ended  sync.WaitGroup

	mu      sync.Mutex
	answers []answer
}

func (s *system) traffic(t *testing.T, kinds ...kind) *traffic {
	t.Helper()
	f := &traffic{system: s, kinds: kinds, done: make(chan struct{})}
	s.url("/") // before the goroutines need it
	for _, k := range kinds {
		f.ended.Go(func() { f.sends(k) })
	}
	t.Cleanup(f.end)
	return f
}

// pause between two requests of a kind. It leaves the processors to the system.
const pause = 5 * time.Millisecond

func (f *traffic) sends(k kind) {
	for n := 0; ; n++ {
		select {
		case <-f.done:
			return
		case <-time.After(pause):
		}
		a := answer{kind: k, reference: fmt.Sprintf("%s-%d", k.name, n), began: time.Now()}
		var body io.Reader
		if k.method == http.MethodPut {
			body = strings.NewReader("{}")
		}
		a.status, a.err = f.system.send(k.method, manifests+a.reference, k.user, body)
		a.took = time.Since(a.began)
		f.mu.Lock()
		f.answers = append(f.answers, a)
		f.mu.Unlock()
	}
}

// end stops the requests.
func (f *traffic) end() {
	select {
	case <-f.done:
	default:
		close(f.done)
	}
	f.ended.Wait()
}

// next returns n answers of each kind to requests that began after the call.
func (f *traffic) next(t *testing.T, n int) []answer {
	t.Helper()
	now := time.Now()
	var found []answer
	dockercli.Soon(t, "enough answers", func() bool {
		found = nil
		counts := map[string]int{}
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, a := range f.answers {
			if a.began.After(now) {
				found = append(found, a)
				counts[a.kind.name]++
			}
		}
		return !slices.ContainsFunc(f.kinds, func(k kind) bool { return counts[k.name] < n })
	})
	return found
}

// unavailable checks that each of the next answers says that no decision was possible.
func (f *traffic) unavailable(t *testing.T) {
	t.Helper()
	for _, a := range f.next(t, 5) {
		if a.status != http.StatusServiceUnavailable {
			t.Errorf("without a decision, %s is answered %d (%v), want 503", a.reference, a.status, a.err)
		}
	}
}

// recovers waits until policies decide each of the next requests again.
func (f *traffic) recovers(t *testing.T) {
	t.Helper()
	dockercli.Soon(t, "all requests decided", func() bool {
		return !slices.ContainsFunc(f.next(t, 20), func(a answer) bool { return !slices.Contains(a.kind.decided, a.status) })
	})
}

// finish stops the requests and checks all answers: each was decided by policies, or answered 503;
// and the registry received those that it answered, and no other. It returns how many were decided
// and how many were answered 503.
func (f *traffic) finish(t *testing.T) (decided, unavailable int) {
	t.Helper()
	f.end()
	answered := map[string]bool{} // by the registry
	for _, a := range f.answers {
		switch {
		case slices.Contains(a.kind.decided, a.status):
			decided++
			answered[a.reference] = a.status == a.kind.forwarded
		case a.status == http.StatusServiceUnavailable:
			unavailable++
		default:
			t.Errorf("%s is answered %d (%v), want one of %v, or 503", a.reference, a.status, a.err, a.kind.decided)
		}
	}
	f.compare(t, answered)
	if decided < 60 {
		t.Errorf("%d requests were decided, want at least 60", decided)
	}
	f.report(t, decided, unavailable)
	return decided, unavailable
}

// report logs the figures of OPERATIONS.md: how many requests were not decided, from the first of
// them to the last, and how long clients waited.
func (f *traffic) report(t *testing.T, decided, unavailable int) {
	t.Helper()
	var took []time.Duration
	var first, last time.Time
	for _, a := range f.answers {
		took = append(took, a.took)
		if a.status != http.StatusServiceUnavailable {
			continue
		}
		if first.IsZero() || a.began.Before(first) {
			first = a.began
		}
		if ended := a.began.Add(a.took); ended.After(last) {
			last = ended
		}
	}
	slices.Sort(took)
	t.Logf("%d requests: %d decided, %d answered 503 within %v; half of the answers took up to %v, all up to %v",
		len(f.answers), decided, unavailable, last.Sub(first).Round(time.Millisecond),
		took[len(took)/2].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond))
}

// compare compares what the registry received with what it answered. Its log may be written a
// moment after the answer.
func (f *traffic) compare(t *testing.T, answered map[string]bool) {
	t.Helper()
	var received []string
	for reference, yes := range answered {
		if yes && !slices.Contains(received, reference) {
			dockercli.Soon(t, "in the registry's log: "+reference, func() bool {
				received = f.system.received(t)
				return slices.Contains(received, reference)
			})
		}
	}
	if len(received) == 0 {
		t.Error("the registry received nothing")
	}
	for _, reference := range received {
		if !answered[reference] {
			t.Errorf("the registry received %s, which it did not answer", reference)
		}
	}
}
