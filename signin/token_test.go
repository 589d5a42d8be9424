package signin

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"extauthz/authz"
)

const main = "service=images"

// TestSignIn checks what each credential is exchanged for, and that the token is the caller's
// credential at the registry.
func TestSignIn(t *testing.T) {
	s := start(t, nil)
	ci := s.ciToken(nil)
	const alice, ciRole = "arn:aws:iam::123456789012:user/alice", "arn:aws:sts::123456789012:assumed-role/ci/ci"
	for _, c := range []struct {
		name      string
		send      func() answerOf
		principal string
		lasts     time.Duration
		refresh   bool
	}{
		{"GET with a password", func() answerOf { return s.get(main, basicHeader("alice", "alice-secret")) }, alice, 12 * time.Hour, false},
		{"GET with scopes, for a refresh token", func() answerOf {
			return s.get(main+"&client_id=docker&account=alice&offline_token=true&scope=repository:a/b:pull,push&scope=repository%3Ac%3Apull%20registry:catalog:*", basicHeader("alice", "alice-secret"))
		}, alice, 12 * time.Hour, true},
		{"GET with a Bearer token", func() answerOf { return s.get(main, "Bearer "+ci) }, ciRole, 2 * time.Hour, false},
		{"GET with a token as password", func() answerOf { return s.get(main, basicHeader("AWS", ci)) }, ciRole, 2 * time.Hour, false},
		{"GET with a role as user", func() answerOf { return s.get(main, basicHeader("123456789012/ci", ci)) }, ciRole, 2 * time.Hour, false},
		{"POST with a password", func() answerOf {
			return s.post(form("grant_type", "password", "service", "images", "client_id", "x", "username", "alice", "password", "alice-secret"))
		}, alice, 12 * time.Hour, false},
		{"POST with a token as password", func() answerOf {
			return s.post(form("grant_type", "password", "service", "images", "username", "AWS", "password", ci, "access_type", "offline", "scope", "repository:a:pull"))
		}, ciRole, 2 * time.Hour, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := c.send()
			if a.status != http.StatusOK || a.Token == "" || a.AccessToken != a.Token || (a.RefreshToken != "") != c.refresh || s.took() != Issued {
				t.Fatalf("status %d, body %s", a.status, a.body)
			}
			if issued, err := time.Parse(time.RFC3339, a.IssuedAt); err != nil || time.Since(issued) > time.Minute || time.Duration(a.ExpiresIn)*time.Second < c.lasts-2*time.Second || time.Duration(a.ExpiresIn)*time.Second > c.lasts {
				t.Errorf("issued at %s for %d s, want %v", a.IssuedAt, a.ExpiresIn, c.lasts)
			}
			if a.header.Get("Cache-Control") != "no-store" {
				t.Error("the token may be cached")
			}
			for _, header := range []string{"Bearer " + a.Token, basicHeader("AWS", a.Token)} {
				if r := s.pull("main", "registry.example.com", header); r.Decision != authz.Allowed || r.Principal != c.principal || r.Source != "session" {
					t.Errorf("a pull is %v for %q by %q: %s", r.Decision, r.Principal, r.Source, r.Reason)
				}
				if r := s.pull("other", "other.example.com", header); r.Decision != authz.Unauthenticated || !strings.Contains(r.Reason, "for another registry") {
					t.Errorf("another registry: %v, %s", r.Decision, r.Reason)
				}
			}
		})
	}
}

