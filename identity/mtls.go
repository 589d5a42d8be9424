package identity

import "fmt"

// byCertificate finds the caller by the client certificate that Envoy verified.
func (a *attempt) byCertificate() (*Caller, *Failure) {
	if a.evidence.Principal == "" && a.evidence.Certificate == "" {
		return nil, nil
	}
	names, f := a.table.certificates.peerNames(a.evidence.Principal, a.evidence.Certificate, a.rules.PrincipalKind)
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
func (t *Authenticator) oneOf(names []name) (found *Caller, f *Failure) {
	for _, n := range names {
		caller, err := t.callerOf(n)
		switch {
		case err != nil:
			return nil, noPrincipal(MTLS, err)
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
func (c certificates) peerNames(principal, certificate string, without NameKind) ([]name, *Failure) {
	switch {
	case certificate == "" && !without.isCertificates():
		return nil, invalid(MTLS, "Envoy sent no certificate to read the kind of name from; set include_peer_certificate: true on ext_authz, or principalKind for the registry")
	case principal == "":
		return nil, invalid(MTLS, "the client certificate carries no usable name")
	case certificate == "":
		return []name{{without, principal}}, nil
	}
	names, f := c.alternativeNames(certificate)
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
