package signin

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"extauthz/authz"
)

// TestRefuses checks that each request that is not valid gets one error of the protocol, and
// that nothing that works is lost.
func TestRefuses(t *testing.T) {
	s := start(t, nil)
	alice := basicHeader("alice", "alice-secret")
	password := func(pairs ...string) string {
		return form(append([]string{"grant_type", "password", "service", "images", "username", "alice", "password", "alice-secret"}, pairs...)...)
	}
	ago := func(d time.Duration) int64 { return time.Now().Add(-d).Unix() }
	token := s.get(main, alice).Token
	s.took()
	raw := func(method, query, body string, headers ...string) answerOf {
		r, err := http.NewRequestWithContext(t.Context(), method, s.url+TokenPath+query, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(headers); i += 2 {
			r.Header.Add(headers[i], headers[i+1])
		}
		return s.send(r)
	}
	const formType = "application/x-www-form-urlencoded"
	for _, c := range []struct {
		name    string
		send    func() answerOf
		status  int
		code    string
		outcome Outcome
		text    string
	}{
		{"no service", func() answerOf { return s.get("", alice) }, 400, "UNSUPPORTED", Refused, "service is missing"},
		{"a service that does not exist", func() answerOf { return s.get("service=none", alice) }, 400, "UNSUPPORTED", Refused, "no registry has this service"},
		{"the host of a registry with a service", func() answerOf { return s.get("service=registry.example.com", alice) }, 400, "UNSUPPORTED", Refused, "no registry has this service"},
		{"a service twice", func() answerOf { return s.get("service=images&service=other.example.com", alice) }, 400, "UNSUPPORTED", Refused, "repeated"},
		{"a registry without session tokens", func() answerOf { return s.get("service=closed.example.com", alice) }, 400, "UNSUPPORTED", Refused, "accepts no session tokens"},
		{"a malformed query", func() answerOf { return s.get("service=images;x=%zz", alice) }, 400, "UNSUPPORTED", Refused, "malformed"},
		{"a scope without actions", func() answerOf { return s.get(main+"&scope=repository:team", alice) }, 400, "UNSUPPORTED", Refused, "scope"},
		{"a scope with a control character", func() answerOf { return s.get(main+"&scope=repository:a%00b:pull", alice) }, 400, "UNSUPPORTED", Refused, "scope"},
		{"a long scope", func() answerOf { return s.get(main+"&scope=repository:"+strings.Repeat("a", 1024)+":pull", alice) }, 400, "UNSUPPORTED", Refused, "scope"},
		{"many scopes", func() answerOf { return s.get(main+strings.Repeat("&scope=a:b:c", maxScopes+1), alice) }, 400, "UNSUPPORTED", Refused, "too many scopes"},
		{"no credential", func() answerOf { return s.get(main, "") }, 401, "UNAUTHORIZED", Unauthenticated, "no credential"},
		{"a wrong password", func() answerOf { return s.get(main, basicHeader("alice", "wrong")) }, 401, "UNAUTHORIZED", Unauthenticated, "unknown user or wrong password"},
		{"a password that is not base64", func() answerOf { return s.get(main, "Basic !") }, 401, "UNAUTHORIZED", Unauthenticated, "not base64"},
		{"another scheme", func() answerOf { return s.get(main, "Digest x") }, 401, "UNAUTHORIZED", Unauthenticated, ""},
		{"two credentials", func() answerOf {
			return raw("GET", "?"+main, "", "Authorization", alice, "Authorization", alice)
		}, 401, "UNAUTHORIZED", Unauthenticated, "repeated"},
		{"an expired token", func() answerOf { return s.get(main, "Bearer "+s.ciToken(map[string]any{"exp": ago(time.Hour)})) }, 401, "UNAUTHORIZED", Unauthenticated, "expired"},
		{"a token of the future", func() answerOf { return s.get(main, "Bearer "+s.ciToken(map[string]any{"iat": ago(-time.Hour)})) }, 401, "UNAUTHORIZED", Unauthenticated, "in the future"},
		{"a token for another service", func() answerOf { return s.get(main, "Bearer "+s.ciToken(map[string]any{"aud": "x"})) }, 401, "UNAUTHORIZED", Unauthenticated, "not for"},
		{"a token of another issuer", func() answerOf { return s.get(main, "Bearer "+s.ciToken(map[string]any{"iss": "https://evil"})) }, 401, "UNAUTHORIZED", Unauthenticated, "not accepted"},
		{"a damaged session token", func() answerOf { return s.get(main, "Bearer "+token[:len(token)-10]+"AAAAAAAAAA") }, 401, "UNAUTHORIZED", Unauthenticated, "signature"},
		{"a user without the right", func() answerOf { return s.get(main, basicHeader("bob", "bob-secret")) }, 403, "DENIED", Denied, "User: arn:aws:iam::123456789012:user/bob is not authorized to perform: ecr:GetAuthorizationToken on resource: *"},
		{"the same without details", func() answerOf { return s.get("service=hidden.example.com", basicHeader("bob", "bob-secret")) }, 403, "DENIED", Denied, `"message":"requested access to the resource is denied"`},
		{"another method", func() answerOf { return raw("PUT", "?"+main, "") }, 405, "UNSUPPORTED", Refused, "GET and POST"},
		{"no form", func() answerOf { return raw("POST", "", password()) }, 415, "UNSUPPORTED", Refused, "form"},
		{"JSON", func() answerOf { return raw("POST", "", "{}", "Content-Type", "application/json") }, 415, "UNSUPPORTED", Refused, "form"},
		{"an empty form", func() answerOf { return s.post("") }, 400, "UNSUPPORTED", Refused, "service is missing"},
		{"a malformed form", func() answerOf { return s.post("service=%zz") }, 400, "UNSUPPORTED", Refused, "malformed"},
		{"a large form", func() answerOf { return s.post(password("scope", strings.Repeat("a", maxBody))) }, 413, "UNSUPPORTED", Refused, "too large"},
		{"parameters in the query too", func() answerOf { return raw("POST", "?"+main, password(), "Content-Type", formType) }, 400, "UNSUPPORTED", Refused, "in the body"},
		{"a header too", func() answerOf {
			return raw("POST", "", password(), "Content-Type", formType, "Authorization", alice)
		}, 400, "UNSUPPORTED", Refused, "in the body"},
		{"no grant", func() answerOf {
			return s.post(form("service", "images", "username", "alice", "password", "alice-secret"))
		}, 400, "UNSUPPORTED", Refused, "grant_type is missing"},
		{"another grant", func() answerOf { return s.post(form("service", "images", "grant_type", "client_credentials")) }, 400, "UNSUPPORTED", Refused, `"error":"unsupported_grant_type"`},
		{"no password", func() answerOf {
			return s.post(form("service", "images", "grant_type", "password", "username", "alice"))
		}, 400, "UNSUPPORTED", Refused, "missing"},
		{"a user with a colon", func() answerOf {
			return s.post(form("service", "images", "grant_type", "password", "username", "alice:alice-secret", "password", "x"))
		}, 400, "UNSUPPORTED", Refused, "colon"},
		{"a wrong password in a form", func() answerOf {
			return s.post(form("service", "images", "grant_type", "password", "username", "alice", "password", "no"))
		}, 401, "UNAUTHORIZED", Unauthenticated, `"error":"invalid_grant"`},
		{"no refresh token", func() answerOf { return s.post(form("service", "images", "grant_type", "refresh_token")) }, 400, "UNSUPPORTED", Refused, "refresh_token is missing"},
		{"a refresh token that is none", func() answerOf {
			return s.post(form("service", "images", "grant_type", "refresh_token", "refresh_token", "a.b.c"))
		}, 401, "UNAUTHORIZED", Unauthenticated, "not a token of a session"},
		{"a header of a trusted proxy", func() answerOf {
			return raw("GET", "?"+main, "", "X-Auth-Request-Email", "alice", "X-Forwarded-Client-Cert", `URI="spiffe://admin"`)
		}, 401, "UNAUTHORIZED", Unauthenticated, "no credential"},
		{"not through Envoy", func() answerOf { return raw("GET", "?"+main, "", "Authorization", alice, "X-Forwarded-For", "x") }, 403, "DENIED", Refused, "did not come through Envoy"},
		{"without a trusted hop", func() answerOf { return s.get("service=proxied.example.com", alice) }, 403, "DENIED", Refused, "required proxies"},
		{"a long user agent", func() answerOf {
			return raw("GET", "?"+main, "", "Authorization", alice, "User-Agent", strings.Repeat("a", 5000))
		}, 431, "UNSUPPORTED", Refused, "longer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := c.send()
			if a.status != c.status || !strings.Contains(a.body, `"code":"`+c.code+`"`) || !strings.Contains(a.body, c.text) || a.Token != "" {
				t.Errorf("status %d, body %s; want %d, %s, %q", a.status, a.body, c.status, c.code, c.text)
			}
			if got := s.took(); got != c.outcome {
				t.Errorf("outcome %q, want %q", got, c.outcome)
			}
		})
	}
	if a := s.get(main, "Bearer "+token); a.status != http.StatusOK {
		t.Errorf("a session token no longer works: status %d, body %s", a.status, a.body)
	}
}

