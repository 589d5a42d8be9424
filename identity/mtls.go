package identity

import (
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"net/url"
)

// byCertificate finds the caller by the client certificate that Envoy verified.
func (a *attempt) byCertificate() (*Caller, *Failure) {
	if a.evidence.Principal == "" && a.evidence.Certificate == "" {
		return nil, nil
	}
	names, f := peerNames(a.evidence.Principal, a.evidence.Certificate, a.rules.PrincipalKind)
	if f != nil {
		return nil, f
	}
	if len(names) == 1 {
		return a.table.named(names[0], a.evidence.Time)
	}
	caller, f := a.table.oneOf(names)
	if f != nil {
		return nil, f
	}
	return caller.issuedAt(a.evidence.Time), nil
}

// oneOf finds the caller that several names of one certificate are bound to.
func (t *Table) oneOf(names []name) (found *Caller, f *Failure) {
	for _, n := range names {
		caller, err := t.callerOf(n)
		switch {
		case err != nil:
			return nil, invalid(MTLS, err.Error())
		case caller == nil:
		case found != nil && !found.same(caller):
			return nil, invalid(MTLS, fmt.Sprintf("the certificate names two principals, %q and %q", found.Principal.ARN, caller.Principal.ARN))
		default:
			found = caller
		}
	}
	if found == nil {
		return nil, invalid(MTLS, fmt.Sprintf("no principal is bound to %s %q, nor to any of the certificate's %d other names", names[0].kind, names[0].text, len(names)-1))
	}
	return found, nil
}

// peerNames lists the names that the peer has by what Envoy says of it:
// principal is AttributeContext.Peer.principal, which Envoy fills with the first
// URI SAN, else the first DNS SAN, else the subject, and certificate the leaf
// as URL-encoded PEM. The text alone does not tell the kinds apart, so without
// the certificate only the kind that the registry's rules give counts, and where
// the two disagree there is no name. The subject is a name only of a certificate
// that has neither URI nor DNS name.
func peerNames(principal, certificate string, without NameKind) ([]name, *Failure) {
	switch {
	case certificate == "" && !without.isCertificates():
		return nil, invalid(MTLS, "Envoy sent no certificate to read the kind of name from; set include_peer_certificate: true on ext_authz, or principalKind for the registry")
	case principal == "":
		return nil, invalid(MTLS, "the client certificate carries no usable name")
	case certificate == "":
		return []name{{without, principal}}, nil
	}
	leaf, f := parseLeaf(certificate)
	if f != nil {
		return nil, f
	}
	names, f := alternativeNames(leaf)
	switch {
	case f != nil:
		return nil, f
	case len(names) == 0:
		return []name{{Subject, principal}}, nil // Envoy's spelling of the subject stands for itself
	case principal != names[0].text:
		return nil, invalid(MTLS, "the name that Envoy gives is not the one in the certificate")
	}
	return names, nil
}

// alternativeNames lists the URI and then the DNS subject alternative names,
// byte for byte as they are in the certificate: a parsed URI would have its
// scheme in lower case.
func alternativeNames(leaf *x509.Certificate) ([]name, *Failure) {
	const dnsName, uniformResourceIdentifier = 2, 6 // tags of RFC 5280, section 4.2.1.6
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
		for _, v := range values {
			switch {
			case v.Class != asn1.ClassContextSpecific:
			case v.Tag == uniformResourceIdentifier:
				uris = append(uris, name{URI, string(v.Bytes)})
			case v.Tag == dnsName:
				domains = append(domains, name{DNS, string(v.Bytes)})
			}
		}
	}
	return append(uris, domains...), nil
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
