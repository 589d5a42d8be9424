package identity

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"net/url"
	"slices"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"
)

// The bounds of what is remembered of certificates: 512 of up to 8 KiB, as text,
// are 4 MiB. Only who got through Envoy's handshake can fill it.
const (
	maxCertificates    = 512
	maxCertificateText = 8 << 10
)

// maxAlternativeNames bounds the URI and DNS names of a certificate, all of which
// are looked up. Workloads have one to a few.
const maxAlternativeNames = 100

// certificates remember the alternative names of certificates by their text as
// Envoy sends it: reading one costs more than all else about a caller. They
// follow from the text alone, and whether it holds is Envoy's to say each time.
type certificates struct{ names *lru.Cache[string, []name] }

func newCertificates() certificates {
	names, err := lru.New[string, []name](maxCertificates)
	if err != nil {
		panic(err) // for a size below 1 only
	}
	return certificates{names}
}

// alternativeNames are those of the certificate, shared: read only.
func (c certificates) alternativeNames(certificate string) ([]name, *Failure) {
	if names, known := c.names.Get(certificate); known {
		return names, nil
	}
	leaf, f := parseLeaf(certificate)
	if f != nil {
		return nil, f
	}
	names, f := alternativeNames(leaf)
	if f == nil && len(certificate) <= maxCertificateText {
		c.names.Add(certificate, names)
	}
	return names, f
}

// alternativeNames lists the URI and then the DNS subject alternative names,
// byte for byte as they are in the certificate: a parsed URI would have its
// scheme in lower case.
func alternativeNames(leaf *x509.Certificate) ([]name, *Failure) {
	subjectAltName := asn1.ObjectIdentifier{2, 5, 29, 17}
	var uris, domains []name
	for _, extension := range leaf.Extensions {
		if !extension.Id.Equal(subjectAltName) {
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
	const dnsName, uniformResourceIdentifier = 2, 6 // tags of RFC 5280, section 4.2.1.6
	for _, v := range values {
		switch {
		case v.Class != asn1.ClassContextSpecific:
		case v.Tag == uniformResourceIdentifier:
			uris = append(uris, name{URI, string(v.Bytes)})
		case v.Tag == dnsName:
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
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, invalid(MTLS, "the certificate that Envoy sent is not PEM")
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, invalid(MTLS, "the client certificate cannot be parsed")
	}
	return leaf, nil
}

// lowerCase is text with the letters A to Z in lower case, and no other changed:
// a domain name is ASCII (RFC 4343).
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
