package config

import (
	"fmt"
	"net/url"
	"time"

	"extauthz/identity/session"
)

// sessionsEntry is sessions in registries.yaml.
type sessionsEntry struct {
	Issuer      string `yaml:"issuer"`
	MaxDuration string `yaml:"maxDuration"`
}

// Sessions are the sessions that callers receive when they sign in.
type Sessions struct {
	Issuer      string        // the iss of session tokens: an https URL without path
	MaxDuration time.Duration // of a session; a role can have less
}

// TokenURL returns the URL at which callers sign in.
func (s *Sessions) TokenURL() string { return s.Issuer + "/token" }

// minSessions is the shortest time for which sessions are useful.
const minSessions = time.Minute

// build returns the sessions of an entry, and adds the faults of the entry to at.
func (e *sessionsEntry) build(at *entry) *Sessions {
	s := &Sessions{Issuer: e.Issuer, MaxDuration: session.MaxDuration}
	u, err := url.Parse(e.Issuer)
	if err != nil || u.Scheme != "https" || u.Host == "" || e.Issuer != "https://"+u.Host || !headerText.MatchString(e.Issuer) {
		at.fault("issuer is not an https URL without path", "write the address at which clients sign in, such as https://registry.example.com", "issuer")
	}
	if e.MaxDuration == "" {
		return s
	}
	longest, err := time.ParseDuration(e.MaxDuration)
	if err != nil || longest < minSessions || longest > session.MaxDuration {
		at.fault(fmt.Sprintf("maxDuration %q is not valid", e.MaxDuration), "write hours and minutes, 1m to 12h", "maxDuration")
		return s
	}
	s.MaxDuration = longest
	return s
}
