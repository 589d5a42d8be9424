package client

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	_ "extauthz/goldentest"
)

// endpoint serves one answer, and returns its URL.
func endpoint(t *testing.T, serve http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(serve)
	t.Cleanup(server.Close)
	return server.URL + "/token"
}

func TestExchange(t *testing.T) {
	url := endpoint(t, func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if r.URL.Query().Get("service") != "images" || user != "123456789012/ci" || password != "identity" {
			t.Errorf("%s with %q and %q", r.URL, user, password)
		}
		fmt.Fprint(w, `{"token":"session","expires_in":7200,"unknown":1}`)
	})
	e := Exchange{URL: url, Service: "images", User: "123456789012/ci", Password: "identity"}
	token, err := e.Do(t.Context())
	if err != nil || token.Text != "session" || token.ExpiresIn != 2*time.Hour {
		t.Errorf("token %+v, error %v", token, err)
	}
}

// TestExchangeRefuses checks that each failure has one error, without the credential.
func TestExchangeRefuses(t *testing.T) {
	redirected := false
	other := endpoint(t, func(http.ResponseWriter, *http.Request) { redirected = true })
	for _, c := range []struct {
		name  string
		serve http.HandlerFunc
		url   string
		want  string
	}{
		{"a denial", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"errors":[{"code":"DENIED","message":"User: x is not\nauthorized"}]}`)
		}, "", "the token endpoint answered 403: User: x is not authorized"},
		{"no JSON", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }, "", "answered 200 and no token; check the URL"},
		{"no token", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") }, "", "answered 200 and no token"},
		{"another server", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }, "", "answered 404 and no token"},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other, http.StatusTemporaryRedirect) }, "", "answered 307 and no token"},
		{"http", nil, "http://registry.example.com/token", "does not use https"},
		{"no URL", nil, "registry.example.com", "is not the URL of a token endpoint"},
		{"a user in the URL", nil, "https://me:secret@registry.example.com/token", "the URL of a token endpoint contains a user name"},
		{"a query in the URL", nil, "https://registry.example.com/token?a=b", "is not the URL"},
		{"no server", nil, "http://127.0.0.1:1/token", "127.0.0.1:1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.url == "" {
				c.url = endpoint(t, c.serve)
			}
			e := Exchange{URL: c.url, Service: "images", User: "AWS", Password: "identity-token"}
			if token, err := e.Do(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "identity-token") {
				t.Errorf("token %+v, error %v, want %q", token, err, c.want)
			}
		})
	}
	if redirected {
		t.Error("the client followed a redirect")
	}
}

func TestGitHubToken(t *testing.T) {
	url := endpoint(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer request-token" || r.URL.Query().Get("api-version") != "2" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, `{"count":1,"value":"for %s"}`, r.URL.Query().Get("audience"))
	}) + "?api-version=2"
	if token, err := GitHubToken(t.Context(), url, "request-token", "registry.example.com"); err != nil || token != "for registry.example.com" {
		t.Errorf("token %q, error %v", token, err)
	}
	for name, c := range map[string][3]string{
		"not in a job":  {"", "", "is not in the environment; give the job the permission id-token: write"},
		"no token":      {url, "", "is not in the environment"},
		"http":          {"http://actions.example.com", "request-token", "is not in the environment"},
		"another token": {url, "wrong-token", "answered 401 and no token"},
	} {
		if token, err := GitHubToken(t.Context(), c[0], c[1], "a"); err == nil || !strings.Contains(err.Error(), c[2]) || strings.Contains(err.Error(), "wrong-token") {
			t.Errorf("%s: token %q, error %v", name, token, err)
		}
	}
}
