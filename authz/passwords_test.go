package authz

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"extauthz/mapping"
)

// passwords returns password file lines in which each user's password is
// NAME-secret.
func passwords(t testing.TB, names ...string) string {
	t.Helper()
	var text strings.Builder
	for _, name := range names {
		hash, err := bcrypt.GenerateFromPassword([]byte(name+"-secret"), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString(name + ":" + string(hash) + "\n")
	}
	return text.String()
}

// Guesses are refused with 429 before anything is hashed; the reason names
// neither the user nor the password, and a caller who was verified before and
// one from elsewhere are not affected.
func TestGuessesAreLimited(t *testing.T) {
	c := mesh(t, newIssuer("https://ci.example.com"))
	guess := func(user, secret, address string) *Result {
		r := by("basic", "GET", pullTarget, password(user, secret))
		r.Peer = address
		return c.Check(t.Context(), r)
	}
	const attacker = "203.0.113.66"
	if r := guess("alice", "alice-secret", attacker); r.Decision != Allowed {
		t.Fatalf("decision %v: %s", r.Decision, r.Reason)
	}
	var limited *Result
	for i := range 20 {
		if r := guess("mallory", fmt.Sprintf("hunter%d", i), attacker); r.Answer.Status == 429 {
			limited = r
		} else if r.Answer.Status != 401 {
			t.Errorf("guess %d: status %d", i, r.Answer.Status)
		}
	}
	if limited == nil {
		t.Fatal("twenty wrong passwords are not too many")
	}
	if body := string(limited.Answer.Body); !strings.Contains(body, `"TOOMANYREQUESTS"`) || strings.Contains(body+limited.Reason, "mallory") || strings.Contains(body+limited.Reason, "hunter") {
		t.Errorf("answer %s, reason %s", body, limited.Reason)
	}
	if !slices.ContainsFunc(limited.Answer.Headers, func(h mapping.Header) bool { return h.Name == "retry-after" }) {
		t.Error("the answer has no Retry-After")
	}
	for _, verified := range []struct{ user, address string }{{"alice", attacker}, {"alice", "198.51.100.1"}} {
		if r := guess(verified.user, "alice-secret", verified.address); r.Decision != Allowed {
			t.Errorf("%s from %s: decision %v: %s", verified.user, verified.address, r.Decision, r.Reason)
		}
	}
}
