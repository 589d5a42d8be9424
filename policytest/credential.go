package policytest

import (
	"errors"
	"strings"

	"go.yaml.in/yaml/v4"

	"extauthz/identity"
	"extauthz/policystore"
)

// credentialEntry is a credential of a test. Its keys are those of principals.yaml.
type credentialEntry struct {
	policystore.CredentialName `yaml:",inline"`
	Claims                     yaml.Node `yaml:"claims"`
	User                       string    `yaml:"user"`
}

// read returns the credential. With an error it returns the path of the value that is
// wrong.
func (e *credentialEntry) read() (c *identity.OfflineCredential, path []any, err error) {
	kind, name, err := e.CredentialName.Get()
	if err != nil {
		return nil, nil, err
	}
	c = &identity.OfflineCredential{Kind: kind, Name: name}
	switch {
	case kind == identity.TokenClaims:
		return e.readToken(c)
	case e.User != "":
		return nil, []any{"user"}, errors.New("user: only a token can be the password of a user; remove it")
	case !e.Claims.IsZero():
		return nil, []any{"claims"}, errors.New("claims: only a token has claims; remove them")
	case kind == identity.BasicUser && (name == "AWS" || strings.ContainsAny(name, "/:")):
		return nil, []any{"basic"}, errors.New("basic: this user's password is a token; write { token: ISSUER, user: NAME }")
	}
	return c, nil, nil
}

// readToken adds the user and the claims of a token.
func (e *credentialEntry) readToken(c *identity.OfflineCredential) (_ *identity.OfflineCredential, path []any, err error) {
	if c.User = e.User; c.User != "" && c.User != "AWS" && !strings.Contains(c.User, "/") {
		return nil, []any{"user"}, errors.New("user: a token is the password of AWS or of ACCOUNT/ROLE")
	}
	if !e.Claims.IsZero() {
		c.Claims, err = claims(&e.Claims)
	}
	return c, []any{"claims"}, err
}