// TestTrustedHops checks that the client's address is that of the outermost proxy.
func TestTrustedHops(t *testing.T) {
	s := start(t, nil)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+TokenPath+"?service=proxied.example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", basicHeader("alice", "alice-secret"))
	r.Header.Set("X-Forwarded-For", "203.0.113.9, 198.51.100.1, 10.0.0.1")
	if a := s.send(r); a.status != http.StatusOK || s.results[0].Client != "198.51.100.1" {
		t.Errorf("status %d, client %q", a.status, s.results[0].Client)
	}
	r.Header.Set("X-Forwarded-For", "198.51.100.1, 203.0.113.9") // written by a client that passed no proxy
	if a := s.send(r); a.status != http.StatusForbidden || s.results[1].Client == "198.51.100.1" {
		t.Errorf("status %d, client %q with an address that the client has written", a.status, s.results[1].Client)
	}
}

// TestWithoutKeys checks that sign-in is off without a key that signs, and that sessions of
// removed keys end.
func TestWithoutKeys(t *testing.T) {
	s := start(t, nil)
	token := "Bearer " + s.get(main, basicHeader("alice", "alice-secret")).Token
	s.took()
	names, err := filepath.Glob(filepath.Join(s.keyDir, "*"))
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	tomorrow := filepath.Join(s.keyDir, time.Now().Add(24*time.Hour).UTC().Format("20060102T150405Z.pem"))
	if err := os.Rename(names[0], tomorrow); err != nil {
		t.Fatal(err)
	}
	if err := s.keys.Reload(); err != nil {
		t.Fatal(err)
	}
	if a := s.get(main, basicHeader("alice", "alice-secret")); a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, "no session key signs") || a.header.Get("Retry-After") == "" || s.took() != Unavailable {
		t.Errorf("status %d, body %s", a.status, a.body)
	}
	if r := s.pull("main", "registry.example.com", token); r.Decision != authz.Allowed {
		t.Errorf("a key that does not sign does not verify: %s", r.Reason)
	}
	if err := os.Remove(tomorrow); err != nil {
		t.Fatal(err)
	}
	if err := s.keys.Reload(); err != nil {
		t.Fatal(err)
	}
	if r := s.pull("main", "registry.example.com", token); r.Decision != authz.Unauthenticated {
		t.Errorf("a session without its key is %v", r.Decision)
	}
}

