package upstream

import (
	"context"
	"encoding/base64"
)

// A Credential is how forwarded requests authenticate at a registry. The zero Credential
// authenticates none of them.
type Credential struct {
	authorization string // for every request; "" with a realm
	realm         *Realm
}

// Basic returns the credential of a user (RFC 7617).
func Basic(username, password string) *Credential {
	return &Credential{authorization: basic(username, password)}
}

func basic(username, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(username+":"+password))
}

// Bearer returns the credential of a token (RFC 6750).
func Bearer(token string) *Credential { return &Credential{authorization: "Bearer " + token} }

// FromRealm returns the credential whose tokens a realm issues.
func FromRealm(r *Realm) *Credential { return &Credential{realm: r} }

// Authorization returns the Authorization header of a request that needs access to a scope:
// space-separated items such as repository:team/app:pull, "" for no particular one. It waits
// no longer than ctx, and only for a token that is not cached. Its error contains no secret.
func (c *Credential) Authorization(ctx context.Context, scope string) (string, error) {
	if c.realm == nil {
		return c.authorization, nil
	}
	token, err := c.realm.token(ctx, scope)
	if err != nil {
		return "", err
	}
	return "Bearer " + token, nil
}
