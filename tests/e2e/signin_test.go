package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubelet "k8s.io/kubelet/pkg/apis/credentialprovider/v1"

	"extauthz/tests/bounded"
	"extauthz/tests/issuer"
	"extauthz/tests/stack"
)

// alicesUser is the principal of the example's user.
const alicesUser = "arn:aws:iam::123456789012:user/alice"

// signIns is the example at which callers sign in, with the keys of the issuers of the test, at an
// address of this machine and otherwise unchanged.
func signIns(t *testing.T) setup {
	t.Helper()
	example := filepath.Join(stack.Root(), "examples", "signin")
	spec := setup{
		Spec: stack.Spec{
			Envoy:    filepath.Join(example, "envoy.yaml"),
			Policies: copyPolicies(t, filepath.Join(example, "policies")),
			Certs:    t.TempDir(),
			Keys:     filepath.Join(t.TempDir(), "keys"),
			Listen:   freeAddress(t),
		},
		authority: authority(t),
		issuers:   newIssuers(t),
	}
	spec.issuers.publishGitLab(t, spec.Policies)
	write(t, filepath.Join(spec.Policies, "jwks", "kubernetes.json"), spec.issuers.cluster.KeySet())
	turnInPlace("issuer: https://registry.example.com", "issuer: https://"+spec.Listen)(t, filepath.Join(spec.Policies, "registries.yaml"))
	must(t, spec.authority.WriteServer(spec.Certs))
	createKey(t, spec.Keys, 0)
	return spec
}

