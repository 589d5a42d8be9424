package decisionlog

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"extauthz/authz"
	"extauthz/decision"
	_ "extauthz/goldentest" // accept -update
	"extauthz/mapping"
	"extauthz/policystore"
)

// checker returns a checker with the policies of the quickstart.
func checker(t *testing.T) *authz.Checker {
	t.Helper()
	snapshot, err := policystore.Load("../examples/quickstart/policies", decision.Options{CacheSize: 16})
	if err != nil {
		t.Fatal(err)
	}
	return &authz.Checker{Snapshots: func() *policystore.Snapshot { return snapshot }}
}

func basic(user, password string) mapping.Header {
	return mapping.Header{Name: "authorization", Value: "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))}
}

func request(method, path string, headers ...mapping.Header) *authz.CheckRequest {
	return &authz.CheckRequest{
		ID: "7f1c", Method: method, Path: path, Host: "localhost:10000", Headers: headers, Peer: "192.0.2.7",
		Extensions: authz.Extensions{Registry: "quickstart"},
		Time:       time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC),
	}
}

// logged returns the line of one request.
func logged(t *testing.T, c *authz.Checker, r *authz.CheckRequest) []byte {
	t.Helper()
	return loggedResult(t, c.Check(t.Context(), r))
}

// loggedResult returns the line of a decision, with an ID that is always the same.
func loggedResult(t *testing.T, result *authz.Result) []byte {
	t.Helper()
	var sink bytes.Buffer
	l := New(Options{Writer: &sink, Buffer: 1})
	if result.ID == "" {
		t.Error("the decision has no ID")
	}
	result.ID = "019dfc1d-8fa8-7c32-9a41-0f6f8f1c2b5e"
	if err := l.Record(t.Context(), result, 1500*time.Microsecond); err != nil {
		t.Fatal(err)
	}
	mustClose(t, l)
	return bytes.TrimSpace(sink.Bytes())
}

// The ARNs of the quickstart's repositories.
const (
	team   = "arn:aws:ecr:eu-central-1:123456789012:repository/team/app"
	secret = "arn:aws:ecr:eu-central-1:123456789012:repository/secret/app"
)

// login returns the first action of a request, which the file allows.
func login(file string) string {
	return `{"action":"ecr:GetAuthorizationToken","resource":"*","decision":"allowed",` +
		`"statements":[{"effect":"Allow","policy":"managed/` + file + `","sid":"Login","line":4}]}`
}

// entryCase is a request and the fields of its line, as JSON.
type entryCase struct {
	name    string
	request *authz.CheckRequest
	want    map[string]string
}

func entryCases() []entryCase {
	return []entryCase{
		{"allowed", request("GET", "/v2/team/app/manifests/v1", basic("bob", "bob-secret")), map[string]string{
			"decision": `"allowed"`, "principal": `"arn:aws:iam::123456789012:user/bob"`, "source": `"basic"`,
			"operation": `"GetManifest"`, "repository": `"team/app"`, "reference": `"v1"`,
			"actions": `[` + login("team-pull.json") + `,{"action":"ecr:BatchGetImage","resource":"` + team + `","decision":"allowed",` +
				`"statements":[{"effect":"Allow","policy":"managed/team-pull.json","sid":"Pull","line":10}]}]`,
		}},
		{"no policy allows it", request("PUT", "/v2/team/app/manifests/v1", basic("bob", "bob-secret")), map[string]string{
			"decision": `"implicitDeny"`, "principal": `"arn:aws:iam::123456789012:user/bob"`, "source": `"basic"`,
			"reason": `"User: arn:aws:iam::123456789012:user/bob is not authorized to perform: ecr:PutImage on resource: ` + team +
				` because no identity-based policy allows the ecr:PutImage action"`,
			"operation": `"PutManifest"`, "repository": `"team/app"`, "reference": `"v1"`,
			"actions": `[` + login("team-pull.json") + `,{"action":"ecr:PutImage","resource":"` + team + `","decision":"implicitDeny","statements":[]}]`,
		}},
		{"a policy denies it", request("GET", "/v2/secret/app/manifests/v1", basic("bob", "bob-secret")), map[string]string{
			"decision": `"explicitDeny"`, "principal": `"arn:aws:iam::123456789012:user/bob"`, "source": `"basic"`,
			"reason": `"User: arn:aws:iam::123456789012:user/bob is not authorized to perform: ecr:BatchGetImage on resource: ` + secret +
				` with an explicit deny in a resource-based policy"`,
			"operation": `"GetManifest"`, "repository": `"secret/app"`, "reference": `"v1"`,
			"actions": `[` + login("team-pull.json") + `,{"action":"ecr:BatchGetImage","resource":"` + secret + `","decision":"explicitDeny",` +
				`"statements":[{"effect":"Deny","policy":"accounts/123456789012/eu-central-1/repositories/secret/app/_policy.json",` +
				`"sid":"Only alice, whatever other policies allow","line":4}]}]`,
		}},
		{"no credential", request("GET", "/v2/team/app/manifests/v1"), map[string]string{
			"decision": `"unauthenticated"`, "reason": `"the request carries no credential"`,
		}},
		{"a wrong password", request("GET", "/v2/", basic("bob", "alice-secret")), map[string]string{
			"decision": `"unauthenticated"`, "reason": `"unknown user or wrong password"`, "source": `"basic"`, "user": `"bob"`,
		}},
		{"too long a password", request("GET", "/v2/", basic("bob", strings.Repeat("x", 73))), map[string]string{
			"decision": `"unauthenticated"`, "reason": `"the password is longer than 72 bytes"`, "source": `"basic"`, "user": `"bob"`,
		}},
		{"an unknown user", request("GET", "/v2/", basic("bobby", "bob-secret")), map[string]string{
			"decision": `"unauthenticated"`, "reason": `"unknown user or wrong password"`, "source": `"basic"`,
		}},
		{"the name of a user in another case", request("GET", "/v2/", basic("Bob", "bob-secret")), map[string]string{
			"decision": `"unauthenticated"`, "reason": `"unknown user or wrong password"`, "source": `"basic"`,
		}},
		{"a password instead of the user", request("GET", "/v2/", basic("bob-secret", "bob")), map[string]string{
			"decision": `"unauthenticated"`, "reason": `"unknown user or wrong password"`, "source": `"basic"`,
		}},
	}
}

