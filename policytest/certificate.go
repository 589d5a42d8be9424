package policytest

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/url"
	"time"

	"extauthz/identity"
)

// certificate makes a client certificate of one name, URL-encoded PEM as Envoy
// sends it. Nobody has its key: it goes where a certificate goes that Envoy has
// verified.
func certificate(kind identity.NameKind, name string) (string, error) {
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<32, 0)}
	if kind != identity.Subject { // Envoy's spelling of a subject stands for itself
		names, err := alternativeName(kind, name)
		if err != nil {
			return "", err
		}
		template.ExtraExtensions = []pkix.Extension{names}
	}
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return "", fmt.Errorf("%s %q cannot stand in a certificate: %w", kind, name, err)
	}
	return url.PathEscape(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))), nil
}

// alternativeName is the extension of a certificate with a URI or DNS name, byte
// for byte (RFC 5280, section 4.2.1.6).
func alternativeName(kind identity.NameKind, name string) (pkix.Extension, error) {
	tag := 6 // uniformResourceIdentifier
	if kind == identity.DNS {
		tag = 2
	}
	value, err := asn1.Marshal([]asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: tag, Bytes: []byte(name)}})
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: value}, err
}
