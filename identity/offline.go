package identity

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// User returns the caller whom a user of the password file would be at that time,
// given the right password. It is for asking offline: nothing is verified.
func (t *Table) User(user string, at time.Time) (*Caller, *Failure) {
	if !t.users.Has(user) {
		return nil, invalid(BasicAuth, fmt.Sprintf("user %q has no line in htpasswd", user))
	}
	return t.named(name{Basic, user}, at)
}

// Peer returns what Envoy would say of a peer with the first certificate in a PEM
// file, once it had verified it: the [Evidence]'s Principal and Certificate. It
// is for asking offline: nothing is verified. An error does not hold the text.
func Peer(text []byte) (principal, certificate string, err error) {
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

// envoyName is the name that Envoy takes from a certificate: the first URI, else
// the first DNS name, else the subject.
func envoyName(leaf *x509.Certificate) (string, error) {
	names, f := alternativeNames(leaf)
	switch {
	case f != nil:
		return "", errors.New(f.Reason)
	case len(names) > 0:
		return names[0].text, nil
	}
	var subject pkix.RDNSequence
	if _, err := asn1.Unmarshal(leaf.RawSubject, &subject); err != nil || !isPlain(subject) {
		return "", errors.New("the certificate has neither URI nor DNS name, and a subject that Envoy spells in its own way; ask with the CheckRequest that Envoy sends")
	}
	return subject.String(), nil
}

// isPlain tells whether a subject has only attributes and characters that every
// library spells alike in the form of RFC 2253: printable ASCII in a common name
// (2.5.4.3), a country, locality, state, organization or unit.
func isPlain(subject pkix.RDNSequence) bool {
	for _, set := range subject {
		for _, attribute := range set {
			text, isText := attribute.Value.(string)
			last := len(attribute.Type) - 1
			if !isText || last != 3 || !attribute.Type[:last].Equal(asn1.ObjectIdentifier{2, 5, 4}) ||
				!slices.Contains([]int{3, 6, 7, 8, 10, 11}, attribute.Type[last]) ||
				strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
				return false
			}
		}
	}
	return true
}