// TestEntry checks the fields of each kind of decision.
func TestEntry(t *testing.T) {
	c := checker(t)
	for _, one := range entryCases() {
		t.Run(one.name, func(t *testing.T) {
			var got map[string]json.RawMessage
			if err := json.Unmarshal(logged(t, c, one.request), &got); err != nil {
				t.Fatal(err)
			}
			want := map[string]string{
				"version": `1`, "time": `"2026-05-06T07:08:09Z"`, "level": `"INFO"`, "msg": `"decision"`, "method": `"` + one.request.Method + `"`,
				"decisionId": `"019dfc1d-8fa8-7c32-9a41-0f6f8f1c2b5e"`, "requestId": `"7f1c"`, "registry": `"quickstart"`, "clientAddress": `"192.0.2.7"`, "latencySeconds": `0.0015`,
				"digest": `"` + c.Snapshots().Digest + `"`,
			}
			if one.want["operation"] != "" {
				want["context"] = `{"aws:SecureTransport":"false"}`
			}
			maps.Copy(want, one.want)
			for _, field := range slices.Sorted(maps.Keys(want)) {
				if string(got[field]) != want[field] {
					t.Errorf("%s = %s; want %s", field, got[field], want[field])
				}
				delete(got, field)
			}
			for field, value := range got {
				t.Errorf("field %s = %s is not wanted", field, value)
			}
		})
	}
}