// TestRightsAreNotInTheToken checks that a change of the policies is in force for tokens that
// exist, and that sessions end by a Deny on the time at which they began.
func TestRightsAreNotInTheToken(t *testing.T) {
	s := start(t, nil)
	token := "Bearer " + s.get(main, basicHeader("alice", "alice-secret")).Token
	old := "Bearer " + s.get(main, "Bearer "+s.ciToken(map[string]any{"iat": time.Now().Add(-time.Hour).Unix()})).Token
	check := func(what, header string, want authz.Outcome) {
		t.Helper()
		if r := s.pull("main", "registry.example.com", header); r.Decision != want {
			t.Errorf("%s: %v (%s), want %v", what, r.Decision, r.Reason, want)
		}
	}
	check("alice", token, authz.Allowed)
	check("a session of an old token", old, authz.Allowed)
	s.edit(map[string]string{"managed/pull.json": strings.Replace(pullPolicy, `"ecr:BatchGetImage"`, `"ecr:ListImages"`, 1)})
	check("alice without the right to pull", token, authz.ImplicitDeny)
	s.edit(map[string]string{"managed/pull.json": strings.Replace(pullPolicy, `"Statement":[`, `"Statement":[{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:TokenIssueTime":"`+time.Now().Add(-30*time.Minute).UTC().Format(time.RFC3339)+`"}}},`, 1)})
	check("alice, who signed in later", token, authz.Allowed)
	check("a session that began earlier", old, authz.ExplicitDeny)
	if a := s.get(main, "Bearer "+s.ciToken(map[string]any{"iat": time.Now().Add(-time.Hour).Unix()})); a.status != http.StatusForbidden {
		t.Errorf("signing in again with the old token: status %d", a.status)
	}
	s.edit(map[string]string{"managed/pull.json": strings.Replace(pullPolicy, `"Statement":[`, `"Statement":[{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:TokenIssueTime":"`+time.Now().Add(time.Minute).UTC().Format(time.RFC3339)+`"}}},`, 1)})
	check("a user, who has temporary credentials", token, authz.ExplicitDeny)
	check("a user with the password", basicHeader("alice", "alice-secret"), authz.Allowed)
}

// TestSessionTokenIsReturned checks that a session token is never exchanged for another.
func TestSessionTokenIsReturned(t *testing.T) {
	s := start(t, nil)
	token := s.get(main, basicHeader("alice", "alice-secret")).Token
	s.took()
	time.Sleep(1100 * time.Millisecond) // a new token would have another time
	for name, a := range map[string]answerOf{
		"Bearer":   s.get(main+"&offline_token=true", "Bearer "+token),
		"password": s.get(main, basicHeader("AWS", token)),
		"form":     s.post(form("grant_type", "password", "service", "images", "username", "AWS", "password", token, "access_type", "offline")),
	} {
		if a.status != http.StatusOK || a.Token != token || a.AccessToken != token || a.RefreshToken != "" || a.ExpiresIn > 12*3600-1 {
			t.Errorf("%s: status %d, body %s", name, a.status, a.body)
		}
	}
	if s.outcomes[Returned] != 3 || len(s.outcomes) != 1 {
		t.Errorf("outcomes %v", s.outcomes)
	}
	clear(s.outcomes)
	for name, a := range map[string]answerOf{
		"another registry":         s.get("service=other.example.com", "Bearer "+token),
		"a role":                   s.get(main, basicHeader("123456789012/ci", token)),
		"a refresh token":          s.post(form("grant_type", "refresh_token", "service", "images", "refresh_token", token)),
		"a token of another's key": s.get(main, "Bearer "+start(t, nil).get(main, basicHeader("alice", "alice-secret")).Token),
	} {
		if a.status != http.StatusUnauthorized || a.Token != "" {
			t.Errorf("%s: status %d, body %s", name, a.status, a.body)
		}
	}
	s.edit(map[string]string{"managed/pull.json": strings.Replace(pullPolicy, `"ecr:GetAuthorizationToken",`, "", 1)})
	if a := s.get(main, "Bearer "+token); a.status != http.StatusForbidden {
		t.Errorf("without the right to sign in: status %d, body %s", a.status, a.body)
	}
}