// TestSessionsMustBeConfigured checks that a directory without sessions lets no caller sign in.
func TestSessionsMustBeConfigured(t *testing.T) {
	s := start(t, func(files map[string]string) {
		_, files["registries.yaml"], _ = strings.Cut(strings.ReplaceAll(files["registries.yaml"], "challenge: bearer", "challenge: bearer, tokenRealm: 'https://a'"), "\n")
	})
	if a := s.get(main, basicHeader("alice", "alice-secret")); a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, "sign-in is not configured") {
		t.Errorf("status %d, body %s", a.status, a.body)
	}
}

// TestKeysAreServed checks the public keys.
func TestKeysAreServed(t *testing.T) {
	s := start(t, nil)
	response, err := http.Get(s.url + KeysPath)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || string(body) != string(s.keys.Keys().JWKS()) || len(body) < 50 {
		t.Errorf("status %d, body %s, error %v", response.StatusCode, body, err)
	}
}

// TestSecretsStaySecret checks that no credential and no token is in a log, a result or an
// answer that is not the token itself.
func TestSecretsStaySecret(t *testing.T) {
	s := start(t, nil)
	ci := s.ciToken(nil)
	issued := s.get(main+"&offline_token=true", "Bearer "+ci)
	secrets := []string{"alice-secret", "gu3ssed-passw0rd", ci, issued.Token, issued.RefreshToken, strings.Split(issued.Token, ".")[2]}
	var answers strings.Builder
	for _, a := range []answerOf{
		s.get(main, basicHeader("bob", "bob-secret")), s.get(main, basicHeader("alice", "gu3ssed-passw0rd")),
		s.get(main, basicHeader("gu3ssed-passw0rd", "x")), s.get(main, "gu3ssed-passw0rd"), s.get(main, "Bearer gu3ssed-passw0rd"),
		s.get("service=gu3ssed-passw0rd", basicHeader("alice", "alice-secret")), s.get(main+"&scope=gu3ssed-passw0rd", ""),
		s.get("service=other.example.com", "Bearer "+issued.Token), s.get(main, "Bearer "+issued.RefreshToken),
		s.post(form("grant_type", "password", "service", "images", "username", "gu3ssed-passw0rd", "password", "alice-secret")),
		s.post(form("grant_type", "gu3ssed-passw0rd", "service", "images", "password", "alice-secret")),
		s.post(form("grant_type", "refresh_token", "service", "other.example.com", "refresh_token", issued.RefreshToken)),
	} {
		fmt.Fprintln(&answers, a.status, a.header, a.body)
		if a.status == http.StatusOK {
			t.Errorf("status 200: %s", a.body)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.results) < 8 {
		t.Errorf("%d results", len(s.results))
	}
	var results strings.Builder
	for _, r := range s.results {
		fmt.Fprintf(&results, "%+v\n", *r)
	}
	for _, secret := range secrets {
		for name, text := range map[string]string{"the log": s.log.String(), "an answer": answers.String()} {
			if strings.Contains(text, secret) {
				t.Errorf("%s contains %q: %s", name, secret, text)
			}
		}
		// The reason for an unknown service names it for the operator.
		if text := strings.ReplaceAll(results.String(), `no registry has the service "gu3ssed-passw0rd"`, ""); strings.Contains(text, secret) {
			t.Errorf("a result contains %q: %s", secret, text)
		}
	}
}
