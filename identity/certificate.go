package identity

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"extauthz/diag"
	"fmt"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"time"
)

// maxAlternativeNames bounds the URI and DNS names of a certificate, all of which are
// looked up. Workloads have few.
const maxAlternativeNames = 100

// The extension of a certificate with its alternative names, and the tags of two kinds of
// them (RFC 5280, section 4.2.1.6).
const (
	tagDNS = 2
	tagURI = 6
)

func subjectAltName() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{2, 5, 29, 17} }

// alternativeNames returns the URI and then the DNS subject alternative names, byte for
// byte as they are in the certificate: a parsed URI would have its scheme in lower case.
func alternativeNames(leaf *x509.Certificate) ([]name, *Failure) {
	var uris, domains []name
	for _, extension := range leaf.Extensions {
		if !extension.Id.Equal(subjectAltName()) {
			continue
		}
		var values []asn1.RawValue
		if rest, err := asn1.Unmarshal(extension.Value, &values); err != nil || len(rest) > 0 {
			return nil, invalid(MTLS, "the client certificate's alternative names cannot be parsed")
		}
		uris, domains = appendNames(uris, domains, values)
	}
	if len(uris)+len(domains) > maxAlternativeNames {
		return nil, invalid(MTLS, "the client certificate has more than 100 alternative names")
	}
	return append(uris, domains...), nil
}

func appendNames(uris, domains []name, values []asn1.RawValue) (_, _ []name) {
	for _, v := range values {
		switch {
		case v.Class != asn1.ClassContextSpecific:
		case v.Tag == tagURI:
			uris = append(uris, name{URI, string(v.Bytes)})
		case v.Tag == tagDNS:
			domains = append(domains, name{DNS, string(v.Bytes)})
		}
	}
	return uris, domains
}

func parseLeaf(certificate string) (*x509.Certificate, *Failure) {
	text, err := url.PathUnescape(certificate)
	if err != nil {
		return nil, invalid(MTLS, "the certificate that Envoy sent is not URL-encoded")
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != certificateType {
		return nil, invalid(MTLS, "the certificate that Envoy sent is not PEM")
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, invalid(MTLS, "the client certificate cannot be parsed")
	}
	return leaf, nil
}

// lowerCase returns text with the letters A to Z in lower case. A domain name is ASCII
// (RFC 4343).
func lowerCase(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return 'A' <= r && r <= 'Z' }) < 0 {
		return text
	}
	lower := []byte(text)
	for i, c := range lower {
		if 'A' <= c && c <= 'Z' {
			lower[i] = c + 'a' - 'A'
		}
	}
	return string(lower)
}

// certificateType is the type of a certificate's PEM block.
const certificateType = "CERTIFICATE"

func encodeCertificate(der []byte) string {
	return url.PathEscape(string(pem.EncodeToMemory(&pem.Block{Type: certificateType, Bytes: der})))
}

// ParsePeer returns what Envoy sends about a peer with the first certificate in a PEM
// file: Principal and Certificate of [Credentials]. It does not verify the certificate.
// The error does not contain the text.
func ParsePeer(text []byte) (principal, certificate string, err error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != certificateType {
			continue
		}
		leaf, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return "", "", diag.Problemf("the certificate cannot be parsed").WithRemedy("copy it again")
		}
		principal, err := envoyName(leaf)
		return principal, encodeCertificate(block.Bytes), err
	}
	return "", "", diag.Problemf("no certificate").WithRemedy("write it in PEM, from -----BEGIN CERTIFICATE-----")
}

// envoyName returns the name that Envoy takes from a certificate: the first URI, else
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
		return "", diag.Problemf("the certificate has neither a URI nor a DNS name, and Envoy may spell its subject differently").WithRemedy("use the CheckRequest that Envoy sends")
	}
	return subject.String(), nil
}

// isPlain reports whether every library writes the subject in the same way in RFC 2253
// form: it has only printable ASCII in a common name (2.5.4.3), country, locality, state,
// organization or organizational unit.
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

// newCertificate returns a client certificate with one name, as Envoy sends a verified
// one. Its key is public, so that no other check accepts it.
func newCertificate(n name) (string, error) {
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<32, 0)}
	if n.kind != Subject { // which Envoy sends outside the certificate, too
		names, err := alternativeName(n)
		if err != nil {
			return "", err
		}
		template.ExtraExtensions = []pkix.Extension{names}
	}
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return "", fmt.Errorf("%s %q cannot be in a certificate: %w", n.kind, n.text, err)
	}
	return encodeCertificate(der), nil
}

// alternativeName returns the extension of a certificate with a URI or DNS name, byte
// for byte.
func alternativeName(n name) (pkix.Extension, error) {
	tag := tagURI
	if n.kind == DNS {
		tag = tagDNS
	}
	value, err := asn1.Marshal([]asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: tag, Bytes: []byte(n.text)}})
	return pkix.Extension{Id: subjectAltName(), Value: value}, err
}
