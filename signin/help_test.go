package signin

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"extauthz/authz"
	"extauthz/decision"
	_ "extauthz/goldentest"
	"extauthz/identity/basic/basictest"
	"extauthz/identity/oidc/oidctest"
	"extauthz/identity/session"
	"extauthz/mapping"
	"extauthz/policystore"
	"extauthz/policystore/directory/directorytest"
)

const pullPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchGetImage"],"Resource":"*"}]}`

// files are the policy directory of the tests. alice and the tokens of the issuer ci may pull,
// and bob may do nothing.
func files(issuer *oidctest.Signer) map[string]string {
	return map[string]string{
		"registries.yaml": `sessions: {issuer: "https://registry.example.com"}
registries:
- {name: main, hosts: [registry.example.com], account: "123456789012", region: eu-central-1, challenge: bearer, tokenService: images}
- {name: other, hosts: [other.example.com], account: "123456789012", region: eu-west-1}
- {name: closed, hosts: [closed.example.com], account: "123456789012", region: eu-west-2, sources: [basic]}
- {name: open, hosts: [open.example.com], account: "123456789012", region: eu-west-3, challenge: bearer, anonymous: true}
- {name: hidden, hosts: [hidden.example.com], account: "123456789012", region: us-east-1, detail: none}
- {name: proxied, hosts: [proxied.example.com], account: "123456789012", region: us-east-2, trustedHops: 1, trustedProxies: [10.0.0.0/24]}
`,
		"principals.yaml": `issuers:
- {name: ci, issuer: "https://ci.example.com", jwks: jwks/ci.json, role: "arn:aws:iam::123456789012:role/ci"}
credentials:
- {basic: alice, principal: "arn:aws:iam::123456789012:user/alice"}
- {basic: bob, principal: "arn:aws:iam::123456789012:user/bob"}
- {basic: carol, principal: "arn:aws:sts::123456789012:assumed-role/ci/carol", sessionPolicies: [login]}
principals:
- {arn: "arn:aws:iam::123456789012:user/alice", policies: [pull]}
- {arn: "arn:aws:iam::123456789012:user/bob"}
- {arn: "arn:aws:iam::123456789012:role/ci", policies: [pull], trust: ci, maxSessionDuration: 7200}
`,
		"managed/pull.json":  pullPolicy,
		"managed/login.json": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"}]}`,
		"trust/ci.json": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/ci.example.com"},
  "Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"ci.example.com:aud":"registry.example.com"}}}]}`,
		"jwks/ci.json": issuer.JWKS(),
	}
}

// A system is a listener with a policy directory and keys.
type system struct {
	t       testing.TB
	dir     string
	issuer  *oidctest.Signer
	keys    *session.Store
	keyDir  string
	store   *policystore.Store
	checker *authz.Checker
	url     string

	mu       sync.Mutex
	log      bytes.Buffer
	results  []*authz.Result
	outcomes map[Outcome]int
}

// Write writes to the log.
func (s *system) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.Write(p)
}

// start serves a directory, to which change may make changes.
func start(t testing.TB, change func(map[string]string)) *system {
	t.Helper()
	return startWith(t, change, nil)
}

