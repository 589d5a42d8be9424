package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote"
	"golang.org/x/crypto/bcrypt"

	"extauthz/tests/issuer"
	"extauthz/tests/stack"
)

// The user of the registry behind Envoy that only extauthz has.
const (
	registryUser     = "extauthz"
	registryPassword = "only-the-registry-and-extauthz"
)

// withRegistry is the safe Envoy in front of a Distribution registry that authenticates its
// clients. auth is the part of its configuration that says how, and entry the credential in
// upstreams.yaml.
func withRegistry(t *testing.T, auth, entry string) setup {
	t.Helper()
	spec := safe(t)
	spec.Policies = copyPolicies(t, ownPolicies)
	write(t, filepath.Join(spec.Policies, "upstreams.yaml"), []byte("upstreams:\n- {registry: quickstart, "+entry+"}\n"))
	spec.Upstream = freeAddress(t)
	dir := t.TempDir()
	config := filepath.Join(dir, "config.yaml")
	write(t, config, fmt.Appendf(nil, "version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: %s}, delete: {enabled: true}}\nhttp: {addr: %q, relativeurls: true, secret: one process}\nauth: %s\n",
		filepath.Join(dir, "images"), spec.Upstream, auth))
	registry := exec.Command(programs.Registry, "serve", config)
	registry.Env = append(os.Environ(), "OTEL_TRACES_EXPORTER=none")
	var out bytes.Buffer
	registry.Stdout, registry.Stderr = &out, &out
	must(t, registry.Start())
	t.Cleanup(func() {
		must(t, registry.Process.Kill())
		_ = registry.Wait() // reports that it was killed
	})
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if response, err := http.Get("http://" + spec.Upstream + "/v2/"); err == nil {
			response.Body.Close()
			return spec
		}
		if time.Now().After(deadline) {
			t.Fatalf("the registry does not answer: %s", out.String())
		}
	}
}

// withPassword is a registry with an htpasswd file.
func withPassword(t *testing.T) setup {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(registryPassword), bcrypt.MinCost)
	must(t, err)
	file := filepath.Join(t.TempDir(), "htpasswd")
	write(t, file, fmt.Appendf(nil, "%s:%s\n", registryUser, hash))
	return withRegistry(t, "{htpasswd: {realm: the registry, path: "+file+"}}", "username: "+registryUser+", password: "+registryPassword)
}

// withRealm is a registry with a token service of its own.
func withRealm(t *testing.T) setup {
	t.Helper()
	service, err := issuer.Start("", issuer.ES256)
	must(t, err)
	t.Cleanup(service.Close)
	service.Grants(func(user, password string, query url.Values) issuer.Claims {
		if user != registryUser || password != registryPassword {
			return nil
		}
		return service.Claims(user, query.Get("service"), issuer.Claims{"access": access(query["scope"])})
	})
	dir := t.TempDir()
	keys := filepath.Join(dir, "keys.json")
	write(t, keys, service.KeySet())
	spec := withRegistry(t, fmt.Sprintf("{token: {realm: %q, service: registry, issuer: %q, jwks: %q, signingalgorithms: [ES256]}}", service.TokensURL(), service.Name, keys),
		fmt.Sprintf("realm: %q, service: registry, ca: realm, username: %s, password: %s", service.TokensURL(), registryUser, registryPassword))
	must(t, os.MkdirAll(filepath.Join(spec.Policies, "ca"), 0o755))
	write(t, filepath.Join(spec.Policies, "ca", "realm.pem"), service.Authority())
	return spec
}

// access returns the claim access for scopes (Distribution, "Token Authentication
// Implementation").
func access(scopes []string) []map[string]any {
	all := []map[string]any{}
	for _, scope := range scopes {
		parts := strings.Split(scope, ":")
		all = append(all, map[string]any{"type": parts[0], "name": parts[1], "actions": strings.Split(parts[2], ",")})
	}
	return all
}

// registryNeedsItsPassword pushes and pulls through Envoy, with the passwords of alice and bob.
// The registry itself accepts neither.
func registryNeedsItsPassword(t *testing.T, sys *system) {
	for _, user := range []string{"", "alice"} {
		if status := send(t, sys.Address(stack.Registry), user, http.MethodGet, "/v2/", nil).status; status != http.StatusUnauthorized {
			t.Errorf("the registry answers %q %d, want 401", user, status)
		}
	}
	pushed := image(t, "pushed by alice")
	must(t, remote.Write(sys.through(t, "team/app", "v1"), pushed, as("alice")))
	pulled, err := remote.Image(sys.through(t, "team/app", "v1"), as("bob"))
	must(t, err)
	if digest(t, pulled) != digest(t, pushed) {
		t.Errorf("bob pulls %s, want %s", digest(t, pulled), digest(t, pushed))
	}
	out, err := sys.command(t, "alice", "copy", sys.through(t, "team/app", "v1").String(), sys.through(t, "team/copy", "v1").String())
	if err != nil { // mounts the layers
		t.Errorf("%v: %s", err, out)
	}
	sys.request(t, "bob", http.MethodGet, "/v2/").hasStatus(t, http.StatusOK)
	sys.request(t, "bob", http.MethodGet, "/v2/secret/app/manifests/v1").hasStatus(t, http.StatusForbidden)
	sys.request(t, "", http.MethodGet, "/v2/team/app/manifests/v1").hasStatus(t, http.StatusUnauthorized)
	for _, part := range []stack.Part{stack.Extauthz, stack.Envoy} {
		if log := sys.Log(part); strings.Contains(log, registryPassword) || strings.Contains(log, "Bearer ey") {
			t.Errorf("the log of %s contains the registry's credential", part)
		}
	}
	for _, path := range []string{"/metrics", "/snapshot"} {
		if a := send(t, sys.Address(stack.Extauthz), "", http.MethodGet, path, nil); strings.Contains(string(a.body), registryPassword) {
			t.Errorf("%s contains the registry's credential", path)
		}
	}
}

// registryPasswordChanges checks that a wrong credential fails requests without an answer that
// contains it, and that the right one works without a restart.
func registryPasswordChanges(status int) func(*testing.T, *system) {
	return func(t *testing.T, sys *system) {
		file := filepath.Join(sys.Policies, "upstreams.yaml")
		turnInPlace(registryPassword, "a-wrong-one")(t, file)
		wrong := sys.awaits(t, "bob", "/v2/team/app/tags/list", status)
		if strings.Contains(string(wrong.body), "a-wrong-one") {
			t.Errorf("the answer contains the credential: %s", wrong.body)
		}
		turnInPlace("a-wrong-one", registryPassword)(t, file)
		sys.awaits(t, "bob", "/v2/team/app/tags/list", http.StatusNotFound)
	}
}

// awaits repeats a request until its answer has a status.
func (sys *system) awaits(t *testing.T, user, path string, status int) answer {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		a := sys.request(t, user, http.MethodGet, path)
		if a.status == status {
			return a
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is answered %d, want %d: %s", path, a.status, status, a.body)
		}
	}
}
