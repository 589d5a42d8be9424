package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"extauthz/tests/prerequisite"
)

// public is a registry with anonymous pulls of shared/app.
func public(t *testing.T) setup {
	t.Helper()
	spec := optioned("anonymous: true")(t)
	turnInPlace(`{ "AWS": "arn:aws:iam::123456789012:user/dave" }`, `"*"`)(t,
		filepath.Join(spec.Policies, repositories, "shared", "app", "_policy.json"))
	return spec
}

// anonymousPulls pulls without a login what the repository's policy allows everyone, and
// gets a challenge for everything else.
func anonymousPulls(t *testing.T, sys *system) {
	sys.request(t, "", http.MethodGet, "/v2/").hasStatus(t, http.StatusOK)
	sys.request(t, "", http.MethodGet, "/v2/shared/app/manifests/v1").hasStatus(t, http.StatusOK)
	sys.request(t, "", http.MethodGet, "/v2/shared/app/blobs/"+layer(t, sys.team)).hasStatus(t, http.StatusOK)
	challenged(t, sys.request(t, "", http.MethodGet, "/v2/team/app/manifests/v1"))
	challenged(t, sys.request(t, "", http.MethodGet, "/v2/shared/app/tags/list"))
	challenged(t, sys.request(t, "", http.MethodPost, "/v2/shared/app/blobs/uploads/"))
	challenged(t, sys.request(t, "", http.MethodDelete, "/v2/shared/app/manifests/v1"))
	challenged(t, sys.getWith(t, "/v2/shared/app/manifests/v1", basic("alice", "wrong")))
	challenged(t, sys.getWith(t, "/v2/shared/app/manifests/v1", [2]string{"Authorization", "Negotiate x"}))
	challenged(t, sys.getWith(t, "/v2/shared/app/manifests/v1", [2]string{"Authorization", ""}))
}

// anonymousCranePulls does the same with crane: a pull needs no login, and a push works
// after a login.
func anonymousCranePulls(t *testing.T, sys *system) {
	x := sys.terminal(t)
	open, team := sys.through(t, "shared/app", "v1").String(), sys.through(t, "team/app", "v1").String()
	if out := x.works(t, "", crane, "digest", open); strings.TrimSpace(out) != digest(t, sys.team) {
		t.Errorf("crane printed %q, want %s", out, digest(t, sys.team))
	}
	x.works(t, "", crane, "pull", open, filepath.Join(x.home, "pulled.tar"))
	x.fails(t, "UNAUTHORIZED", "", crane, "digest", team)
	x.fails(t, "UNAUTHORIZED", "", crane, "copy", open, sys.through(t, "shared/app", "pushed").String())

	x.works(t, "alice-secret", crane, "auth", "login", x.registry, "-u", "alice", "--password-stdin")
	x.works(t, "", crane, "copy", open, sys.through(t, "team/app", "pushed").String())
	x.works(t, "", crane, "digest", open)
}

// anonymousSkopeoInspects does the same with skopeo, which requests /v2/ first and sends a
// password only if that request is challenged.
func anonymousSkopeoInspects(t *testing.T, sys *system) {
	skopeo := installed(t, "skopeo")
	x := sys.terminal(t)
	logins := filepath.Join(x.home, "auth.json")
	x.environment = append(os.Environ(), "REGISTRY_AUTH_FILE="+logins)
	inspect := func(repository string) []string {
		return []string{"inspect", "--raw", "--tls-verify=false", "docker://" + sys.through(t, repository, "v1").String()}
	}
	manifest, err := sys.team.RawManifest()
	must(t, err)
	if out := x.works(t, "", skopeo, inspect("shared/app")...); strings.TrimSpace(out) != strings.TrimSpace(string(manifest)) {
		t.Errorf("skopeo printed %q, want %s", out, manifest)
	}
	x.fails(t, "authentication required", "", skopeo, inspect("team/app")...)
}

// installed returns the path of a program. It may be missing, except where CI is "true".
func installed(t *testing.T, name string) string {
	t.Helper()
	program, err := exec.LookPath(name)
	prerequisite.Check(t, err)
	return program
}
