package identity

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"extauthz/identity/sts"
)

// TestDomainNamesHaveNoCase checks that domain names are compared without regard to
// case, after the name that Envoy sent is found byte for byte in the certificate.
func TestDomainNamesHaveNoCase(t *testing.T) {
	auth := principals{
		entities: []sts.Entity{{ARN: aliceARN}, {ARN: role + "ci"}},
		bindings: []Binding{
			{Kind: DNS, Name: "alice.example.com", Principal: aliceARN},
			{Kind: DNS, Name: "{host}.ci.example.com", Principal: assumedRole + "ci/{host}"},
			{Kind: URI, Name: "spiffe://a/alice", Principal: aliceARN},
		},
	}.build(t)
	for _, c := range []struct {
		principal string
		names     certificateNames
		kind      NameKind // without a certificate
		want      want
	}{
		{"Alice.EXAMPLE.com", certificateNames{dns: []string{"Alice.EXAMPLE.com"}}, "", want{arn: aliceARN}},
		{"x", certificateNames{dns: []string{"x", "ALICE.example.com", "alice.example.com"}}, "", want{arn: aliceARN}},
		{"Build-1.CI.example.com", certificateNames{dns: []string{"Build-1.CI.example.com"}}, "", want{arn: assumedRole + "ci/build-1"}},
		{"alice.example.com", certificateNames{dns: []string{"Alice.example.com"}}, "", want{reason: "not the one in the certificate"}},
		{"x", certificateNames{dns: []string{"x", "aLice.example.com", "B1.ci.example.com"}}, "", want{reason: "names two principals"}},
		{"Alice.Example.com", certificateNames{}, DNS, want{arn: aliceARN}},
		{"SPIFFE://a/alice", certificateNames{uris: []string{"SPIFFE://a/alice"}}, "", want{reason: "no principal is bound"}},
	} {
		r, e := config(), Credentials{Principal: c.principal}
		if r.PrincipalKind = c.kind; c.kind == "" {
			e.Certificate = []byte(certificate(t, c.names))
		}
		caller, f := authenticate(t, auth, r, e)
		c.want.check(t, caller, f)
	}
	for text, want := range map[string]string{"": "", "AZ@[az`{": "az@[az`{", "\u212a\xc1\xff": "\u212a\xc1\xff", "K\xff": "k\xff"} {
		if got := lowerCase(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// TestSubjectCaptures checks that a capture of a subject stays within one attribute.
func TestSubjectCaptures(t *testing.T) {
	auth := principals{
		entities: []sts.Entity{{ARN: aliceARN}},
		bindings: []Binding{{Kind: Subject, Name: "CN={name},OU=people", Principal: "arn:aws:iam::123456789012:user/dev/{name}"}},
	}.build(t)
	for _, c := range []struct {
		subject string
		want    want
	}{
		{"CN=alice,OU=people", want{arn: aliceARN}},
		{"CN=x,OU=guests,CN=alice,OU=people", want{reason: "no principal is bound"}},
		{"CN=alice+UID=1,OU=people", want{reason: "no principal is bound"}},
		{"CN=a=b,OU=people", want{reason: "no principal is bound"}},
		{`CN=a\,b,OU=people`, want{reason: "no principal is bound"}},
	} {
		caller, f := authenticate(t, auth, config(), Credentials{Principal: c.subject, Certificate: []byte(certificate(t, certificateNames{subject: pkix.Name{CommonName: "x"}}))})
		c.want.check(t, caller, f)
	}
}

func TestManyAlternativeNames(t *testing.T) {
	auth := principals{entities: []sts.Entity{{ARN: aliceARN}}, bindings: []Binding{{Kind: URI, Name: "spiffe://0", Principal: aliceARN}}}.build(t)
	for _, c := range []struct {
		uris, dns int
		want      want
	}{
		{100, 0, want{arn: aliceARN}},
		{50, 50, want{arn: aliceARN}},
		{101, 0, want{reason: "more than 100 alternative names"}},
		{1, 100, want{reason: "more than 100 alternative names"}},
	} {
		var names certificateNames
		for n := range c.uris {
			names.uris = append(names.uris, fmt.Sprintf("spiffe://%d", n))
		}
		for n := range c.dns {
			names.dns = append(names.dns, fmt.Sprintf("%d.example.com", n))
		}
		caller, f := authenticate(t, auth, config(), Credentials{Principal: "spiffe://0", Certificate: []byte(certificate(t, names))})
		c.want.check(t, caller, f)
	}
}

// pemOf returns a certificate as a file contains it.
func pemOf(t *testing.T, names certificateNames) string {
	t.Helper()
	text, err := url.PathUnescape(certificate(t, names))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestParsePeer checks that peerNames accepts what ParsePeer returns.
func TestParsePeer(t *testing.T) {
	key := "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
	email := pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}, Value: "a@example.com"}
	for _, c := range []struct {
		name, text, principal, refused string
		kind                           NameKind
	}{
		{"URI before DNS", pemOf(t, certificateNames{uris: []string{"spiffe://a/b", "spiffe://a/c"}, dns: []string{"a.example.com"}}), "spiffe://a/b", "", URI},
		{"URI byte for byte", pemOf(t, certificateNames{uris: []string{"SPIFFE://a/%62"}}), "SPIFFE://a/%62", "", URI},
		{"DNS", pemOf(t, certificateNames{dns: []string{"a.example.com"}, subject: pkix.Name{CommonName: "x"}}), "a.example.com", "", DNS},
		{"subject", pemOf(t, certificateNames{subject: pkix.Name{CommonName: "subj, the", Organization: []string{"ci"}}}), `CN=subj\, the,O=ci`, "", Subject},
		{"after a key", key + pemOf(t, certificateNames{dns: []string{"a.example.com"}}), "a.example.com", "", DNS},
		{"the first of a chain", pemOf(t, certificateNames{dns: []string{"a.example.com"}}) + pemOf(t, certificateNames{dns: []string{"ca.example.com"}}), "a.example.com", "", DNS},
		{"subject with an email address", pemOf(t, certificateNames{subject: pkix.Name{CommonName: "x", ExtraNames: []pkix.AttributeTypeAndValue{email}}}), "", "spell its subject differently", ""},
		{"subject beyond ASCII", pemOf(t, certificateNames{subject: pkix.Name{CommonName: "é"}}), "", "spell its subject differently", ""},
		{"no certificate", key, "", "no certificate", ""},
		{"empty", "", "", "no certificate", ""},
		{"garbage in PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "", "cannot be parsed", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			principal, certificate, err := ParsePeer([]byte(c.text))
			if c.refused != "" {
				if err == nil || !strings.Contains(err.Error(), c.refused) || strings.Contains(err.Error(), "AAAA") {
					t.Errorf("principal %q, error %v, want one with %q", principal, err, c.refused)
				}
				return
			}
			if err != nil || principal != c.principal {
				t.Fatalf("principal %q, error %v, want %q", principal, err, c.principal)
			}
			names, f := peerNames(principal, certificate, "")
			if f != nil || names[0] != (name{c.kind, c.principal}) {
				t.Errorf("names %v, failure %v", names, f)
			}
		})
	}
}
