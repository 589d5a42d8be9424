package sts

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"extauthz/iam"
	"extauthz/identity/oidc"
)

const (
	registryAudience = "registry.example.com"
	gitlabURL        = "https://gitlab.example.com"
	gitlabProvider   = "arn:aws:iam::123456789012:oidc-provider/gitlab.example.com"
	role             = "arn:aws:iam::123456789012:role/"
	session          = "arn:aws:sts::123456789012:assumed-role/"
	aliceARN         = "arn:aws:iam::123456789012:user/dev/alice"
)

// now is the time of every request.
var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// claims are changes to the claims that every token has; nil removes a claim.
type claims = map[string]any

// token returns a verified token with the claims.
func token(t testing.TB, changes claims) *oidc.Token {
	t.Helper()
	all := claims{"sub": "job", "aud": registryAudience}
	maps.Copy(all, changes)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	verified := oidc.Token{Audience: registryAudience}
	if err := json.Unmarshal(text, &verified.Claims); err != nil {
		t.Fatal(err)
	}
	return &verified
}

// gitlabs returns a request for a session of the role with a token of gitlab.
func gitlabs(t testing.TB, name string, changes claims) *AssumeRoleInput {
	t.Helper()
	return &AssumeRoleInput{RoleARN: role + name, SessionName: "gitlab", Token: token(t, changes), IssuedAt: now.Add(-time.Minute)}
}

// check checks that a call returned the session of that ARN or, if reason is not empty,
// an error with the reason and no caller.
func check(t testing.TB, caller CallerIdentity, err error, arn, reason string) {
	t.Helper()
	switch {
	case reason == "" && (err != nil || caller.Principal.ARN != arn):
		t.Errorf("caller %v, error %v; want %s", caller, err, arn)
	case reason != "" && (err == nil || !strings.Contains(err.Error(), reason)):
		t.Errorf("caller %v, error %v; want %q", caller, err, reason)
	case reason != "" && caller.Principal != iam.Principal{}:
		t.Errorf("caller %v with the error %v", caller, err)
	}
}
