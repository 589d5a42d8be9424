package identity

import (
	"errors"

	"extauthz/iam"
	"extauthz/oidc"
)

// An Issuer is an OpenID Connect issuer whose tokens prove who calls.
type Issuer struct {
	Name     string       // by which bindings name it
	Verifier *oidc.Issuer // what verifies its tokens

	Metadata         string            // jwt_authn's payload_in_metadata for it, "" for none
	Role             string            // ARN of the role that its tokens assume where the client names none, "" for none
	SessionName      string            // template of the sessions' names over the captures of Claims; "" is Name
	Claims           map[string]string // claim → pattern that every token must match
	TagClaims        map[string]string // session tag → claim that has its value
	ForeignAudiences []string          // audiences of other services whose tokens are taken all the same
	Provider         string            // the provider in trust policies and condition keys; "" is the URL without https://
	Session          []*iam.Policy     // session policies of the sessions
}

// AddIssuer adds an issuer. Its error has no place: who reads the file knows it.
func (t *Table) AddIssuer(i Issuer) error {
	return errors.New("tokens are not verified yet")
}
