package identity

import (
	"extauthz/diag"
	"fmt"
)

// MTLS authenticates by a client certificate that Envoy verified.
const MTLS Source = "mtls"

// The kinds of names in client certificates.
const (
	URI     NameKind = "uri"     // a URI subject alternative name
	DNS     NameKind = "dns"     // a DNS subject alternative name
	Subject NameKind = "subject" // the subject in RFC 2253 form, of a certificate that has neither
)

func mtlsSource() source {
	bound := func(auth *Authenticator) bool { return auth.binds(URI, DNS, Subject) }
	kind := func(name NameKind) nameKind {
		return nameKind{name: name, source: MTLS, bind: (*Authenticator).bindName, compile: compilePattern, offline: attempt.offlineCertificate}
	}
	uri, dns, subject := kind(URI), kind(DNS), kind(Subject)
	dns.compile, subject.compile = compileDomain, compileSubject
	return source{
		name: MTLS, kinds: []nameKind{uri, dns, subject}, authenticate: attempt.byCertificate,
		isDefault: bound, isUsable: bound, missing: "no credential with uri, dns or subject",
		notVerified: "the certificate is taken as one that Envoy verified",
	}
}

// IsCertificateName reports whether names of the kind are in client certificates.
func (k NameKind) IsCertificateName() bool { return k == URI || k == DNS || k == Subject }

// ParsePrincipalKind returns the kind of the name that Envoy sends without a
// certificate; "" has none.
func ParsePrincipalKind(text string) (NameKind, error) {
	if kind := NameKind(text); text == "" || kind.IsCertificateName() {
		return kind, nil
	}
	return "", diag.Problemf("principalKind %q is not a kind of name in certificates", text).WithRemedy("write uri, dns or subject")
}

// byCertificate finds the caller by the client certificate that Envoy verified.
func (a attempt) byCertificate() (*Caller, *Failure) {
	principal, certificate := a.credentials.Principal, a.credentials.Certificate
	if principal == "" && len(certificate) == 0 {
		return nil, nil
	}
	return a.cached(MTLS, principal, certificate, func() (authentication, *Failure) {
		names, f := peerNames(principal, string(certificate), a.config.PrincipalKind)
		switch {
		case f != nil:
			return authentication{}, f
		case len(names) == 1:
			return a.named(MTLS, names[0])
		}
		return a.namedByAll(names)
	})
}

// namedByAll returns the one caller that the names of a certificate are bound to.
func (a attempt) namedByAll(names []name) (authentication, *Failure) {
	var found *Caller
	for _, n := range names {
		caller, err := a.auth.callerOf(n)
		switch {
		case err != nil:
			return authentication{}, noPrincipal(MTLS, err)
		case caller == nil:
		case found != nil && !found.equal(caller):
			return authentication{}, invalid(MTLS, fmt.Sprintf("the certificate names two principals, %q and %q", found.Principal.ARN, caller.Principal.ARN))
		default:
			found = caller
		}
	}
	if found == nil {
		return authentication{}, invalid(MTLS, fmt.Sprintf("no principal is bound to %s %q, nor to any of the certificate's %d other names", names[0].kind, names[0].text, len(names)-1))
	}
	return authentication{found, inEveryRequest}, nil
}

// peerNames returns the names of the peer. principal is AttributeContext.Peer.principal,
// which Envoy sets to the first URI SAN, else the first DNS SAN, else the subject;
// certificate is the leaf as URL-encoded PEM. The principal does not show its kind, so
// that without the certificate only the registry's PrincipalKind counts. If the two
// disagree, the peer has no name. The subject counts only for a certificate that has
// neither a URI nor a DNS name.
func peerNames(principal, certificate string, principalKind NameKind) ([]name, *Failure) {
	switch {
	case certificate == "" && !principalKind.IsCertificateName():
		return nil, invalid(MTLS, "Envoy sent no certificate to read the kind of name from; set include_peer_certificate: true on ext_authz, or principalKind for the registry")
	case principal == "":
		return nil, invalid(MTLS, "the client certificate has no usable name")
	case certificate == "":
		return []name{{principalKind, principal}}, nil
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
		return []name{{Subject, principal}}, nil // in Envoy's spelling
	case principal != names[0].text:
		return nil, invalid(MTLS, "the name that Envoy sent is not the one in the certificate")
	}
	return names, nil
}
