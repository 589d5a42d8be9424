package e2e

import (
	"net/http"
	"testing"
	"time"

	"extauthz/tests/issuer"
)

// fetchEvery is the least time between two fetches of keys that are there, and a
// little more.
const fetchEvery = 11 * time.Second

// becomesCaller asks until the token is taken, for no longer than limit.
func (sys *system) becomesCaller(t *testing.T, limit time.Duration, principal, token string) {
	t.Helper()
	for start := time.Now(); time.Since(start) < limit; time.Sleep(100 * time.Millisecond) {
		if sys.getWith(t, "/v2/team/app/tags/list", bearer(token)).status == http.StatusOK {
			break
		}
	}
	sys.isCaller(t, http.DefaultClient, "bearer", principal, bearer(token))
}

// keysRotate has GitLab make a new key, go down, and come back: its tokens hold
// throughout by the keys that were there last.
func keysRotate(t *testing.T, sys *system) {
	before := signed(t, sys.issuers.gitlab, pipeline, nil)
	sys.isCaller(t, http.DefaultClient, "bearer", gitlabRun, bearer(before))
	if err := sys.issuers.gitlab.Rotate(issuer.ES256); err != nil {
		t.Fatal(err)
	}
	sys.becomesCaller(t, fetchEvery, gitlabRun, signed(t, sys.issuers.gitlab, pipeline, nil))
	sys.isCaller(t, http.DefaultClient, "bearer", gitlabRun, bearer(before))

	sys.issuers.gitlab.Be(issuer.Down)
	forged := sys.impostor(t)
	fetched := sys.issuers.gitlab.Fetches()
	time.Sleep(fetchEvery)
	for range 50 { // tokens with a kid that no key is known to have, and none can be looked for
		sys.getWith(t, "/v2/team/app/tags/list", bearer(signed(t, forged, pipeline, nil))).hasStatus(t, http.StatusServiceUnavailable)
	}
	if n := sys.issuers.gitlab.Fetches() - fetched; n < 1 || n > 2 {
		t.Errorf("the keys were fetched %d times for 50 forged tokens, want 1 or 2", n)
	}
	sys.isCaller(t, http.DefaultClient, "bearer", gitlabRun, bearer(before))
	sys.isCaller(t, http.DefaultClient, "bearer", gitlabRun, bearer(signed(t, sys.issuers.gitlab, pipeline, nil)))
}

// impostor signs as GitLab, with a key that is none of GitLab's.
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
	spec.issuers.gitlab.Be(issuer.Hanging)
	return spec
}

// issuerHangs asks before the keys could be had: that is nobody's fault but the
// issuer's, in words that a client understands, and nobody else waits for it.
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
	time.AfterFunc(200*time.Millisecond, func() { sys.issuers.gitlab.Be(issuer.Up) })
	sys.getWith(t, "/v2/team/app/tags/list", token).hasStatus(t, http.StatusOK)
	sys.isCaller(t, http.DefaultClient, "bearer", gitlabRun, token)
}
