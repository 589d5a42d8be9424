package e2e

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"extauthz/tests/issuer"
)

// tokenService is a registry that sends clients to a token service. The test's GitLab acts
// as that service: it accepts one password, and its tokens are those of a pipeline.
func tokenService(t *testing.T) setup {
	t.Helper()
	spec := tokens(t)
	gitlab := spec.issuers.gitlab
	gitlab.Grants(func(user, password string, query url.Values) issuer.Claims {
		if user != "person" || password != "a person's password" {
			return nil
		}
		return gitlab.Claims(pipeline, query.Get("service"), nil)
	})
	turnInPlace("  audiences:", "  challenge: bearer\n  tokenRealm: "+gitlab.TokensURL()+"\n  tokenService: "+audience+"\n  audiences:")(t,
		filepath.Join(spec.Policies, "registries.yaml"))
	return spec
}

// bearerChallenge checks that clients learn where to get a token, and for which scope.
func bearerChallenge(t *testing.T, sys *system) {
	challenge := `Bearer realm="` + sys.issuers.gitlab.TokensURL() + `",service="` + audience + `"`
	expired := signed(t, sys.issuers.gitlab, pipeline, issuer.Claims{"exp": time.Now().Add(-time.Hour).Unix()})
	for _, c := range []struct {
		method, path, token, want string
	}{
		{http.MethodGet, "/v2/", "", challenge},
		{http.MethodGet, "/v2/_catalog", "", challenge},
		{http.MethodGet, "/v2/team/app/manifests/v1", "", challenge + `,scope="repository:team/app:pull"`},
		{http.MethodPost, "/v2/team/app/blobs/uploads/", "", challenge + `,scope="repository:team/app:pull,push"`},
		{http.MethodDelete, "/v2/team/app/manifests/v1", "", challenge + `,scope="repository:team/app:delete"`},
		{http.MethodGet, "/v2/team/app/manifests/v1", expired, challenge + `,scope="repository:team/app:pull",error="invalid_token"`},
	} {
		var headers [][2]string
		if c.token != "" {
			headers = append(headers, bearer(c.token))
		}
		a := sys.requestWith(t, http.DefaultClient, c.method, c.path, headers...).hasStatus(t, http.StatusUnauthorized)
		if got := a.header.Get("WWW-Authenticate"); got != c.want {
			t.Errorf("%s %s: WWW-Authenticate %s, want %s", c.method, c.path, got, c.want)
		}
	}
}

// craneGetsToken lets crane log in with a password that only the token service accepts.
func craneGetsToken(t *testing.T, sys *system) {
	x := sys.terminal(t)
	roots := filepath.Join(x.home, "roots.pem")
	write(t, roots, sys.issuers.gitlab.Authority())
	x.environment = append(os.Environ(), "SSL_CERT_FILE="+roots)
	image := sys.through(t, "team/app", "v1").String()
	x.works(t, "a person's password", crane, "auth", "login", x.registry, "-u", "person", "--password-stdin")
	if out := x.works(t, "", crane, "digest", image); strings.TrimSpace(out) != digest(t, sys.team) {
		t.Errorf("crane printed %q, want %s", out, digest(t, sys.team))
	}
	x.works(t, "", crane, "copy", image, sys.through(t, "team/app", "granted").String())
	x.fails(t, "DENIED: User: "+gitlabRun, "", crane, "delete", image)

	x.works(t, "wrong", crane, "auth", "login", x.registry, "-u", "person", "--password-stdin")
	x.fails(t, "401", "", crane, "digest", image)
}
