package sts

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"extauthz/iam"
	"extauthz/oidc"
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

// document compiles a policy document.
func document(t testing.TB, kind iam.Kind, text string) *iam.Policy {
	t.Helper()
	p, err := iam.Compile(kind, "test.json", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// trust is a trust policy of one statement that allows the actions to the
// principal, both JSON. condition is JSON too, "" for none.
func trust(t testing.TB, principal, actions, condition string) *iam.Policy {
	t.Helper()
	if condition == "" {
		condition = "{}"
	}
	return document(t, iam.TrustPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":`+principal+`,"Action":`+actions+`,"Condition":`+condition+`}}`)
}

// A claims is what a token says beside or in place of what every one does; nil
// leaves a claim out.
type claims = map[string]any

// token is a token of those claims that was verified.
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

// gitlabs asks for a session of the role with a token of gitlab's.
func gitlabs(t testing.TB, name string, changes claims) *Request {
	t.Helper()
	return &Request{Role: role + name, SessionName: "gitlab", Token: token(t, changes), IssuedAt: now.Add(-time.Minute)}
}

// check wants the session of that ARN or, where there is a reason, an error that
// says it, and a caller who is nobody.
func check(t testing.TB, caller Caller, err error, arn, reason string) {
	t.Helper()
	switch {
	case reason == "" && (err != nil || caller.Principal.ARN != arn):
		t.Errorf("caller %v, error %v; want %s", caller, err, arn)
	case reason != "" && (err == nil || !strings.Contains(err.Error(), reason)):
		t.Errorf("caller %v, error %v; want %q", caller, err, reason)
	case reason != "" && caller.Principal != iam.Principal{}:
		t.Errorf("caller %v beside the error %v", caller, err)
	}
}

// checkKeys wants condition keys of the caller; "" is an absent one.
func checkKeys(t testing.TB, c iam.Context, wanted map[string]string) {
	t.Helper()
	for key, value := range wanted {
		entry, found := c.Lookup(key)
		got := entry.Value
		if entry.Multi {
			got = strings.Join(entry.Values, " ")
		}
		if got != value || found != (value != "") {
			t.Errorf("%s = %q, want %q", key, got, value)
		}
	}
	seen := map[string]bool{}
	for _, entry := range c {
		if key := strings.ToLower(entry.Key); seen[key] {
			t.Errorf("%s is there twice", entry.Key)
		} else {
			seen[key] = true
		}
	}
}
