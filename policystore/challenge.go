package policystore

import (
	"errors"
	"fmt"
	"net/url"
)

// challengeEntry is what a registry asks of whoever shows no credential that
// holds, in registries.yaml.
type challengeEntry struct {
	Challenge    string `yaml:"challenge"`
	Realm        string `yaml:"realm"`
	TokenRealm   string `yaml:"tokenRealm"`
	TokenService string `yaml:"tokenService"`
}

// A Challenge is what the 401 of a registry asks for: a Basic credential (RFC
// 7617) or a token of a token service (Distribution, "Token Authentication").
// Realm and Service fit between the quotes of a header.
type Challenge struct {
	Realm   string // of a Basic challenge; of a Bearer challenge the https URL that issues tokens
	Service string // what the token service calls the registry; "" challenges for Basic
}

// Bearer tells whether a token is asked for.
func (c *Challenge) Bearer() bool { return c.Service != "" }

// check returns the key whose value is wrong and what is wrong with it.
func (e *challengeEntry) check() (key string, err error) {
	switch e.Challenge {
	case "", "basic":
		return e.checkBasic()
	case "bearer":
		return e.checkBearer()
	}
	return "challenge", fmt.Errorf("challenge %q: write basic or bearer", e.Challenge)
}

func (e *challengeEntry) checkBasic() (key string, err error) {
	switch {
	case e.TokenRealm != "":
		return "tokenRealm", errors.New("tokenRealm: only a Bearer challenge names it; write challenge: bearer, or remove it")
	case e.TokenService != "":
		return "tokenService", errors.New("tokenService: only a Bearer challenge names it; write challenge: bearer, or remove it")
	case e.Realm != "" && !realmText.MatchString(e.Realm):
		return "realm", fmt.Errorf("realm %q: use printable ASCII without quotes and backslashes", e.Realm)
	}
	return "", nil
}

func (e *challengeEntry) checkBearer() (key string, err error) {
	if e.Realm != "" {
		return "realm", errors.New("realm: only a Basic challenge names it; replace realm by tokenRealm, the https URL that issues tokens")
	}
	if e.TokenService != "" && !realmText.MatchString(e.TokenService) {
		return "tokenService", fmt.Errorf("tokenService %q: use printable ASCII without quotes and backslashes", e.TokenService)
	}
	u, err := url.Parse(e.TokenRealm)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" || !realmText.MatchString(e.TokenRealm) {
		key = "tokenRealm"
		if e.TokenRealm == "" {
			key = "challenge" // which is there to point at
		}
		return key, errors.New("tokenRealm: a Bearer challenge sends clients to an https URL without user, quotes or fragment; write it")
	}
	return "", nil
}

// challenge returns what a registry of that name and host asks for.
func (e *challengeEntry) challenge(name, host string) Challenge {
	c := Challenge{Realm: e.Realm}
	switch {
	case e.Challenge == "bearer":
		c.Realm, c.Service = e.TokenRealm, e.TokenService
		if c.Service == "" {
			c.Service = host
		}
	case c.Realm == "":
		c.Realm = name
	}
	return c
}
