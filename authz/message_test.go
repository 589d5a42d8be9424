package authz

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"extauthz/denialmessage"
	"extauthz/mapping"
)

// withMessages makes a checker write messages, and returns a function that reads them.
func withMessages(t testing.TB, c *Checker) (decode func(text string) *denialmessage.Message) {
	t.Helper()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	c.Messages = denialmessage.NewEncoder(denialmessage.Recipients{key.Recipient()})
	return func(text string) *denialmessage.Message {
		t.Helper()
		m, err := denialmessage.Decode(text, denialmessage.Keys{key})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
}

// TestDenialHasMessage checks the message of a denial by an explicit Deny.
func TestDenialHasMessage(t *testing.T) {
	checker := newDenials(t)
	decode := withMessages(t, checker)
	r := checker.Check(context.Background(), at("full", "reader", "GET", "/v2/secret/app/manifests/v1"))
	m := decode(header(r, MessageHeader))
	const policy = "accounts/123456789012/eu-central-1/repositories/secret/app/_policy.json"
	if s := m.MatchedStatements.Items; len(s) != 2 || s[1].Effect != "ALLOW" || s[1].Policy != "managed/read.json" || s[1].Line != 2 ||
		s[0] != (denialmessage.Statement{Effect: "DENY", PolicyType: "resource-based policy", Policy: policy, Line: 1}) {
		t.Errorf("statements %+v", s)
	}
	if !m.ExplicitDeny || m.Allowed || m.Reason != r.Reason || m.DecisionID != r.ID || !m.Time.Equal(r.Time) || m.PolicyDigest != r.Digest || m.Registry != "full" ||
		m.Context.Action != "ecr:BatchGetImage" || m.Context.Resource != central+"secret/app" || m.Context.Principal.Name != "reader" ||
		m.Context.Principal.ARN != "arn:aws:iam::123456789012:user/reader" || len(m.Failures.Items) > 0 || len(m.Truncated) > 0 || m.DryRun {
		t.Errorf("message %+v", m)
	}
	got := map[string]string{}
	for _, c := range m.Context.Conditions.Items {
		if len(c.Values.Items) == 1 {
			got[c.Key] = c.Values.Items[0].Value
		}
	}
	for key, want := range map[string]string{"aws:SourceIp": "192.0.2.1", "aws:PrincipalArn": "arn:aws:iam::123456789012:user/reader", "oci:Reference": "v1", "aws:SecureTransport": "false"} {
		if got[key] != want {
			t.Errorf("%s = %q, want %q", key, got[key], want)
		}
	}
}

// TestWhichAnswersHaveMessages checks which answers have a message: denials by policies of a caller
// with a credential, except those that are hidden. The message does not depend on the detail that
// the registry shows.
func TestWhichAnswersHaveMessages(t *testing.T) {
	checker := newDenials(t)
	decode := withMessages(t, checker)
	for _, c := range []struct {
		name    string
		request *CheckRequest
		message string // the error's message before it; "" for none
	}{
		{"full", at("full", "reader", "PUT", "/v2/team/app/manifests/v1"), sentence("reader", "ecr:PutImage", central+"team/app", " because no identity-based policy allows the ecr:PutImage action")},
		{"action", at("action", "reader", "PUT", "/v2/team/app/manifests/v1"), "not authorized to perform: ecr:PutImage"},
		{"none", at("none", "reader", "PUT", "/v2/team/app/manifests/v1"), "requested access to the resource is denied"},
		{"HEAD", at("none", "reader", "HEAD", "/v2/secret/app/manifests/v1"), "requested access to the resource is denied"},
		{"may not log in", at("action", "locked", "GET", "/v2/"), "authentication required: not authorized to perform: ecr:GetAuthorizationToken"},
		{"hidden, may read", at("hidden", "reader", "PUT", "/v2/team/app/manifests/v1"), sentence("reader", "ecr:PutImage", central+"team/app", " because no identity-based policy allows the ecr:PutImage action")},
		{"dry run", at("action", "reader", "PUT", "/dry-run/v2/team/app/manifests/v1"), "not authorized to perform: ecr:PutImage"},

		{"hidden", at("hidden", "writer", "GET", "/v2/other/manifests/v1"), ""},
		{"anonymous", at("veiled", "", "GET", "/v2/team/new/manifests/v1"), ""},
		{"no credential", at("full", "", "GET", "/v2/team/app/manifests/v1"), ""},
		{"refused", at("full", "reader", "GET", "/v2/team/../app/manifests/v1"), ""},
		{"dry run, allowed", at("full", "reader", "GET", "/dry-run/v2/team/app/manifests/v1"), ""},
	} {
		r := checker.Check(context.Background(), c.request)
		text := header(r, MessageHeader)
		sendable(t, &r.Answer)
		if c.message == "" {
			if text != "" || strings.Contains(string(r.Answer.Body), "Encoded") {
				t.Errorf("%s: there is a message: %s", c.name, r.Answer.Body)
			}
			continue
		}
		want := `"message":"` + c.message + ". Encoded authorization failure message: " + text + `"`
		if !strings.Contains(string(r.Answer.Body), want) || header(r, ReasonHeader) != c.message {
			t.Errorf("%s: %s\nwant %s", c.name, r.Answer.Body, want)
		}
		if m := decode(text); m.Reason != r.Reason || m.DecisionID != r.ID || m.DryRun != r.DryRun || m.Context.Action != r.Action() {
			t.Errorf("%s: message %+v", c.name, m)
		}
		if strings.Contains(r.Reason, "Encoded") {
			t.Errorf("%s: the log has the message", c.name)
		}
	}
}

// TestMessagesAreLimited checks that a flood of denials does not have messages, but has the IDs of
// the decisions.
func TestMessagesAreLimited(t *testing.T) {
	checker := newDenials(t)
	withMessages(t, checker)
	with, without := 0, 0
	for range 10 * denialmessage.MessagesAtOnce {
		r := checker.Check(context.Background(), at("full", "reader", "PUT", "/v2/team/app/manifests/v1"))
		if header(r, MessageHeader) != "" {
			with++
			continue
		}
		without++
		if header(r, DecisionHeader) != r.ID || r.Answer.Status != 403 || strings.Contains(string(r.Answer.Body), "Encoded") {
			t.Fatalf("%d %s", r.Answer.Status, r.Answer.Body)
		}
	}
	if with < denialmessage.MessagesAtOnce || without == 0 {
		t.Errorf("%d denials with a message and %d without", with, without)
	}
}

// TestNoSecretsInMessages checks that no message contains a credential or a Referer header, which
// policies use as a shared secret.
func TestNoSecretsInMessages(t *testing.T) {
	contents := maps.Clone(denials)
	contents["managed/read.json"] = strings.Replace(contents["managed/read.json"], `"oci:Reference":"rc-*"`, `"oci:Reference":"rc-*","aws:referer":"S3CR3T-*"`, 1)
	checker := newCheckerOf(t, contents, "writer", "reader", "stranger", "locked", "viewer", "creator")
	decode := withMessages(t, checker)
	const secret = "S3CR3T-hunter2"
	read := 0
	for _, path := range []string{"/v2/team/app/manifests/rc-1", "/v2/secret/app/manifests/v1", "/v2/secret/app/blobs/uploads/?mount=" + digest + "&from=team/app", "/v2/secret/app/blobs/uploads/1?_state=" + secret} {
		for _, method := range []string{"GET", "HEAD", "PUT", "POST", "PATCH"} {
			r := at("full", "reader", method, path)
			for _, name := range []string{"referer", "cookie", "x-amz-security-token", "proxy-authorization"} {
				r.Headers = append(r.Headers, mapping.Header{Name: name, Value: secret})
			}
			result := checker.Check(context.Background(), r)
			text := header(result, MessageHeader)
			if text == "" {
				continue
			}
			read++
			m := decode(text)
			plain, err := m.JSON()
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range []string{secret, "S3CR3T", url.QueryEscape(secret), "reader-secret", basic("reader").Value} {
				if strings.Contains(string(plain), s) {
					t.Errorf("%s %s: the message contains %q: %s", method, path, s, plain)
				}
			}
			if !slices.ContainsFunc(m.Context.Conditions.Items, func(c denialmessage.Condition) bool { return c.Key == "aws:referer" && len(c.Values.Items) == 0 }) {
				t.Errorf("%s %s: the message does not have the key aws:referer without a value: %s", method, path, plain)
			}
		}
	}
	if read < 8 {
		t.Errorf("read %d messages, want at least 8", read)
	}
}

// TestMessageOfExhaustedDecision checks that a message has the failure of an evaluation.
func TestMessageOfExhaustedDecision(t *testing.T) {
	contents := maps.Clone(directory)
	contents["managed/push.json"] = `{"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Action":"*","Resource":"*"},
  {"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotLike":{"aws:UserAgent":[` + strings.Repeat(`"*${aws:referer}?b",`, 300) + `"*"]}}}]}`
	checker := newCheckerOf(t, contents, "alice", "bob", "carol", "dave")
	decode := withMessages(t, checker)
	r := checker.Check(context.Background(), from("alice", "GET", "/v2/team/app/manifests/v1",
		mapping.Header{Name: "user-agent", Value: strings.Repeat("a", maxHeader)}, mapping.Header{Name: "referer", Value: strings.Repeat("a", maxHeader/2)}))
	m := decode(header(r, MessageHeader))
	if len(m.Failures.Items) != 1 || !strings.Contains(m.Failures.Items[0].Message, "more steps than one decision may take") {
		t.Errorf("message %+v", m)
	}
}

// BenchmarkDenial measures a denial: without messages, with one, and when there were too many.
func BenchmarkDenial(b *testing.B) {
	for _, c := range []struct {
		name     string
		messages bool
	}{{"without messages", false}, {"after too many messages", true}} {
		b.Run(c.name, func(b *testing.B) {
			checker := newDenials(b)
			if c.messages {
				withMessages(b, checker)
			}
			r := at("full", "reader", "PUT", "/v2/team/app/manifests/v1")
			for range 2 * denialmessage.MessagesAtOnce {
				checker.Check(context.Background(), r)
			}
			b.ReportAllocs()
			for b.Loop() {
				checker.Check(context.Background(), r)
			}
		})
	}
}
