package identity

import (
	"strings"
	"testing"
)

func TestHeader(t *testing.T) {
	auth := everySource(t)
	const bobARN = "arn:aws:iam::123456789012:user/dev/bob"
	for _, c := range []struct {
		name   string
		values []string
		want   want
	}{
		{"named", []string{"bob@example.com"}, want{arn: bobARN}},
		{"absent", nil, want{kind: Anonymous, reason: "no credential"}},
		{"empty", []string{""}, want{reason: "is empty"}},
		{"repeated", []string{"bob@example.com", "bob@example.com"}, want{reason: "is repeated"}},
		{"empty, and repeated", []string{"", "bob@example.com"}, want{reason: "is repeated"}},
		{"comma", []string{"alice@example.com,bob@example.com"}, want{reason: "contains a comma"}},
		{"comma at the end", []string{"bob@example.com,"}, want{reason: "contains a comma"}},
		{"NUL", []string{"bob@example.com\x00"}, want{reason: "control character"}},
		{"line feed", []string{"bob@example.com\nx"}, want{reason: "control character"}},
		{"tab", []string{"bob\t@example.com"}, want{reason: "control character"}},
		{"DEL", []string{"bob\x7f@example.com"}, want{reason: "control character"}},
		{"not ASCII", []string{"böb@example.com"}, want{reason: "not ASCII"}},
		{"not UTF-8", []string{"b\xffb@example.com"}, want{reason: "not ASCII"}},
		{"long", []string{strings.Repeat("b", maxHeaderValue) + "@example.com"}, want{reason: "longer than"}},
		{"blank", []string{" bob@example.com"}, want{reason: "no principal is bound"}},
		{"another domain", []string{"bob@example.org"}, want{reason: "no principal is bound to header"}},
		{"a domain in the name", []string{"bob@evil.com@example.com"}, want{reason: "not among the principals"}},
		{"a slash", []string{"../bob@example.com"}, want{reason: "no principal is bound"}},
		{"an ARN", []string{bobARN}, want{reason: "no principal is bound"}},
		{"a user who does not exist", []string{"carol@example.com"}, want{reason: "not among the principals"}},
		{"a user name of 65", []string{strings.Repeat("b", 65) + "@example.com"}, want{reason: "65 characters"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := config()
			r.Sources, r.Header = []Source{TrustedHeader}, "x-user"
			caller, f := authenticate(t, auth, r, Credentials{HeaderValues: c.values, TrustedHeader: "x-user"})
			c.want.check(t, caller, f)
			if caller != nil && caller.Source != "header" {
				t.Errorf("source %q", caller.Source)
			}
			r.Header = "" // a header that the operator does not name
			_, f = authenticate(t, auth, r, Credentials{HeaderValues: c.values, TrustedHeader: "x-user"})
			want{kind: Anonymous, reason: "no credential"}.check(t, nil, f)
			r.Header, r.Sources = "x-user", nil // a source that the operator does not name
			_, f = authenticate(t, auth, r, Credentials{HeaderValues: c.values, TrustedHeader: "x-user"})
			want{kind: Anonymous, reason: "no credential"}.check(t, nil, f)
		})
	}
}

// TestUntrustedHeader checks that a header counts only if Envoy's own configuration
// names the header of the registry's configuration: otherwise the client may have set
// it.
func TestUntrustedHeader(t *testing.T) {
	auth := everySource(t)
	r := config()
	r.Sources, r.Header = []Source{TrustedHeader, BasicAuth}, "x-user"
	for _, trusted := range []string{"", "x-email", "X-User", "x-user-id"} {
		t.Run(trusted, func(t *testing.T) {
			caller, f := authenticate(t, auth, r, Credentials{HeaderValues: []string{"bob@example.com"}, TrustedHeader: trusted})
			want{reason: "write header: x-user in the context_extensions"}.check(t, caller, f)
			caller, f = authenticate(t, auth, r, Credentials{HeaderValues: []string{"bob@example.com"}, TrustedHeader: trusted, Authorization: basicHeader("alice", "alice-secret")})
			want{reason: "write header: x-user in the context_extensions"}.check(t, caller, f)
			caller, f = authenticate(t, auth, r, Credentials{TrustedHeader: trusted})
			want{kind: Anonymous, reason: "no credential"}.check(t, caller, f)
		})
	}
}
