package observability

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"extauthz/tests/certs"
	"extauthz/tests/stack"
)

var programs *stack.Programs

func TestMain(m *testing.M) {
	os.Exit(stack.Main(func(p *stack.Programs) int {
		programs = p
		return m.Run()
	}))
}

// A system is a stack with a copy of the policies of the quickstart.
type system struct {
	*stack.Processes
	policies string
}

// start starts the quickstart with a change of Envoy's configuration until the test ends.
func start(t *testing.T, change *strings.Replacer, flags ...string) *system {
	t.Helper()
	return startUnder(t, change, nil, flags...)
}

// startUnder is start with a command that runs extauthz.
func startUnder(t *testing.T, change *strings.Replacer, under []string, flags ...string) *system {
	t.Helper()
	dir := t.TempDir()
	quickstart := filepath.Join(stack.Root(), "examples", "quickstart")
	config, err := os.ReadFile(filepath.Join(quickstart, "envoy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	s := &system{policies: filepath.Join(dir, "policies")}
	envoy := filepath.Join(dir, "envoy.yaml")
	if err := errors.Join(os.CopyFS(s.policies, os.DirFS(filepath.Join(quickstart, "policies"))),
		os.WriteFile(envoy, []byte(change.Replace(string(config))), 0o644), prepare(s.policies)); err != nil {
		t.Fatal(err)
	}
	if s.Processes, err = programs.Start(stack.Spec{Envoy: envoy, Policies: s.policies, Flags: flags, Under: under}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// prepare attaches a break-glass policy to alice, and adds an issuer whose keys cannot be
// fetched.
func prepare(policies string) error {
	file := filepath.Join(policies, "principals.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	changed := strings.Replace(string(text), "policies: [team-push]", "policies: [team-push, break-glass-oncall]", 1) +
		"issuers:\n- { name: down, issuer: \"https://down.example.com\", jwks: \"http://127.0.0.1:1/keys\" }\n"
	return os.WriteFile(file, []byte(changed), 0o644)
}

// breakGlass adds the file of the break-glass policy.
func (s *system) breakGlass(t *testing.T) {
	t.Helper()
	const policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:BatchDeleteImage","Resource":"*"}]}`
	if err := os.WriteFile(filepath.Join(s.policies, "managed", "break-glass-oncall.json"), []byte(policy), 0o644); err != nil {
		t.Fatal(err)
	}
}

// request sends a request through Envoy and returns the status. header has names and values.
func (s *system) request(t *testing.T, method, path, authorization string, header ...string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.Address(stack.Envoy)+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// tokenOfDown returns the credential of a token of the issuer whose keys cannot be fetched.
func tokenOfDown() string {
	const header, claims = `{"alg":"RS256","kid":"k"}`, `{"iss":"https://down.example.com","aud":"127.0.0.1","sub":"a","exp":99999999999}`
	return "Bearer " + base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2lnbmF0dXJl"
}

// everyDecision sends requests of every outcome that the rules are about, and returns how many.
func (s *system) everyDecision(t *testing.T) (sent int) {
	t.Helper()
	for _, c := range []struct {
		name, method, path, authorization string
		want                              int
	}{
		{"allowed", "GET", "/v2/", basic("alice", "alice-secret"), 200},
		{"explicitDeny", "GET", "/v2/secret/app/manifests/v1", basic("bob", "bob-secret"), 403},
		{"implicitDeny", "PUT", "/v2/team/app/manifests/v1", basic("bob", "bob-secret"), 403},
		{"unavailable", "GET", "/v2/", tokenOfDown(), 503},
		{"invalid", "GET", "/v2/", basic("bob", "wrong"), 401},
	} {
		if got := s.request(t, c.method, c.path, c.authorization); got != c.want {
			t.Errorf("%s: status %d, want %d", c.name, got, c.want)
		}
	}
	const already, most = 5, 1000
	for i := range most {
		if s.request(t, "GET", "/v2/", basic("bob", fmt.Sprint("wrong", i))) == http.StatusTooManyRequests {
			return already + i + 1
		}
	}
	t.Fatal("wrong passwords are not limited")
	return 0
}

// killed has Envoy lose extauthz for one request, and returns its status.
func (s *system) killed(t *testing.T) (status int) {
	t.Helper()
	if err := s.Kill(stack.Extauthz); err != nil {
		t.Fatal(err)
	}
	status = s.request(t, "GET", "/v2/", basic("alice", "alice-secret"))
	if err := s.Start(stack.Extauthz); err != nil {
		t.Fatal(err)
	}
	return status
}

// envoyAdmin returns a client of Envoy's admin interface.
func (s *system) envoyAdmin() *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(s.Dir(), "envoy.sock"))
		},
	}}
}

// extauthzMetrics and envoyMetrics return what Prometheus scrapes.
func (s *system) extauthzMetrics(t *testing.T) string {
	t.Helper()
	return body(t, http.DefaultClient, "http://"+s.Address(stack.Extauthz)+"/metrics")
}

func (s *system) envoyMetrics(t *testing.T) string {
	t.Helper()
	return body(t, s.envoyAdmin(), "http://envoy/stats/prometheus")
}

func body(t *testing.T, client *http.Client, url string) string {
	t.Helper()
	text, err := get(t.Context(), client, url)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func get(ctx context.Context, client *http.Client, url string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	return do(client, r)
}

// do sends a request and returns the body of the answer, whose status must be 200.
func do(client *http.Client, r *http.Request) (string, error) {
	response, err := client.Do(r)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: status %s: %s", r.URL, response.Status, text)
	}
	return string(text), err
}

// eventually waits until a condition is true.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); !is(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 5 minutes: %s", what)
		}
	}
}

// serverCertificate writes a certificate for extauthz, and returns the flags that use it.
func serverCertificate(t *testing.T) []string {
	t.Helper()
	authority, err := certs.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := authority.WriteServer(dir); err != nil {
		t.Fatal(err)
	}
	return []string{"--tls-cert", filepath.Join(dir, "server.crt"), "--tls-key", filepath.Join(dir, "server.key")}
}
