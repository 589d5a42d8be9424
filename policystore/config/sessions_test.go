package config

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const sessionRegistry = "registries:\n- {name: a, hosts: [a.example.com], account: \"123456789012\", region: eu-central-1, challenge: bearer}\n"

func TestSessions(t *testing.T) {
	for _, c := range []struct {
		name, sessions, registry string
		want                     Sessions
		challenge                Challenge
		service                  string
	}{
		{"defaults", "sessions: {issuer: 'https://a.example.com'}\n", sessionRegistry,
			Sessions{"https://a.example.com", 12 * time.Hour}, Challenge{"https://a.example.com/token", "a.example.com"}, "a.example.com"},
		{"all settings", "sessions: {issuer: 'https://login.example.com:8443', maxDuration: 90m}\n", strings.Replace(sessionRegistry, "bearer", "bearer, tokenService: images", 1),
			Sessions{"https://login.example.com:8443", 90 * time.Minute}, Challenge{"https://login.example.com:8443/token", "images"}, "images"},
		{"another token service", "sessions: {issuer: 'https://a.example.com'}\n", strings.Replace(sessionRegistry, "bearer", "bearer, tokenRealm: 'https://b.example.com/t'", 1),
			Sessions{"https://a.example.com", 12 * time.Hour}, Challenge{"https://b.example.com/t", "a.example.com"}, "a.example.com"},
		{"a Basic challenge", "sessions: {issuer: 'https://a.example.com'}\n", strings.Replace(sessionRegistry, ", challenge: bearer", "", 1),
			Sessions{"https://a.example.com", 12 * time.Hour}, Challenge{"a", ""}, "a.example.com"},
	} {
		t.Run(c.name, func(t *testing.T) {
			all, err := ParseRegistries([]byte(c.sessions + c.registry))
			if err != nil {
				t.Fatal(err)
			}
			if r := all.Named("a"); all.Sessions == nil || *all.Sessions != c.want || r.Challenge != c.challenge || r.Service() != c.service {
				t.Errorf("sessions %+v, challenge %+v, service %q; want %+v, %+v, %q", all.Sessions, r.Challenge, r.Service(), c.want, c.challenge, c.service)
			}
		})
	}
	if all, err := ParseRegistries([]byte(strings.Replace(sessionRegistry, ", challenge: bearer", "", 1))); err != nil || all.Sessions != nil {
		t.Errorf("sessions %+v without the key, error %v", all.Sessions, err)
	}
}