// createKey creates a session key that signs after a time, and returns its file.
func createKey(t *testing.T, dir string, after time.Duration) string {
	t.Helper()
	out, err := exec.Command(programs.Extauthz, "session-key", dir, "--signs-after", after.String()).Output()
	if err != nil {
		t.Fatalf("session-key: %v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// client returns a client that trusts the authority of the test.
func (sys *system) client(t *testing.T) *http.Client {
	t.Helper()
	return &http.Client{Transport: sys.showing(t)}
}

// signsIn exchanges a credential for a session token.
func (sys *system) signsIn(t *testing.T, headers ...[2]string) string {
	t.Helper()
	a := sys.requestWith(t, sys.client(t), http.MethodGet, "/token?service=registry.example.com", headers...).hasStatus(t, http.StatusOK)
	var tokens struct {
		Token string `json:"token"`
	}
	if err := json.Unmarshal([]byte(a.body), &tokens); err != nil || tokens.Token == "" {
		t.Fatalf("the answer is %q: %v", a.body, err)
	}
	return tokens.Token
}

// signInChallenge checks that a client learns where to sign in, and that only the three routes
// skip the check.
func signInChallenge(t *testing.T, sys *system) {
	a := sys.requestWith(t, sys.client(t), http.MethodGet, "/v2/team/app/manifests/v1").hasStatus(t, http.StatusUnauthorized)
	want := `Bearer realm="https://` + sys.Listen + `/token",service="registry.example.com",scope="repository:team/app:pull"`
	if got := a.header.Get("WWW-Authenticate"); got != want {
		t.Errorf("WWW-Authenticate %s, want %s", got, want)
	}
	sys.requestWith(t, sys.client(t), http.MethodGet, "/.well-known/jwks.json").hasStatus(t, http.StatusOK)
	for _, path := range []string{"/token/", "/tokens", "/token/v2/team/app/manifests/v1", "/.well-known/", "/metrics"} {
		sys.requestWith(t, sys.client(t), http.MethodGet, path).hasStatus(t, http.StatusUnauthorized)
	}
	// A call of an API of AWS is a POST of /. Other methods and paths are checked.
	a = sys.requestWith(t, sys.client(t), http.MethodPost, "/").hasStatus(t, http.StatusBadRequest)
	if !strings.Contains(a.body, "UnknownOperationException") {
		t.Errorf("the answer to a call is %q", a.body)
	}
	sys.requestWith(t, sys.client(t), http.MethodGet, "/").hasStatus(t, http.StatusUnauthorized)
	for _, path := range []string{"/v2/", "/v2/team/app/blobs/uploads/", "/./v2/team/app/blobs/uploads/", "/x"} {
		sys.requestWith(t, sys.client(t), http.MethodPost, path).hasStatus(t, http.StatusUnauthorized)
	}
	sys.requestWith(t, sys.client(t), http.MethodGet, "/token/../v2/team/app/manifests/v1").hasStatus(t, http.StatusUnauthorized)
	sys.requestWith(t, sys.client(t), http.MethodGet, "/token/other", basic("alice", "alice-secret")).hasStatus(t, http.StatusNotFound)
}

// signInIdentifies checks who the caller with a session token is.
func signInIdentifies(t *testing.T, sys *system) {
	for _, c := range []struct{ name, principal, token string }{
		{"a user", alicesUser, sys.signsIn(t, basic("alice", "alice-secret"))},
		{"a pipeline", gitlabRun, sys.signsIn(t, bearer(signed(t, sys.issuers.gitlab, pipeline, nil)))},
		{"a pod", prodPod, sys.signsIn(t, basic("AWS", signed(t, sys.issuers.cluster, deployer, nil)))},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, header := range [][2]string{bearer(c.token), basic("AWS", c.token)} {
				if line := sys.isCaller(t, sys.client(t), "session", c.principal, header); line.Issuer != "https://"+sys.Listen || line.KeyID == "" {
					t.Errorf("logged issuer %q and key %q", line.Issuer, line.KeyID)
				}
			}
		})
	}
}

// signInAddress checks that a client cannot choose the address that the sidecar sees.
func signInAddress(t *testing.T, sys *system) {
	sys.signsIn(t, basic("alice", "alice-secret"), [2]string{"X-Forwarded-For", "203.0.113.77"}, [2]string{"X-Forwarded-Proto", "http"})
	if log := sys.Log(stack.Extauthz); strings.Contains(log, "203.0.113.77") || !strings.Contains(log, `"operation":"ecr:GetAuthorizationToken"`) {
		t.Errorf("the log is %s", log)
	}
}

// signInSecrets checks that no log has a credential or a token.
func signInSecrets(t *testing.T, sys *system) {
	identity := signed(t, sys.issuers.gitlab, pipeline, nil)
	token := sys.signsIn(t, bearer(identity))
	sys.isCaller(t, sys.client(t), "session", gitlabRun, bearer(token))
	sys.requestWith(t, sys.client(t), http.MethodGet, "/token?service=registry.example.com", basic("alice", "gu3ssed-passw0rd")).hasStatus(t, http.StatusUnauthorized)
	for _, part := range []stack.Part{stack.Extauthz, stack.Envoy} {
		for _, secret := range []string{identity, token, strings.Split(token, ".")[2], "gu3ssed-passw0rd", "alice-secret"} {
			if strings.Contains(sys.Log(part), secret) {
				t.Errorf("the log of %s contains %q", part, secret)
			}
		}
	}
}

// trusting returns a terminal whose clients trust the authority of the test.
func (sys *system) trusting(t *testing.T) *terminal {
	t.Helper()
	x := sys.terminal(t)
	x.environment = append(os.Environ(), "SSL_CERT_FILE="+filepath.Join(sys.Certs, "server.crt"))
	return x
}

// craneSignsIn lets crane log in with a password, a token and a session token, and fetch what it
// needs by itself.
func craneSignsIn(t *testing.T, sys *system) {
	image := sys.through(t, "team/app", "v1").String()
	identity := signed(t, sys.issuers.gitlab, pipeline, nil)
	for name, login := range map[string][3]string{
		"a password":         {"alice", "alice-secret", alicesUser},
		"a token":            {"AWS", identity, gitlabRun},
		"a session token":    {"AWS", sys.signsIn(t, bearer(identity)), gitlabRun},
		"a pod's token":      {"AWS", signed(t, sys.issuers.cluster, deployer, nil), prodPod},
		"a session of a pod": {"AWS", sys.signsIn(t, bearer(signed(t, sys.issuers.cluster, deployer, nil))), prodPod},
	} {
		t.Run(name, func(t *testing.T) {
			x := sys.trusting(t)
			x.works(t, login[1], crane, "auth", "login", x.registry, "-u", login[0], "--password-stdin")
			// crane also tries HTTP without TLS if the first answer takes long, and logs that.
			if out := x.works(t, "", crane, "digest", image); !strings.HasSuffix(strings.TrimSpace(out), digest(t, sys.team)) {
				t.Errorf("crane printed %q, want %s", out, digest(t, sys.team))
			}
			x.fails(t, "DENIED: User: "+login[2]+" is not authorized to perform", "", crane, "delete", image)
		})
	}
	t.Run("without the right", func(t *testing.T) {
		x := sys.trusting(t)
		x.works(t, "bob-secret", crane, "auth", "login", x.registry, "-u", "bob", "--password-stdin")
		x.fails(t, "is not authorized to perform: ecr:GetAuthorizationToken", "", crane, "digest", image)
	})
	t.Run("a wrong password", func(t *testing.T) {
		x := sys.trusting(t)
		x.works(t, "wrong", crane, "auth", "login", x.registry, "-u", "alice", "--password-stdin")
		x.fails(t, "unknown user or wrong password", "", crane, "digest", image)
	})
}

// dockerSignsIn lets Docker log in with a token and with a session token, pull and push.
func dockerSignsIn(t *testing.T, sys *system) {
	docker := docker(t)
	identity := signed(t, sys.issuers.gitlab, pipeline, nil)
	pulled, pushed := sys.through(t, "team/app", "v1").String(), sys.through(t, "team/app", "pushed").String()
	for name, password := range map[string]string{"a token": identity, "a session token": sys.signsIn(t, bearer(identity))} {
		t.Run(name, func(t *testing.T) {
			x := sys.trusting(t)
			t.Cleanup(func() { _, _ = x.types(t, "", docker, "image", "rm", "--force", pulled, pushed) })
			if out := x.works(t, password, docker, "login", "-u", "AWS", "--password-stdin", x.registry); !strings.Contains(out, "Login Succeeded") {
				t.Errorf("docker printed %q", out)
			}
			x.works(t, "", docker, "pull", pulled)
			x.works(t, "", docker, "tag", pulled, pushed)
			x.works(t, "", docker, "push", pushed)
		})
	}
	x := sys.trusting(t)
	x.fails(t, "is not authorized to perform: ecr:GetAuthorizationToken", "bob-secret", docker, "login", "-u", "bob", "--password-stdin", x.registry)
}

// loginPasswords lets extauthz login-password sign in with a token from each place, and Docker's
// clients use its output as password.
func loginPasswords(t *testing.T, sys *system) {
	identity := signed(t, sys.issuers.gitlab, pipeline, nil)
	file := filepath.Join(t.TempDir(), "token")
	write(t, file, []byte(identity+"\n"))
	github := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("audience") == audience && r.Header.Get("Authorization") == "Bearer of-the-job" {
			fmt.Fprintf(w, `{"value":%q}`, identity)
		}
	}))
	defer github.Close()
	for name, c := range map[string]struct {
		stdin string
		flags []string
	}{
		"a file":         {"", []string{"--token-file", file}},
		"standard input": {identity, []string{"--token-file", "-"}},
		"a variable":     {"", []string{"--token-env", "CI_TOKEN"}},
		"GitHub Actions": {"", []string{"--github-audience", audience}},
	} {
		t.Run(name, func(t *testing.T) {
			x := sys.trusting(t)
			x.environment = append(x.environment, "CI_TOKEN="+identity, "ACTIONS_ID_TOKEN_REQUEST_TOKEN=of-the-job", "ACTIONS_ID_TOKEN_REQUEST_URL="+github.URL+"?api-version=2")
			password := x.works(t, c.stdin, programs.Extauthz, append([]string{"login-password", x.registry, "--service", audience}, c.flags...)...)
			sys.isCaller(t, sys.client(t), "session", gitlabRun, bearer(strings.TrimSpace(password)))
			x.works(t, password, crane, "auth", "login", x.registry, "-u", "AWS", "--password-stdin")
			x.works(t, "", crane, "copy", sys.through(t, "team/app", "v1").String(), sys.through(t, "team/app", "from-login-password").String())
		})
	}
	x := sys.trusting(t)
	x.fails(t, "the token endpoint answered 401: authentication required", "no-token", programs.Extauthz, "login-password", x.registry, "--service", audience, "--token-file", "-")
}

