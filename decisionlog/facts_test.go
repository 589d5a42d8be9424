package decisionlog

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"extauthz/authz"
	"extauthz/identity/sts"
	"extauthz/mapping"
)

// TestContext checks the condition keys and the omissions of a line.
func TestContext(t *testing.T) {
	header := func(name, value string) mapping.Header { return mapping.Header{Name: name, Value: value} }
	bob := basic("bob", "bob-secret")
	for _, c := range []struct {
		name    string
		headers []mapping.Header
		sni     string
		want    map[string]string
		omitted []string
	}{
		{"plain text", nil, "", map[string]string{"aws:SecureTransport": "false"}, nil},
		{"TLS", nil, "localhost", map[string]string{"aws:SecureTransport": "true"}, nil},
		{"headers", []mapping.Header{header("user-agent", "crane/1"), header("referer", "https://example.com/a")}, "",
			map[string]string{"aws:SecureTransport": "false", "aws:UserAgent": "crane/1"}, []string{"aws:referer"}},
		{"empty headers", []mapping.Header{header("user-agent", ""), header("referer", "")}, "",
			map[string]string{"aws:SecureTransport": "false", "aws:UserAgent": "", "aws:referer": ""}, nil},
		{"long headers", []mapping.Header{header("user-agent", strings.Repeat("x", 513)), header("referer", strings.Repeat("x", 513))}, "",
			map[string]string{"aws:SecureTransport": "false"}, []string{"aws:UserAgent", "aws:referer"}},
		{"the longest header", []mapping.Header{header("user-agent", strings.Repeat("x", 512))}, "",
			map[string]string{"aws:SecureTransport": "false", "aws:UserAgent": strings.Repeat("x", 512)}, nil},
		{"bytes that are not UTF-8", []mapping.Header{header("user-agent", "\xff")}, "", map[string]string{"aws:SecureTransport": "false"}, []string{"aws:UserAgent"}},
		{"a referer with a password", []mapping.Header{header("referer", "https://a:b@example.com/")}, "", map[string]string{"aws:SecureTransport": "false"}, []string{"aws:referer"}},
		{"a referer with a query", []mapping.Header{header("referer", "https://example.com/?token=b")}, "", map[string]string{"aws:SecureTransport": "false"}, []string{"aws:referer"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := request("GET", "/v2/team/app/manifests/v1", append(c.headers, bob)...)
			r.SNI = c.sni
			all, _ := readAll(t, string(logged(t, checker(t), r)))
			if len(all) != 1 || !maps.Equal(all[0].Context, c.want) || !slices.Equal(all[0].Omitted, c.omitted) {
				t.Errorf("context %v, omitted %v; want %v, %v", all[0].Context, all[0].Omitted, c.want, c.omitted)
			}
		})
	}
}

// TestLongFacts checks that text which is too long is left out and named.
func TestLongFacts(t *testing.T) {
	r := checker(t).Check(t.Context(), request("PUT", "/v2/team/app/manifests/v1", basic("alice", "alice-secret")))
	caller := *r.Facts.Caller
	caller.Spec = &sts.CallerSpec{Tags: slices.Repeat([]sts.Tag{{Key: "key", Value: strings.Repeat("v", 256)}}, 16)}
	r.Facts.Caller, r.Facts.Tags = &caller, slices.Repeat([]string{strings.Repeat("t", 128)}, 17)
	r.Repository, r.Reference = strings.Repeat("r", 513), strings.Repeat("s", 513)
	r.Facts.Request = authz.RequestFacts{UserAgent: authz.HeaderText{Text: "\xff", Present: true}, Referer: authz.HeaderText{Text: "?", Present: true}}
	all, _ := readAll(t, string(appendLine(nil, r, 0)))
	if len(all) != 1 {
		t.Fatal("the line is not a decision")
	}
	want := []string{"repository", "reference", "tags", "aws:UserAgent", "aws:referer", "aws:PrincipalTag"}
	if e := all[0]; !slices.Equal(e.Omitted, want) || len(e.Tags) > 0 || len(e.Context) != 1 {
		t.Errorf("omitted %v, tags %v, context %v", e.Omitted, e.Tags, e.Context)
	}
}