func TestSessionsRefuses(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"no issuer", "sessions: {}\n" + sessionRegistry, "registries.yaml:1:11: issuer is not an https URL without path; write the address at which clients sign in"},
		{"http", "sessions: {issuer: 'http://a.example.com'}\n" + sessionRegistry, "registries.yaml:1:20: issuer is not"},
		{"a path", "sessions: {issuer: 'https://a.example.com/'}\n" + sessionRegistry, "registries.yaml:1:20: issuer is not"},
		{"a user", "sessions: {issuer: 'https://me@a.example.com'}\n" + sessionRegistry, "registries.yaml:1:20: issuer is not"},
		{"a quote", "sessions: {issuer: 'https://a\"b'}\n" + sessionRegistry, "registries.yaml:1:20: issuer is not"},
		{"no duration", "sessions: {issuer: 'https://a.example.com', maxDuration: long}\n" + sessionRegistry, `registries.yaml:1:58: maxDuration "long" is not valid; write hours and minutes, 1m to 12h`},
		{"too long", "sessions: {issuer: 'https://a.example.com', maxDuration: 13h}\n" + sessionRegistry, `registries.yaml:1:58: maxDuration "13h" is not valid`},
		{"too short", "sessions: {issuer: 'https://a.example.com', maxDuration: 59s}\n" + sessionRegistry, `registries.yaml:1:58: maxDuration "59s" is not valid`},
		{"unknown key", "sessions: {issuer: 'https://a.example.com', maxDurations: 1h}\n" + sessionRegistry, `unknown key "maxDurations"`},
		{"one service for two registries", "sessions: {issuer: 'https://a.example.com'}\n" + sessionRegistry + "- {name: b, hosts: [b.example.com], account: \"123456789012\", region: eu-west-1, challenge: bearer, tokenService: a.example.com}\n",
			`registries.yaml:4:20: registry "a" has the same service "a.example.com", so that a client could not sign in at one of the two; give one of the two another tokenService`},
		{"a registry with more hops than one before it", hops("trustedHops: 1", "trustedHops: 2"),
			`registries.yaml:4:97: trustedHops is 2 here and 1 for registry "b", so that a caller who signs in at "c" could write its own address; list the proxies of registry "c" in its trustedProxies, or use the same trustedHops`},
		{"a registry with fewer hops than one before it", hops("trustedHops: 1", "tls: true"),
			`registries.yaml:4:3: trustedHops is 0 here and 1 for registry "b", so that a caller who signs in at "b" could write its own address; list the proxies of registry "b" in its trustedProxies, or use the same trustedHops`},
		{"proxies that are listed for fewer hops only", hops("trustedHops: 1, trustedProxies: [10.0.0.1]", "trustedHops: 2"),
			`trustedHops is 2 here and 1 for registry "b", so that a caller who signs in at "c" could write its own address`},
		{"bearer without sessions", sessionRegistry, "a Bearer challenge needs tokenRealm"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := ParseRegistries([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// hops returns registries.yaml with sessions and two registries with these options.
func hops(b, c string) string {
	const registry = `- {name: %s, hosts: [%[1]s.example.com], account: "123456789012", region: eu-central-1, %s}
`
	return "sessions: {issuer: 'https://a.example.com'}\nregistries:\n" + fmt.Sprintf(registry, "b", b) + fmt.Sprintf(registry, "c", c)
}

func TestHopsOfRegistries(t *testing.T) {
	listed := "trustedHops: 1, trustedProxies: [10.0.0.1]"
	for _, c := range []struct{ name, text string }{
		{"the same hops", hops("trustedHops: 1", "trustedHops: 1")},
		{"proxies that are listed", hops("trustedHops: 0", listed)},
		{"proxies that are listed, first", hops(listed, "trustedHops: 0")},
		{"different hops without sessions", strings.Replace(hops("trustedHops: 0", "trustedHops: 1"), "sessions: {issuer: 'https://a.example.com'}\n", "", 1)},
	} {
		if _, err := ParseRegistries([]byte(c.text)); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	_, err := ParseRegistries([]byte(hops("trustedHops: one", "trustedHops: 1")))
	if err == nil || strings.Contains(err.Error(), "signs in") {
		t.Errorf("error %v with hops that are not a number, want no other", err)
	}
}

func TestMaxSessionDuration(t *testing.T) {
	const role = "principals:\n- arn: arn:aws:iam::123456789012:role/ci\n  maxSessionDuration: "
	all, err := ParsePrincipals([]byte(role + "7200\n"))
	if err != nil || all.Principals[0].MaxSessionDuration() != 2*time.Hour {
		t.Errorf("duration %v, error %v; want two hours", all.Principals[0].MaxSessionDuration(), err)
	}
	for _, c := range []struct{ text, want string }{
		{role + "3599\n", "principals.yaml:3:23: maxSessionDuration 3599 is not valid; write seconds as IAM does, 3600 to 43200"},
		{role + "43201\n", "maxSessionDuration 43201 is not valid"},
		{role + "0\n", "maxSessionDuration 0 is not valid"},
		{role + "12h\n", "principals.yaml:3:23: "},
		{strings.Replace(role, "role/ci", "user/ci", 1) + "7200\n", "maxSessionDuration is only for a role; remove it"},
	} {
		if _, err := ParsePrincipals([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: error %v, want %q", c.text, err, c.want)
		}
	}
}