// kubeletPulls sends the request of a kubelet to extauthz credential-provider, and pulls with its
// response. Both have the types of Kubernetes.
func kubeletPulls(t *testing.T, sys *system) {
	image := sys.through(t, "team/app", "v1")
	request, err := json.Marshal(kubelet.CredentialProviderRequest{
		TypeMeta: metav1.TypeMeta{APIVersion: kubelet.SchemeGroupVersion.String(), Kind: "CredentialProviderRequest"},
		Image:    image.String(), ServiceAccountToken: signed(t, sys.issuers.cluster, deployer, nil),
	})
	must(t, err)
	x := sys.trusting(t)
	out := x.works(t, string(request), programs.Extauthz, "credential-provider", "--registry", x.registry, "--service", audience)
	var response kubelet.CredentialProviderResponse
	decoder := json.NewDecoder(strings.NewReader(out))
	decoder.DisallowUnknownFields()
	must(t, decoder.Decode(&response))
	if response.APIVersion != kubelet.SchemeGroupVersion.String() || response.Kind != "CredentialProviderResponse" ||
		response.CacheKeyType != kubelet.RegistryPluginCacheKeyType || response.CacheDuration == nil || response.CacheDuration.Duration != 54*time.Minute || len(response.Auth) != 1 {
		t.Errorf("the response is %+v", response)
	}
	login := response.Auth[x.registry]
	if _, err := remote.Get(image, remote.WithTransport(sys.showing(t)), remote.WithAuth(&authn.Basic{Username: login.Username, Password: login.Password})); err != nil {
		t.Errorf("the kubelet's pull: %v", err)
	}
	sys.isCaller(t, sys.client(t), "session", prodPod, basic(login.Username, login.Password))
	x.fails(t, "is not of a registry that this provider is for", string(request), programs.Extauthz, "credential-provider", "--registry", "other.example.com")
}

