package e2e

import (
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"extauthz/tests/stack"
)

// settled is how long a change is observed after it must be in effect.
const settled = 300 * time.Millisecond

// A flow sends one request repeatedly and records every answer.
type flow struct {
	user, path string
	address    string

	mu    sync.Mutex
	seen  []observation
	taken int // of those seen
	err   error
}

// observation is one answer and when its request ran.
type observation struct {
	began, ended time.Time
	status       int
}

// flows sends GET path as user until the test ends.
func (sys *system) flows(t testing.TB, user, path string) *flow {
	t.Helper()
	f := &flow{user: user, path: path, address: sys.Address(stack.Envoy)}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		client := &http.Client{Transport: &http.Transport{}, Timeout: 10 * time.Minute}
		defer client.CloseIdleConnections()
		for {
			select {
			case <-stop:
				return
			default:
				f.once(client)
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		<-stopped
		if f.err != nil {
			t.Errorf("%s as %s: %v", path, user, f.err)
		}
	})
	return f
}

// once sends the request one more time.
func (f *flow) once(client *http.Client) {
	o := observation{began: time.Now()}
	status, err := f.get(client)
	o.ended, o.status = time.Now(), status
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, o)
	if err != nil {
		f.err = err
	}
}

func (f *flow) get(client *http.Client) (int, error) {
	request, err := http.NewRequest(http.MethodGet, "http://"+f.address+f.path, nil)
	if err != nil {
		return 0, err
	}
	request.SetBasicAuth(f.user, f.user+"-secret")
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

// between returns the answers to requests that began and ended between the two times.
func (f *flow) between(from, to time.Time) []observation {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(f.seen), func(o observation) bool {
		return o.began.Before(from) || o.ended.After(to)
	})
}

// take returns the answers since its last call.
func (f *flow) take() []observation {
	f.mu.Lock()
	defer f.mu.Unlock()
	from := f.taken
	f.taken = len(f.seen)
	return slices.Clone(f.seen[from:])
}

// atLeast is the number of answers that a stretch of a flow needs to show anything.
const atLeast = 20

// enough waits until the flow has enough answers since then, and a little longer, and
// returns the time.
func (f *flow) enough(since time.Time) time.Time {
	time.Sleep(time.Until(since.Add(settled)))
	return f.answered(since)
}

// answered waits until the flow has enough answers since then, however slow the machine is,
// and returns the time.
func (f *flow) answered(since time.Time) time.Time {
	for deadline := time.Now().Add(10 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
		now := time.Now()
		if len(f.between(since, now)) >= atLeast || now.After(deadline) {
			return now
		}
	}
}

// only checks that all answers between the two times have one of these statuses, and that
// there are enough.
func (f *flow) only(t *testing.T, from, to time.Time, statuses ...int) {
	t.Helper()
	seen := f.between(from, to)
	if len(seen) < atLeast {
		t.Errorf("%s as %s: %d answers, want at least %d", f.path, f.user, len(seen), atLeast)
	}
	for _, o := range seen {
		if !slices.Contains(statuses, o.status) {
			t.Errorf("%s as %s: status %d, %s into the stretch; want %v", f.path, f.user, o.status, o.began.Sub(from), statuses)
			return
		}
	}
}
