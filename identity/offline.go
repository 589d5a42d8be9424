package identity

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"time"

	"extauthz/identity/sts"
)

// CallerOfUser returns the caller whom a user of the password file would be at that time,
// given the right password. It is for asking offline: nothing is verified.
func (t *Authenticator) CallerOfUser(user string, at time.Time) (*Caller, *Failure) {
	if !t.users.Has(user) {
		return nil, invalid(BasicAuth, fmt.Sprintf("user %q has no line in htpasswd", user))
	}
	return t.named(name{BasicUser, user}, at)
}

// CallerOfPrincipal returns the caller who proves to be the principal of that ARN, or the
// service of that name: a user, a session of a role, a root user or a service,
// with the tags of the user or role. Users and roles must be among the entities.
// A session of a role may have tags of its own, held to AWS's limits, and a service may
// have the resource for which it calls. Its source is "arn". It is for asking offline:
// nothing is proven.
func (t *Authenticator) CallerOfPrincipal(session *sts.CallerSpec) (*Caller, error) {
	caller, err := t.entities.Caller(session)
	if err != nil {
		return nil, err
	}
	return &Caller{Caller: caller, Source: "arn"}, nil
}

// ParsePeer returns what Envoy would say of a peer with the first certificate in a PEM
// file, once it had verified it: the [Credentials]'s Principal and Certificate. It
// is for asking offline: nothing is verified. An error does not hold the text.
func ParsePeer(text []byte) (principal, certificate string, err error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		leaf, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return "", "", errors.New("the certificate cannot be parsed")
		}
		principal, err := envoyName(leaf)
		return principal, url.PathEscape(string(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes}))), err
	}
	return "", "", errors.New("no certificate; write it in PEM, from -----BEGIN CERTIFICATE-----")
}