// A slowPush delays the manifest of a push until a time.
type slowPush struct {
	http.RoundTripper
	until time.Time
	once  sync.Once
}

// RoundTrip sends a request.
func (s *slowPush) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/") {
		s.once.Do(func() { time.Sleep(time.Until(s.until)) })
	}
	return s.RoundTripper.RoundTrip(r)
}

// pushOutlivesToken pushes an image with a token that expires before the manifest is sent. Only a
// caller who has signed in can finish.
func pushOutlivesToken(t *testing.T, sys *system) {
	for name, c := range map[string]struct {
		credential func(token string) authn.AuthConfig
		finishes   bool
	}{
		"signed in":     {func(token string) authn.AuthConfig { return authn.AuthConfig{Username: "AWS", Password: token} }, true},
		"not signed in": {func(token string) authn.AuthConfig { return authn.AuthConfig{RegistryToken: token} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Clocks may differ by a minute, so that the token is accepted a few seconds more.
			expires := time.Now().Add(bounded.Scale(5 * time.Second))
			token := signed(t, sys.issuers.gitlab, pipeline, issuer.Claims{"exp": expires.Add(-time.Minute).Unix()})
			transport := &slowPush{RoundTripper: sys.showing(t), until: expires.Add(time.Second)}
			target := sys.through(t, "team/app", strings.ReplaceAll(name, " ", "-"))
			err := remote.Write(target, image(t, name), remote.WithTransport(transport), remote.WithAuth(authn.FromConfig(c.credential(token))))
			if (err == nil) != c.finishes {
				t.Errorf("the push ends with %v", err)
			}
			sys.requestWith(t, sys.client(t), http.MethodGet, "/v2/", bearer(token)).hasStatus(t, http.StatusUnauthorized).hasError(t, "UNAUTHORIZED", "expired")
			if _, err := remote.Head(sys.behind(t, "team/app", target.TagStr())); (err == nil) != c.finishes {
				t.Errorf("the image in the registry: %v", err)
			}
		})
	}
}