// TestNoCredentials checks that no line contains a secret in any form. The requests have it in
// every place where clients send credentials.
func TestNoCredentials(t *testing.T) {
	const password = "hunter2-S3CR3T"
	header := func(name, value string) mapping.Header { return mapping.Header{Name: name, Value: value} }
	c, good := checker(t), basic("bob", "bob-secret")
	hostile := request("GET", "/v2/team/app/manifests/v1", good)
	hostile.Host = "bob:" + password + "@localhost:10000"
	for _, r := range []*authz.CheckRequest{
		request("GET", "/v2/team/app/manifests/v1", good),
		request("GET", "/v2/", basic("bob", password)),
		request("GET", "/v2/team/app/manifests/v1", basic("unknown", password)),
		request("GET", "/v2/team/app/manifests/v1", basic(password, "x")),
		request("GET", "/v2/team/app/manifests/v1", basic(password, "bob")),
		request("GET", "/v2/team/app/manifests/v1", basic("bob-secret", password)),
		request("GET", "/v2/team/app/manifests/v1", basic("bob"+password, "bob-secret")),
		request("GET", "/v2/team/app/manifests/v1", basic("bob", password+strings.Repeat("x", 72))),
		request("GET", "/v2/team/app/manifests/v1", basic("AWS", password)),
		request("GET", "/v2/team/app/manifests/v1", header("authorization", "Bearer "+password)),
		request("GET", "/v2/team/app/manifests/v1", header("authorization", password)),
		request("GET", "/v2/team/app/manifests/v1", good, header("authorization", "Bearer "+password)),
		request("GET", "/v2/team/app/manifests/v1", good, header("cookie", "session="+password)),
		request("GET", "/v2/team/app/manifests/v1", good, header("proxy-authorization", "Basic "+password)),
		request("GET", "/v2/team/app/manifests/v1", good, header("x-amz-security-token", password)),
		request("GET", "/v2/team/app/manifests/v1?access_token="+password, good),
		request("GET", "/v2/team/app/manifests/v1?access_token="+password),
		request("GET", "/v2/team/app/manifests/v1?access_token="+password+"&access_token="+password, good),
		request("GET", "/v2/team/app/manifests/v1?X-Amz-Signature="+password+";", good),
		request("GET", "/v2/team/app/manifests/v1?"+password, good),
		request("GET", "/v2/team/app/tags/list?n="+password, good),
		request("POST", "/v2/team/app/blobs/uploads/?mount=sha256:00&from=team/app&access_token="+password, good),
		request("PUT", "/v2/team/app/blobs/uploads/1?digest=sha256:00&_state="+password, basic("alice", "alice-secret")),
		request("GET", "/v2/team/app/manifests/v1", good, header("referer", "https://bob:"+password+"@example.com/")),
		request("GET", "/v2/team/app/manifests/v1", good, header("referer", "https://example.com/?X-Amz-Signature="+password)),
		request("GET", "https://bob:"+password+"@localhost/v2/team/app/manifests/v1", good),
		hostile,
	} {
		line := string(logged(t, c, r))
		for _, s := range []string{password, "bob-secret", "alice-secret"} {
			for _, form := range []string{s, url.QueryEscape(s), base64.StdEncoding.EncodeToString([]byte(s))} {
				if strings.Contains(line, form) {
					t.Errorf("%s %s: the log has %q: %s", r.Method, r.Path, form, line)
				}
			}
		}
		for _, h := range r.Headers {
			if strings.Contains(line, h.Value) {
				t.Errorf("%s %s: the log has the value of header %s: %s", r.Method, r.Path, h.Name, line)
			}
		}
	}
}

// TestLongTextIsCut checks the limit on text of the client in a line.
func TestLongTextIsCut(t *testing.T) {
	r := request("GET", "/v2/team/app/manifests/v1", basic("bob", "bob-secret"))
	r.ID = strings.Repeat("x", 60_000)
	if line := logged(t, checker(t), r); len(line) > 3000 {
		t.Errorf("the line has %d bytes", len(line))
	}
}

func BenchmarkEntry(b *testing.B) {
	snapshot, err := policystore.Load("../examples/quickstart/policies", decision.Options{CacheSize: 16})
	if err != nil {
		b.Fatal(err)
	}
	c := &authz.Checker{Snapshots: func() *policystore.Snapshot { return snapshot }}
	r := c.Check(b.Context(), request("GET", "/v2/team/app/manifests/v1", basic("bob", "bob-secret")))
	var line []byte
	b.ReportAllocs()
	for b.Loop() {
		line = appendLine(line[:0], r, 1500*time.Microsecond)
	}
}

// TestEntryOfAToken checks that the line of a caller with a token contains the issuer and the key
// that signed it, and that text of the client in them is cut.
func TestEntryOfAToken(t *testing.T) {
	for _, c := range []struct {
		result        *authz.Result
		issuer, keyID any // nil: absent
	}{
		{&authz.Result{Decision: authz.Allowed, Issuer: "github", KeyID: "k1"}, "github", "k1"},
		{&authz.Result{Decision: authz.Allowed, Issuer: "github"}, "github", nil},
		{&authz.Result{Decision: authz.Allowed, Source: "basic"}, nil, nil},
		{&authz.Result{Decision: authz.Allowed, Issuer: "github", KeyID: strings.Repeat("k", 1000)}, "github", strings.Repeat("k", maxText) + "…"},
	} {
		var sink bytes.Buffer
		l := New(Options{Writer: &sink, Buffer: 1})
		mustRecord(t, l, c.result)
		mustClose(t, l)
		var got map[string]any
		if err := json.Unmarshal(sink.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if got["issuer"] != c.issuer || got["keyId"] != c.keyID {
			t.Errorf("issuer %v, key %v; want %v and %v", got["issuer"], got["keyId"], c.issuer, c.keyID)
		}
	}
}
