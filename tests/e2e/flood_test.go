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

// The flood: so many at a time, and so many each, and not more.
const (
	flooders = 8
	floodMax = 400
)

// floodFor is how long the flood lasts: long enough for some hashes on a busy machine.
var floodFor = bounded.Slowly(3 * time.Second)

// withNewcomer is the example with a second user, who has robot's password.
func withNewcomer(t *testing.T) setup {
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
	write(t, file, append(text, "newcomer:"+hash...))
	turnInPlace("- basic: robot\n", "- basic: newcomer\n  principal: arn:aws:iam::123456789012:user/robot\n- basic: robot\n")(t,
		filepath.Join(spec.Policies, "principals.yaml"))
	return spec
}

// wrongPasswords floods the login with a new wrong password each time. Who was
// verified before, or has a token, is served all along; somebody new gets in.
func wrongPasswords(t *testing.T, w *world) {
	const path = "/v2/team/app/manifests/v1"
	w.shows(t, path, basic("robot", "robot-secret")).wants(t, http.StatusOK)
	pod := bearer(signed(t, w.issuers.cluster, deployer, nil))
	robot := w.flows(t, "robot", path)
	began := time.Now()
	ended := w.flood(t)

	served, entered := 0, false
	for time.Since(began) < floodFor-settled {
		w.shows(t, path, pod).wants(t, http.StatusOK)
		served++
		if !entered {
			entered = w.shows(t, path, basic("newcomer", "robot-secret")).status == http.StatusOK
		}
	}
	refused := ended()
	robot.only(t, began, time.Now(), http.StatusOK)
	if !entered {
		t.Error("somebody new could not log in during the flood")
	}
	if served < 20 || refused < 50 {
		t.Errorf("%d good requests were served while %d bad ones were refused, want at least 20 and 50", served, refused)
	}
}

// flood starts the flood. ended waits for its end and tells how many were
// refused.
func (w *world) flood(t *testing.T) (ended func() (refused int)) {
	t.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	until := time.Now().Add(floodFor)
	for f := range flooders {
		all.Go(func() {
			for n := 0; n < floodMax && time.Now().Before(until); n++ {
				user := []string{"robot", "nobody"}[n%2]
				a := w.shows(t, "/v2/team/app/manifests/v1", basic(user, fmt.Sprintf("wrong-%d-%d", f, n)))
				mu.Lock()
				statuses[a.status]++
				mu.Unlock()
			}
		})
	}
	return func() int {
		all.Wait()
		for status := range statuses {
			if status != http.StatusUnauthorized && status != http.StatusServiceUnavailable {
				t.Errorf("%d wrong passwords were answered %d", statuses[status], status)
			}
		}
		return statuses[http.StatusUnauthorized] + statuses[http.StatusServiceUnavailable]
	}
}