// sessionKeysRotate runs two sidecars with copies of the same keys. One receives a new key before the
// other: in every step each accepts what the other signed, until the old key is removed.
func sessionKeysRotate(t *testing.T, one *system) {
	spec := one.setup
	spec.Keys, spec.Listen, spec.Upstream = filepath.Join(t.TempDir(), "keys"), "", one.Address(stack.Registry)
	must(t, os.Mkdir(spec.Keys, 0o700))
	old, err := filepath.Glob(filepath.Join(one.Keys, "*.pem"))
	must(t, err)
	copyKey(t, old[0], spec.Keys)
	two := newSystem(t, spec)
	accepts := func(what string, sys *system, token string, want int) {
		t.Helper()
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
			a := sys.requestWith(t, sys.client(t), http.MethodGet, "/v2/", bearer(token))
			if a.status == want {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: status %d, want %d; body %s", what, a.status, want, a.body)
			}
		}
	}
	signIn := func(sys *system) string { return sys.signsIn(t, basic("alice", "alice-secret")) }
	before := signIn(one)
	accepts("the same key", two, before, http.StatusOK)

	createKey(t, one.Keys, time.Hour)
	early := signIn(one)
	if keyOf(t, early) != keyOf(t, before) {
		t.Error("a key signs before its time")
	}
	accepts("a new key that does not sign yet", two, early, http.StatusOK)
	copyKey(t, createKey(t, one.Keys, time.Second), spec.Keys)
	after := early
	for deadline := time.Now().Add(30 * time.Second); keyOf(t, after) == keyOf(t, before); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the new key does not sign")
		}
		after = signIn(one)
	}
	accepts("the new key", two, after, http.StatusOK)
	accepts("the old key", two, before, http.StatusOK)
	must(t, os.Remove(filepath.Join(spec.Keys, filepath.Base(old[0]))))
	accepts("the removed key", two, before, http.StatusUnauthorized)
	accepts("the new key after the removal", two, after, http.StatusOK)
}

// copyKey copies a key into a folder.
func copyKey(t *testing.T, file, dir string) {
	t.Helper()
	text, err := os.ReadFile(file)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, filepath.Base(file)), text, 0o600))
}

// keyOf returns the id of the key that signed a token.
func keyOf(t *testing.T, token string) string {
	t.Helper()
	segment, _, _ := strings.Cut(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(segment)
	must(t, err)
	var header struct {
		KeyID string `json:"kid"`
	}
	must(t, json.Unmarshal(text, &header))
	return header.KeyID
}

// keepsServing breaks the keys and the policies: callers continue to sign in.
func keepsServing(t *testing.T, sys *system) {
	token := sys.signsIn(t, basic("alice", "alice-secret"))
	must(t, os.WriteFile(filepath.Join(sys.Keys, "20260101T000000Z.pem"), []byte("no key"), 0o600))
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(sys.Log(stack.Extauthz), "session keys refused"); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the invalid key is not reported")
		}
	}
	sys.isCaller(t, sys.client(t), "session", alicesUser, bearer(token))
	sys.isCaller(t, sys.client(t), "session", alicesUser, bearer(sys.signsIn(t, basic("alice", "alice-secret"))))
	if metrics := sys.metrics(t); !strings.Contains(metrics, `extauthz_sign_ins_total{outcome="issued"}`) {
		t.Errorf("the metrics are %s", metrics)
	}
}

// metrics returns the metrics of extauthz.
func (sys *system) metrics(t *testing.T) string {
	t.Helper()
	response, err := http.Get(fmt.Sprintf("http://%s/metrics", sys.Address(stack.Extauthz)))
	must(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(t, err)
	return string(text)
}
