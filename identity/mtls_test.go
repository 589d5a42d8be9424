package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"

	"extauthz/identity/sts"
)

type certificateNames struct {
	uris, dns []string
	subject   pkix.Name
}

// certificate returns a leaf with the given names as Envoy sends it. The names are in
// the extension unchanged, well-formed or not.
func certificate(t testing.TB, names certificateNames) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: names.subject}
	if len(names.dns)+len(names.uris) > 0 {
		template.ExtraExtensions = []pkix.Extension{subjectAlternativeNames(t, names)}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return envoyEncoding(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
}

// envoyEncoding escapes the characters that Envoy escapes in a PEM text.
func envoyEncoding(text string) string {
	return strings.NewReplacer("\n", "%0A", " ", "%20", "+", "%2B", "/", "%2F", "=", "%3D").Replace(text)
}

func subjectAlternativeNames(t testing.TB, names certificateNames) pkix.Extension {
	t.Helper()
	const dnsTag, uriTag = 2, 6 // RFC 5280, section 4.2.1.6
	var all []asn1.RawValue
	for _, name := range names.dns {
		all = append(all, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: dnsTag, Bytes: []byte(name)})
	}
	for _, name := range names.uris {
		all = append(all, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: uriTag, Bytes: []byte(name)})
	}
	value, err := asn1.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: value}
}

func TestCertificateName(t *testing.T) {
	const spiffe = "spiffe://example.com/ns/ci/sa/builder"
	subject := pkix.Name{CommonName: "ci", Organization: []string{"example"}}
	for _, c := range []struct {
		name      string
		principal string // what Envoy says
		names     certificateNames
		kind      NameKind
		failure   string
	}{
		{name: "URI", principal: spiffe, names: certificateNames{uris: []string{spiffe}}, kind: URI},
		{name: "first of two URIs", principal: spiffe, names: certificateNames{uris: []string{spiffe, "spiffe://example.com/admin"}}, kind: URI},
		{name: "URI goes before DNS", principal: spiffe, names: certificateNames{dns: []string{"ci.example.com"}, uris: []string{spiffe}}, kind: URI},
		{name: "DNS", principal: "ci.example.com", names: certificateNames{dns: []string{"ci.example.com", "b.example.com"}, subject: subject}, kind: DNS},
		{name: "subject", principal: "CN=ci,O=example", names: certificateNames{subject: subject}, kind: Subject},
		{name: "a DNS name that looks like a SPIFFE ID stays a DNS name", principal: spiffe, names: certificateNames{dns: []string{spiffe}}, kind: DNS},
		{name: "a DNS name that looks like a subject stays a DNS name", principal: "CN=ci,O=example", names: certificateNames{dns: []string{"CN=ci,O=example"}}, kind: DNS},
		{name: "no principal", names: certificateNames{uris: []string{spiffe}}, failure: "no usable name"},
		{name: "empty URI", names: certificateNames{uris: []string{""}, dns: []string{"ci.example.com"}}, failure: "no usable name"},
		{name: "second URI", principal: "spiffe://example.com/admin", names: certificateNames{uris: []string{spiffe, "spiffe://example.com/admin"}}, failure: "not the one in the certificate"},
		{name: "NUL in a URI", principal: spiffe, names: certificateNames{uris: []string{spiffe + "\x00.evil"}}, failure: "cannot be parsed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			names, f := peerNames(c.principal, certificate(t, c.names), "")
			switch {
			case c.failure == "" && (f != nil || names[0] != name{c.kind, c.principal}):
				t.Errorf("got %v, failure %v; want %s", names, f, c.kind)
			case c.failure != "" && (f == nil || names != nil || !strings.Contains(f.Reason, c.failure)):
				t.Errorf("got %v, failure %v; want %q", names, f, c.failure)
			}
		})
	}
}

