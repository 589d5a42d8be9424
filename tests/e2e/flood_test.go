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

	"extauthz/tests/bounded"
)

// The flood: each guesser sends at most this many guesses, for this long, with a pause after
// each.
const (
	floodMax   = 400
	floodPause = 10 * time.Millisecond
)

var floodFor = bounded.Scale(3 * time.Second)

// newcomers is the number of users that log in for the first time during each flood.
const newcomers = 12

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
			time.Sleep((floodFor - settled) / newcomers / 2)
		}
		statuses := ended()
		robot.only(t, began, time.Now(), http.StatusOK)
		if refused := statuses[http.StatusTooManyRequests]; refused < 50 {
			t.Errorf("%d guesses were refused without a hash, want at least 50; all answers: %v", refused, statuses)
		}
		// Ten wrong passwords at once, and then one in two seconds.
		if compared := statuses[http.StatusUnauthorized]; compared > 10+int(time.Since(began)/(2*time.Second)) {
			t.Errorf("%d guesses were compared; all answers: %v", compared, statuses)
		}
	}
}

// flood starts the flood. ended waits for its end and returns the number of answers by
// status.
func (sys *system) flood(t *testing.T, guessers int) (ended func() map[int]int) {
	t.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	transport := from(t, "127.0.0.66")
	transport.MaxIdleConnsPerHost = guessers
	until, client := time.Now().Add(floodFor), &http.Client{Transport: transport}
	for f := range guessers {
		all.Go(func() {
			for n := 0; n < floodMax && time.Now().Before(until); n++ {
				user := []string{"robot", "unknown"}[n%2]
				a := sys.requestWith(t, client, http.MethodGet, "/v2/team/app/manifests/v1", basic(user, fmt.Sprintf("wrong-%d-%d-%d", guessers, f, n)))
				mu.Lock()
				statuses[a.status]++
				mu.Unlock()
				time.Sleep(floodPause)
			}
		})
	}
	return func() map[int]int {
		all.Wait()
		for status, n := range statuses {
			if status != http.StatusUnauthorized && status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable {
				t.Errorf("%d wrong passwords were answered %d", n, status)
			}
		}
		return statuses
	}
}
