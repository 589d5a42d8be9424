package e2e

import (
	"net/http"
	"testing"
	"time"

	"extauthz/tests/issuer"
)

// fetchEvery is a little more than the least time between two fetches of keys.
const fetchEvery = 11 * time.Second

// becomesCaller sends requests until the token is accepted.
func (sys *system) becomesCaller(t *testing.T, principal, token string) {
	t.Helper()
	for start := time.Now(); time.Since(start) < busy; time.Sleep(100 * time.Millisecond) {
		if sys.getWith(t, "/v2/team/app/tags/list", bearer(token)).status == http.StatusOK {
			break
		}
	}
	sys.isCaller(t, http.DefaultClient, "bearer", principal, bearer(token))
}

// keysRotate lets GitLab rotate its key, go down, and come back: its tokens are valid
// throughout, with the last known keys.
func keysRotate(t *testing.T, sys *system) {
	before := signed(t, sys.issuers.gitlab, pipeline, nil)
	sys.isCaller(t, http.DefaultClient, "bearer", gitlabRun, bearer(before))
	if err := sys.issuers.gitlab.Rotate(issuer.ES256); err != nil {
		t.Fatal(err)
	}
	sys.becomesCaller(t, gitlabRun, signed(t, sys.issuers.gitlab, pipeline, nil))
	sys.isCaller(t, http.DefaultClient, "bearer", gitlabRun, bearer(before))

	sys.issuers.gitlab.Set(issuer.Down)
	forged := sys.impostor(t)
	fetched := sys.issuers.gitlab.Fetches()
	time.Sleep(fetchEvery)
	began := time.Now()
	for range 50 { // tokens with an unknown kid while the issuer is down
		sys.getWith(t, "/v2/team/app/tags/list", bearer(signed(t, forged, pipeline, nil))).hasStatus(t, http.StatusServiceUnavailable)
	}
	most := 2 + int(time.Since(began)/(10*time.Second))
	if n := sys.issuers.gitlab.Fetches() - fetched; n < 1 || n > most {
		t.Errorf("the keys were fetched %d times for 50 forged tokens, want 1 to %d", n, most)
	}
	sys.isCaller(t, http.DefaultClient, "bearer", gitlabRun, bearer(before))
	sys.isCaller(t, http.DefaultClient, "bearer", gitlabRun, bearer(signed(t, sys.issuers.gitlab, pipeline, nil)))
}

// impostor signs as GitLab with another key.
func (sys *system) impostor(t *testing.T) *issuer.Issuer {
	t.Helper()
	i, err := issuer.Start(sys.issuers.gitlab.Name, issuer.ES256)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(i.Close)
	for range 2 {
		if err := i.Rotate(issuer.ES256); err != nil {
			t.Fatal(err)
		}
	}
	return i
}

// hanging is the example with an issuer that does not answer from the start.
func hanging(t *testing.T) setup {
	t.Helper()
	spec := tokens(t)
	spec.issuers.gitlab.Set(issuer.Hanging)
	spec.impatient = true
	return spec
}

// issuerHangs sends tokens before the keys are available: the answer is 503 with a reason
// that names the issuer, and no other caller waits.
func issuerHangs(t *testing.T, sys *system) {
	token := bearer(signed(t, sys.issuers.gitlab, pipeline, nil))
	for range 2 {
		a := sys.getWith(t, "/v2/team/app/tags/list", token).hasStatus(t, http.StatusServiceUnavailable)
		a.hasError(t, "UNAVAILABLE")
		if a.header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		sys.isCaller(t, http.DefaultClient, "bearer", prodPod, bearer(signed(t, sys.issuers.cluster, deployer, nil)))
		sys.isCaller(t, http.DefaultClient, "basic", robotUser, basic("robot", "robot-secret"))
	}
	time.AfterFunc(200*time.Millisecond, func() { sys.issuers.gitlab.Set(issuer.Up) })
	sys.getWith(t, "/v2/team/app/tags/list", token).hasStatus(t, http.StatusOK)
	sys.isCaller(t, http.DefaultClient, "bearer", gitlabRun, token)
}