func TestCertificateNameRefusesOtherText(t *testing.T) {
	for _, c := range []struct{ name, certificate, failure string }{
		{"none", "", "include_peer_certificate"},
		{"bad escape", "%zz", "not URL-encoded"},
		{"not PEM", "hello", "not PEM"},
		{"a key", envoyEncoding("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), "not PEM"},
		{"not a certificate", envoyEncoding("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "cannot be parsed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if names, f := peerNames("CN=ci", c.certificate, ""); f == nil || names != nil || !strings.Contains(f.Reason, c.failure) {
				t.Errorf("names %v, failure %v, want %q", names, f, c.failure)
			}
		})
	}
}

// TestEveryNameOfACertificate checks that every URI and DNS name of a certificate
// counts, the first as Envoy sends it.
func TestEveryNameOfACertificate(t *testing.T) {
	const bobARN = "arn:aws:iam::123456789012:user/dev/bob"
	subject := pkix.Name{CommonName: "ci", Organization: []string{"example"}}
	auth := principals{
		entities: []sts.Entity{{ARN: aliceARN}, {ARN: bobARN}, {ARN: role + "k8s-prod"}, {ARN: role + "k8s-test"}},
		bindings: []Binding{
			{Kind: URI, Name: "spiffe://a/alice", Principal: aliceARN},
			{Kind: URI, Name: "spiffe://b/alice", Principal: aliceARN},
			{Kind: URI, Name: "spiffe://a/bob", Principal: bobARN},
			{Kind: DNS, Name: "alice.example.com", Principal: aliceARN},
			{Kind: DNS, Name: "bob.example.com", Principal: bobARN},
			{Kind: DNS, Name: "spiffe://dns/alice", Principal: aliceARN},
			{Kind: Subject, Name: "CN=ci,O=example", Principal: bobARN},
			{Kind: Subject, Name: aliceARN, Principal: aliceARN},
			{Kind: URI, Name: "spiffe://cluster.local/ns/{namespace}/sa/{name}", Principal: assumedRole + "k8s-{namespace}/{name}", Tags: map[string]string{"sa": "{name}"}, SourceIdentity: "{name}"},
			{Kind: URI, Name: "spiffe://cluster.local/ns/test/sa/root", Principal: bobARN},
		},
	}.build(t)
	for _, c := range []struct {
		name      string
		principal string // what Envoy says; "" is the first name
		names     certificateNames
		want      want
	}{
		{"second URI", "", certificateNames{uris: []string{"spiffe://mesh/any", "spiffe://a/alice"}}, want{arn: aliceARN}},
		{"second DNS", "", certificateNames{dns: []string{"any.example.com", "bob.example.com"}}, want{arn: bobARN}},
		{"DNS behind a URI", "spiffe://mesh/any", certificateNames{dns: []string{"bob.example.com"}, uris: []string{"spiffe://mesh/any"}}, want{arn: bobARN}},
		{"two names of one principal", "", certificateNames{uris: []string{"spiffe://a/alice", "spiffe://b/alice"}}, want{arn: aliceARN}},
		{"one name twice", "", certificateNames{uris: []string{"spiffe://a/alice", "spiffe://a/alice"}}, want{arn: aliceARN}},
		{"two principals", "", certificateNames{uris: []string{"spiffe://a/alice", "spiffe://a/bob"}}, want{reason: "names two principals"}},
		{"two principals, of two kinds", "spiffe://a/alice", certificateNames{uris: []string{"spiffe://a/alice"}, dns: []string{"bob.example.com"}}, want{reason: "names two principals"}},
		{"none of several", "", certificateNames{uris: []string{"spiffe://x", "spiffe://y"}}, want{reason: "nor to any of the certificate's 1 other names"}},
		{"Envoy's name is the second", "spiffe://a/alice", certificateNames{uris: []string{"spiffe://x", "spiffe://a/alice"}}, want{reason: "not the one in the certificate"}},
		{"a DNS name that looks like a SPIFFE ID is not a URI", "", certificateNames{dns: []string{"spiffe://a/alice"}}, want{reason: `no principal is bound to dns "spiffe://a/alice"`}},
		{"a DNS name that looks like a SPIFFE ID, behind another", "", certificateNames{dns: []string{"x", "spiffe://a/alice"}}, want{reason: "no principal is bound"}},
		{"a DNS name spelt so, and bound so", "", certificateNames{dns: []string{"spiffe://dns/alice"}}, want{arn: aliceARN}},
		{"a URI that looks like a bound DNS name", "", certificateNames{uris: []string{"spiffe://dns/alice"}}, want{reason: "no principal is bound to uri"}},
		{"subject", "CN=ci,O=example", certificateNames{subject: subject}, want{arn: bobARN}},
		{"the subject of a certificate with a DNS name does not count", "any.example.com", certificateNames{subject: subject, dns: []string{"any.example.com"}}, want{reason: "no principal is bound to dns"}},
		{"a DNS name that looks like a subject", "CN=ci,O=example", certificateNames{dns: []string{"CN=ci,O=example"}}, want{reason: "no principal is bound to dns"}},
		{"a subject that looks like an ARN is that subject, when bound", aliceARN, certificateNames{subject: pkix.Name{CommonName: "x"}}, want{arn: aliceARN}},
		{"a URI that looks like an ARN is not a principal", "", certificateNames{uris: []string{aliceARN}}, want{reason: "no principal is bound to uri"}},
		{"the scheme in capitals is another name", "", certificateNames{uris: []string{"spiffe://x", "SPIFFE://a/alice"}}, want{reason: "no principal is bound"}},
		{"an encoded letter is another name", "", certificateNames{uris: []string{"spiffe://x", "spiffe://a/%61lice"}}, want{reason: "no principal is bound"}},
		{"captures", "", certificateNames{uris: []string{"spiffe://cluster.local/ns/prod/sa/builder"}}, want{arn: assumedRole + "k8s-prod/builder"}},
		{"captures of a second URI", "", certificateNames{uris: []string{"spiffe://x", "spiffe://cluster.local/ns/prod/sa/builder"}}, want{arn: assumedRole + "k8s-prod/builder"}},
		{"captures of two", "", certificateNames{uris: []string{"spiffe://cluster.local/ns/prod/sa/a1", "spiffe://cluster.local/ns/prod/sa/b1"}}, want{reason: "names two principals"}},
		{"an exception from a pattern", "", certificateNames{uris: []string{"spiffe://cluster.local/ns/test/sa/root"}}, want{arn: bobARN}},
		{"a role that does not exist", "", certificateNames{uris: []string{"spiffe://cluster.local/ns/none/sa/builder"}}, want{reason: `role "k8s-none" of account 123456789012 is not among the principals`}},
		{"a role in other letters", "", certificateNames{uris: []string{"spiffe://cluster.local/ns/PROD/sa/builder"}}, want{reason: "is not among the principals"}},
		{"a session's name of 64", "", certificateNames{uris: []string{"spiffe://cluster.local/ns/prod/sa/" + strings.Repeat("s", 64)}}, want{arn: assumedRole + "k8s-prod/" + strings.Repeat("s", 64)}},
		{"a session's name of 65", "", certificateNames{uris: []string{"spiffe://cluster.local/ns/prod/sa/" + strings.Repeat("s", 65)}}, want{reason: "has 65 characters, and IAM allows 64"}},
		{"a session's name of 1", "", certificateNames{uris: []string{"spiffe://cluster.local/ns/prod/sa/s"}}, want{reason: "fewer than 2 characters, the minimum that IAM allows; use a longer one"}},
		{"a role's name of 65", "", certificateNames{uris: []string{"spiffe://cluster.local/ns/" + strings.Repeat("n", 61) + "/sa/builder"}}, want{reason: "has 65 characters, and IAM allows 64"}},
		{"a slash more", "", certificateNames{uris: []string{"spiffe://cluster.local/ns/prod/sa/builder/x"}}, want{reason: "no principal is bound"}},
		{"dots", "", certificateNames{uris: []string{"spiffe://cluster.local/ns/../sa/builder"}}, want{reason: "is not among the principals"}},
		{"a star", "", certificateNames{uris: []string{"spiffe://cluster.local/ns/*/sa/builder"}}, want{reason: "no principal is bound"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			principal := c.principal
			if principal == "" {
				principal = append(append([]string{}, c.names.uris...), c.names.dns...)[0]
			}
			caller, f := authenticate(t, auth, config(), Credentials{Principal: principal, Certificate: []byte(certificate(t, c.names))})
			c.want.check(t, caller, f)
			if caller != nil && caller.Source != "mtls" {
				t.Errorf("source %q", caller.Source)
			}
		})
	}
}

// TestPrincipalKind checks that a name without a certificate is of the configured kind.
func TestPrincipalKind(t *testing.T) {
	auth := principals{
		entities: []sts.Entity{{ARN: aliceARN}},
		bindings: []Binding{{Kind: URI, Name: "spiffe://a/alice", Principal: aliceARN}, {Kind: Subject, Name: "CN=alice", Principal: aliceARN}},
	}.build(t)
	dns := certificate(t, certificateNames{dns: []string{"spiffe://a/alice"}})
	for _, c := range []struct {
		name                   string
		kind                   NameKind
		principal, certificate string
		want                   want
	}{
		{"no kind", "", "spiffe://a/alice", "", want{reason: "include_peer_certificate: true"}},
		{"the kind", URI, "spiffe://a/alice", "", want{arn: aliceARN}},
		{"another kind", DNS, "spiffe://a/alice", "", want{reason: `no principal is bound to dns "spiffe://a/alice"`}},
		{"subject", Subject, "CN=alice", "", want{arn: aliceARN}},
		{"a kind of no certificate", BasicUser, "alice", "", want{reason: "include_peer_certificate: true"}},
		{"a token's kind", TokenClaims, "alice", "", want{reason: "include_peer_certificate: true"}},
		{"the kind in the certificate takes precedence", URI, "spiffe://a/alice", dns, want{reason: `no principal is bound to dns "spiffe://a/alice"`}},
		{"no name", URI, "", dns, want{reason: "no usable name"}},
		{"nothing", URI, "", "", want{kind: Anonymous, reason: "no credential"}},
		{"NUL", URI, "spiffe://a/alice\x00", "", want{reason: "no principal is bound"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := config()
			r.PrincipalKind = c.kind
			caller, f := authenticate(t, auth, r, Credentials{Principal: c.principal, Certificate: []byte(c.certificate)})
			c.want.check(t, caller, f)
		})
	}
}