// startWith is start with what decodes authorization messages.
func startWith(t testing.TB, change func(map[string]string), decode func(string) ([]byte, error)) *system {
	t.Helper()
	s := &system{t: t, dir: t.TempDir(), keyDir: t.TempDir(), issuer: oidctest.NewSigner("ci"), outcomes: map[Outcome]int{}}
	contents := files(s.issuer)
	contents["htpasswd"] = basictest.Passwords(t, "alice", "bob", "carol")
	if change != nil {
		change(contents)
	}
	directorytest.Write(t, s.dir, contents)
	if contents["access-keys"] != "" {
		if err := os.Chmod(filepath.Join(s.dir, "access-keys"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	logger := slog.New(slog.NewJSONHandler(s, nil))
	if _, err := session.Create(s.keyDir, time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	var err error
	if s.keys, err = session.Open(s.keyDir, logger); err != nil {
		t.Fatal(err)
	}
	s.store = policystore.New(policystore.Options{Dir: s.dir, Decision: decision.Options{CacheSize: 64}, Sessions: s.keys, Logger: logger})
	if err := s.store.Reload(); err != nil {
		t.Fatal(err)
	}
	s.checker = &authz.Checker{Snapshots: s.store.Snapshot, OmitReasons: true}
	server := httptest.NewServer(New(Options{SignIn: s.checker.SignIn, CallECR: s.checker.CallECR, CallSTS: s.checker.CallSTS, Decode: decode, Keys: s.keys.Keys, Record: s.record, Observe: s.observe, Logger: logger}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *system) record(_ context.Context, r *authz.Result, _ time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.results = append(s.results, r)
	return nil
}

func (s *system) observe(o Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outcomes[o]++
}

// took returns the outcome of the only request since the last call.
func (s *system) took() (only Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for o, n := range s.outcomes {
		if n != 1 || only != "" {
			s.t.Errorf("outcomes %v, want one", s.outcomes)
		}
		only = o
	}
	clear(s.outcomes)
	return only
}

// edit changes files of the directory, and puts them in force.
func (s *system) edit(changes map[string]string) {
	s.t.Helper()
	directorytest.Write(s.t, s.dir, changes)
	if err := s.store.Reload(); err != nil {
		s.t.Fatal(err)
	}
}

// ciToken returns a token of the issuer that was issued a minute ago.
func (s *system) ciToken(changes map[string]any) string {
	s.t.Helper()
	claims := map[string]any{
		"iss": "https://ci.example.com", "sub": "job", "aud": "registry.example.com",
		"iat": time.Now().Add(-time.Minute).Unix(), "exp": time.Now().Add(time.Hour).Unix(),
	}
	maps.Copy(claims, changes)
	return s.issuer.Token(s.t, claims)
}

// An answerOf is the answer to a request.
type answerOf struct {
	status int
	header http.Header
	body   string
	tokens
}

// send sends a request as Envoy forwards it.
func (s *system) send(r *http.Request) answerOf {
	s.t.Helper()
	if r.Header.Get("X-Forwarded-For") == "" {
		r.Header.Set("X-Forwarded-For", "192.0.2.7")
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	a := answerOf{status: response.StatusCode, header: response.Header, body: string(body)}
	if err := json.Unmarshal(body, &a.tokens); err != nil {
		s.t.Errorf("the body %q is not JSON: %v", body, err)
	}
	return a
}

// get sends a GET with a query and an Authorization header, "" for none.
func (s *system) get(query, authorization string) answerOf {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+TokenPath+"?"+query, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	return s.send(r)
}

// post sends a form.
func (s *system) post(form string) answerOf {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+TokenPath, strings.NewReader(form))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.send(r)
}

// form returns a form of pairs of names and values.
func form(pairs ...string) string {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	return values.Encode()
}

func basicHeader(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// newPatient is New with a long deadline for requests, however long a test holds them.
func newPatient(o Options) http.Handler {
	s := newService(o)
	s.deadline = time.Hour
	return s.handler()
}

// pull decides a pull from a registry with a credential.
func (s *system) pull(registry, host, authorization string) *authz.Result {
	s.t.Helper()
	return s.check(registry, host, "/v2/team/app/manifests/v1", authorization)
}

// check decides a GET from a registry with a credential, "" for none.
func (s *system) check(registry, host, path, authorization string) *authz.Result {
	s.t.Helper()
	r := &authz.CheckRequest{
		HTTPRequest: mapping.HTTPRequest{Method: http.MethodGet, Path: path},
		Host:        host, Peer: "192.0.2.7", Extensions: authz.Extensions{Registry: registry}, Time: time.Now(),
	}
	if authorization != "" {
		r.Headers = []mapping.Header{{Name: "authorization", Value: authorization}}
	}
	return s.checker.Check(context.Background(), r)
}

// claimsOf returns the claims of a token, which is not verified.
func claimsOf(t testing.TB, token string) map[string]any {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	var claims map[string]any
	if err == nil {
		err = json.Unmarshal(text, &claims)
	}
	if err != nil {
		t.Fatal(err)
	}
	return claims
}