// TestRefresh checks that a refresh token is exchanged for tokens of the same session only.
func TestRefresh(t *testing.T) {
	s := start(t, nil)
	first := s.get(main+"&offline_token=true", basicHeader("alice", "alice-secret"))
	s.took()
	time.Sleep(1100 * time.Millisecond)
	refreshed := s.post(form("grant_type", "refresh_token", "service", "images", "refresh_token", first.RefreshToken, "access_type", "offline"))
	if refreshed.status != http.StatusOK || refreshed.RefreshToken != "" || s.took() != Refreshed {
		t.Fatalf("status %d, body %s", refreshed.status, refreshed.body)
	}
	was, is := claimsOf(t, first.Token), claimsOf(t, refreshed.Token)
	for _, claim := range []string{"iat", "exp", "jti", "sub", "aud", "iss"} {
		if was[claim] != is[claim] || was[claim] == nil {
			t.Errorf("%s is %v, and was %v", claim, is[claim], was[claim])
		}
	}
	if refreshed.ExpiresIn > 12*3600-1 {
		t.Errorf("the token lasts %d s more", refreshed.ExpiresIn)
	}
	if r := s.pull("main", "registry.example.com", "Bearer "+refreshed.Token); r.Decision != authz.Allowed {
		t.Errorf("a pull is %v: %s", r.Decision, r.Reason)
	}
	for _, header := range []string{"Bearer " + first.RefreshToken, basicHeader("AWS", first.RefreshToken)} {
		if r := s.pull("main", "registry.example.com", header); r.Decision != authz.Unauthenticated {
			t.Errorf("a pull with a refresh token is %v", r.Decision)
		}
		if a := s.get(main, header); a.status != http.StatusUnauthorized {
			t.Errorf("a refresh token as credential: status %d", a.status)
		}
	}
	if a := s.post(form("grant_type", "refresh_token", "service", "other.example.com", "refresh_token", first.RefreshToken)); a.status != http.StatusUnauthorized {
		t.Errorf("another registry: status %d, body %s", a.status, a.body)
	}
	s.edit(map[string]string{"managed/pull.json": strings.Replace(pullPolicy, `"ecr:GetAuthorizationToken",`, "", 1)})
	if a := s.post(form("grant_type", "refresh_token", "service", "images", "refresh_token", first.RefreshToken)); a.status != http.StatusForbidden || !strings.Contains(a.body, "not authorized to perform: ecr:GetAuthorizationToken") {
		t.Errorf("without the right to sign in: status %d, body %s", a.status, a.body)
	}
}

// TestSessionPoliciesRemain checks that a session has no more rights than its session policies
// allow, with each token of the session.
func TestSessionPoliciesRemain(t *testing.T) {
	s := start(t, nil)
	first := s.get(main+"&offline_token=true", basicHeader("carol", "carol-secret"))
	again := s.post(form("grant_type", "refresh_token", "service", "images", "refresh_token", first.RefreshToken))
	for _, a := range []answerOf{first, again} {
		if a.status != http.StatusOK {
			t.Fatalf("status %d, body %s", a.status, a.body)
		}
		if r := s.pull("main", "registry.example.com", "Bearer "+a.Token); r.Decision != authz.ImplicitDeny {
			t.Errorf("a pull is %v (%s), which the session policy does not allow", r.Decision, r.Reason)
		}
	}
}

// TestAnonymous checks that a registry for anonymous callers gives them a token, without which
// Docker's clients do not continue after a challenge, and others do not.
func TestAnonymous(t *testing.T) {
	s := start(t, nil)
	a := s.get("service=open.example.com", "")
	if a.status != http.StatusOK || a.Token == "" {
		t.Fatalf("status %d, body %s", a.status, a.body)
	}
	if r := s.pull("open", "open.example.com", "Bearer "+a.Token); r.Principal != "anonymous" || r.Decision == authz.Allowed {
		t.Errorf("the caller is %q, the pull %v", r.Principal, r.Decision)
	}
	for _, c := range []struct {
		authorization string
		want          authz.Outcome
	}{{"Bearer " + a.Token, authz.Allowed}, {"", authz.Unauthenticated}} {
		if r := s.check("open", "open.example.com", "/v2/", c.authorization); r.Decision != c.want {
			t.Errorf("/v2/ with the credential %q: %v, want %v", c.authorization, r.Decision, c.want)
		}
	}
	if a := s.get(main, ""); a.status != http.StatusUnauthorized || !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Basic ") {
		t.Errorf("status %d, challenge %q", a.status, a.header.Get("WWW-Authenticate"))
	}
}
