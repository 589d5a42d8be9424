package identity

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"net/url"
	"strings"
	"testing"
	"time"

	"extauthz/identity/basic"
	"extauthz/identity/sts"
)

// pemOf is a certificate as a file holds it.
func pemOf(t *testing.T, names certificateNames) string {
	t.Helper()
	text, err := url.PathUnescape(certificate(t, names))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestPeer holds that what Peer makes of a certificate is what peerNames takes.
func TestPeer(t *testing.T) {
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
		{"behind a key", key + pemOf(t, certificateNames{dns: []string{"a.example.com"}}), "a.example.com", "", DNS},
		{"the first of a chain", pemOf(t, certificateNames{dns: []string{"a.example.com"}}) + pemOf(t, certificateNames{dns: []string{"ca.example.com"}}), "a.example.com", "", DNS},
		{"subject with an email address", pemOf(t, certificateNames{subject: pkix.Name{CommonName: "x", ExtraNames: []pkix.AttributeTypeAndValue{email}}}), "", "in its own way", NoName},
		{"subject beyond ASCII", pemOf(t, certificateNames{subject: pkix.Name{CommonName: "é"}}), "", "in its own way", NoName},
		{"no certificate", key, "", "no certificate", NoName},
		{"nothing", "", "", "no certificate", NoName},
		{"garbage in PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "", "cannot be parsed", NoName},
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
			names, f := newCertificates().peerNames(principal, certificate, NoName)
			if f != nil || names[0] != (name{c.kind, c.principal}) {
				t.Errorf("names %v, failure %v", names, f)
			}
		})
	}
}

func TestUser(t *testing.T) {
	users, err := basic.ParseFile("htpasswd", []byte(aliceLine+"\n"+bobLine+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	entities := sts.NewEntities(nil)
	const arn = "arn:aws:iam::123456789012:role/team"
	if err := entities.Add(sts.Entity{ARN: arn}); err != nil {
		t.Fatal(err)
	}
	table := NewAuthenticator(users, basic.NewVerifier(), entities)
	if err := table.Bind(Binding{Kind: BasicUser, Name: "alice", Principal: "arn:aws:sts::123456789012:assumed-role/team/alice"}); err != nil {
		t.Fatal(err)
	}
	caller, f := table.CallerOfUser("alice", time.Unix(1e9, 0))
	if f != nil || caller.Principal.RoleARN != arn || caller.Source != "basic" {
		t.Errorf("caller %+v, failure %v", caller, f)
	}
	if issued, _ := caller.Context.Lookup("aws:TokenIssueTime"); issued.Value != "2001-09-09T01:46:40Z" {
		t.Errorf("the session begins at %q", issued.Value)
	}
	for user, want := range map[string]string{"carol": "no line in htpasswd", "bob": "no principal is bound", "": "no line in htpasswd"} {
		if caller, f := table.CallerOfUser(user, time.Now()); caller != nil || f == nil || !strings.Contains(f.Reason, want) {
			t.Errorf("%q: caller %v, failure %v, want %q", user, caller, f, want)
		}
	}
}
