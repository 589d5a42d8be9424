package policytest

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"

	"extauthz/identity"
)

// credentialEntry is a credential of a test; its keys are those of principals.yaml.
type credentialEntry struct {
	Basic   string    `yaml:"basic"`
	URI     string    `yaml:"uri"`
	DNS     string    `yaml:"dns"`
	Subject string    `yaml:"subject"`
	Header  string    `yaml:"header"`
	Token   string    `yaml:"token"`
	Claims  yaml.Node `yaml:"claims"`
	User    string    `yaml:"user"`
}

// read returns the credential, or what is wrong with the entry and where in it.
func (e *credentialEntry) read() (c *Credential, place []any, err error) {
	for _, form := range []Credential{
		{Kind: identity.BasicUser, Name: e.Basic}, {Kind: identity.URI, Name: e.URI}, {Kind: identity.DNS, Name: e.DNS},
		{Kind: identity.Subject, Name: e.Subject}, {Kind: identity.HeaderValue, Name: e.Header}, {Kind: identity.TokenClaims, Name: e.Token},
	} {
		switch {
		case form.Name == "":
		case c != nil:
			return nil, nil, fmt.Errorf("credential: %s and %s; give one", c.Kind, form.Kind)
		default:
			c = &form
		}
	}
	switch {
	case c == nil:
		return nil, nil, errors.New("credential: give one of basic, uri, dns, subject, header and token")
	case c.Kind == identity.TokenClaims:
		return e.readToken()
	case e.User != "":
		return nil, []any{"user"}, errors.New("user: only a token is shown as another user's password")
	case !e.Claims.IsZero():
		return nil, []any{"claims"}, errors.New("claims: only a token has claims")
	case c.Kind == identity.BasicUser && (c.Name == "AWS" || strings.ContainsAny(c.Name, "/:")):
		return nil, []any{"basic"}, errors.New("basic: this user's password is a token; write { token: ISSUER, user: NAME }")
	}
	return c, nil, nil
}

// readToken reads a token.
func (e *credentialEntry) readToken() (c *Credential, place []any, err error) {
	if e.User != "" && e.User != "AWS" && !strings.Contains(e.User, "/") {
		return nil, []any{"user"}, errors.New("user: a token is the password of AWS or of ACCOUNT/ROLE")
	}
	c = &Credential{Kind: identity.TokenClaims, Show: identity.UnsignedToken{Issuer: e.Token, User: e.User}}
	if !e.Claims.IsZero() {
		c.Show.Claims, err = claims(&e.Claims)
	}
	return c, []any{"claims"}, err
}
