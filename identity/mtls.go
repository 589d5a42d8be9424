package identity

import (
	"crypto/x509"
	"encoding/pem"
	"net/url"
)

// A NameKind is a kind of name that a credential carries.
type NameKind uint8

// The zero NameKind names nothing and is refused by [Table.Bind].
const (
	NoName     NameKind = iota
	Basic               // a user of the password file
	URI                 // the first URI subject alternative name of a client certificate
	DNS                 // its first DNS subject alternative name, where it has no URI
	Subject             // its subject in RFC 2253 form, where it has neither
	HeaderName          // the value of a trusted proxy's header
	Token               // claims of an issuer's token
)

// String returns the word that principals.yaml uses for the kind.
func (k NameKind) String() string {
	switch k {
	case Basic:
		return "basic"
	case URI:
		return "uri"
	case DNS:
		return "dns"
	case Subject:
		return "subject"
	case HeaderName:
		return "header"
	case Token:
		return "token"
	}
	return "none"
}

// certificateName finds the name and its kind in what Envoy says of the peer:
// principal is AttributeContext.Peer.principal, which Envoy fills with the
// first URI SAN, else the first DNS SAN, else the subject, and certificate the
// leaf as URL-encoded PEM. The text alone does not tell the kinds apart, so
// without the certificate, or where the two disagree, there is no name.
func certificateName(principal, certificate string) (NameKind, string, *Failure) {
	if certificate == "" {
		return NoName, "", invalid("mtls", "Envoy sent no certificate to read the kind of name from; set include_peer_certificate: true on ext_authz")
	}
	leaf, f := parseLeaf(certificate)
	if f != nil {
		return NoName, "", f
	}
	kind, want := Subject, principal // Envoy's spelling of the subject stands for itself
	switch {
	case len(leaf.URIs) > 0:
		kind, want = URI, leaf.URIs[0].String()
	case len(leaf.DNSNames) > 0:
		kind, want = DNS, leaf.DNSNames[0]
	}
	switch {
	case principal == "":
		return NoName, "", invalid("mtls", "the client certificate carries no usable name")
	case principal != want:
		return NoName, "", invalid("mtls", "the name that Envoy gives is not the one in the certificate")
	}
	return kind, principal, nil
}

func parseLeaf(certificate string) (*x509.Certificate, *Failure) {
	text, err := url.PathUnescape(certificate)
	if err != nil {
		return nil, invalid("mtls", "the certificate that Envoy sent is not URL-encoded")
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, invalid("mtls", "the certificate that Envoy sent is not PEM")
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, invalid("mtls", "the client certificate cannot be parsed")
	}
	return leaf, nil
}
