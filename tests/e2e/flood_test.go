package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// floodPause is the pause of a guesser before each guess.
const floodPause = 10 * time.Millisecond

// newcomers is the number of users that log in for the first time during each flood, with a pause
// after each.
const (
	newcomers     = 12
	newcomerPause = 100 * time.Millisecond
)

// withNewcomers is the example with further users, who have robot's password.
func withNewcomers(t *testing.T) setup {
	t.Helper()
	spec := tokens(t)
	file := filepath.Join(spec.Policies, "htpasswd")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, hash, found := strings.Cut(string(text), "\nrobot:")
	if !found {
		t.Fatal("the example's htpasswd has no robot")
	}
	bindings := "- basic: robot\n"
	for i := range 2 * newcomers {
		text = fmt.Appendf(text, "newcomer%d:%s\n", i, strings.TrimSpace(hash))
		bindings = fmt.Sprintf("- basic: newcomer%d\n  principal: arn:aws:iam::123456789012:user/robot\n", i) + bindings
	}
	write(t, file, text)
	turnInPlace("- basic: robot\n", bindings)(t, filepath.Join(spec.Policies, "principals.yaml"))
	return spec
}

// wrongPasswords floods the login from one address with a new wrong password each time.
// Callers who were verified before or have a token are served throughout, and the first
// login of every other user succeeds at the first attempt.
func wrongPasswords(guessers, firstNewcomer int) func(*testing.T, *system) {
	return func(t *testing.T, sys *system) {
		const path = "/v2/team/app/manifests/v1"
		sys.getWith(t, path, basic("robot", "robot-secret")).hasStatus(t, http.StatusOK)
		pod := bearer(signed(t, sys.issuers.cluster, deployer, nil))
		robot := sys.flows(t, "robot", path)
		began := time.Now()
		ended := sys.flood(t, guessers)
		time.Sleep(settled)
		for i := range newcomers {
			sys.getWith(t, path, pod).hasStatus(t, http.StatusOK)
			user, address := fmt.Sprintf("newcomer%d", firstNewcomer+i), fmt.Sprintf("127.0.1.%d", firstNewcomer+i)
			sys.requestWith(t, &http.Client{Transport: from(t, address)}, http.MethodGet, path, basic(user, "robot-secret")).hasStatus(t, http.StatusOK)
			time.Sleep(newcomerPause)
		}
		statuses := ended(50)
		robot.only(t, began, time.Now(), http.StatusOK)
		// Ten wrong passwords at once, and then one in two seconds.
		if compared := statuses[http.StatusUnauthorized]; compared > 10+int(time.Since(began)/(2*time.Second)) {
			t.Errorf("%d guesses were compared; all answers: %v", compared, statuses)
		}
	}
}

// flood starts the flood. ended ends it, once that many guesses were refused without a hash, and
// returns the number of answers by status.
func (sys *system) flood(t *testing.T, guessers int) (ended func(refused int) map[int]int) {
	t.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex
	statuses, stop := map[int]int{}, make(chan struct{})
	end := sync.OnceFunc(func() { close(stop); all.Wait() })
	t.Cleanup(end)
	transport := from(t, "127.0.0.66")
	transport.MaxIdleConnsPerHost = guessers
	client := &http.Client{Transport: transport}
	for f := range guessers {
		all.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				case <-time.After(floodPause):
				}
				user := []string{"robot", "unknown"}[n%2]
				a := sys.requestWith(t, client, http.MethodGet, "/v2/team/app/manifests/v1", basic(user, fmt.Sprintf("wrong-%d-%d-%d", guessers, f, n)))
				mu.Lock()
				statuses[a.status]++
				mu.Unlock()
			}
		})
	}
	return func(refused int) map[int]int {
		soon(t, fmt.Sprint(refused, " guesses are refused without a hash"), func() bool {
			mu.Lock()
			defer mu.Unlock()
			return statuses[http.StatusTooManyRequests] >= refused
		})
		end()
		for status, n := range statuses {
			if status != http.StatusUnauthorized && status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable {
				t.Errorf("%d wrong passwords were answered %d", n, status)
			}
		}
		return statuses
	}
}
