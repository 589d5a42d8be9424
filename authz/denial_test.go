package authz

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"extauthz/decision"
	"extauthz/iam"
	"extauthz/mapping"
)

// The policies of these tests: writer pulls and pushes team/*, but may not create repositories.
// reader pulls everything except secret/app, whose repository policy denies it. stranger is of
// another account. locked may do everything except log in. viewer only reads and may not log
// in. The registries "once" and "quiet" require the permission to log in at the login only,
// "fresh" assumes that every repository is missing, "listed" has an inventory, and "untried" has no
// dry runs.
var denials = map[string]string{
	"registries.yaml": `registries:
- {name: full, hosts: [h], account: "123456789012", region: eu-central-1, detail: full}
- {name: action, hosts: [h], account: "123456789012", region: eu-central-1, detail: action}
- {name: none, hosts: [h], account: "123456789012", region: eu-central-1, detail: none}
- {name: hidden, hosts: [h], account: "123456789012", region: eu-central-1, hideExistence: true}
- {name: mute, hosts: [h], account: "123456789012", region: eu-central-1, hideExistence: true, detail: none}
- {name: once, hosts: [h], account: "123456789012", region: eu-central-1, authorizationTokenOnlyAtLogin: true}
- {name: quiet, hosts: [h], account: "123456789012", region: eu-central-1, authorizationTokenOnlyAtLogin: true, hideExistence: true}
- {name: fresh, hosts: [h], account: "123456789012", region: eu-central-1, assumeMissing: true}
- {name: listed, hosts: [h], account: "123456789012", region: eu-west-1, pullThrough: [hub]}
- {name: untried, hosts: [h], account: "123456789012", region: eu-central-1, disableDryRun: true}
- {name: veiled, hosts: [h], account: "123456789012", region: eu-west-1, pullThrough: [hub], anonymous: true, hideExistence: true}
`,
	"principals.yaml": `credentials:
- {basic: writer, principal: "arn:aws:iam::123456789012:user/writer"}
- {basic: reader, principal: "arn:aws:iam::123456789012:user/reader"}
- {basic: stranger, principal: "arn:aws:iam::210987654321:user/stranger"}
- {basic: locked, principal: "arn:aws:iam::123456789012:user/locked"}
- {basic: viewer, principal: "arn:aws:iam::123456789012:user/viewer"}
- {basic: creator, principal: "arn:aws:iam::123456789012:user/creator"}
principals:
- {arn: "arn:aws:iam::123456789012:user/writer", policies: [write]}
- {arn: "arn:aws:iam::123456789012:user/reader", policies: [read]}
- {arn: "arn:aws:iam::210987654321:user/stranger", policies: [read]}
- {arn: "arn:aws:iam::123456789012:user/locked", policies: [nologin]}
- {arn: "arn:aws:iam::123456789012:user/viewer", policies: [view]}
- {arn: "arn:aws:iam::123456789012:user/creator", policies: [write, create]}
`,
	"managed/write.json": `{"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"},
  {"Effect":"Allow","Action":["ecr:BatchGetImage","ecr:BatchImportUpstreamImage","ecr:PutImage","ecr:InitiateLayerUpload"],"Resource":["arn:aws:ecr:*:123456789012:repository/team/*","arn:aws:ecr:*:123456789012:repository/hub/*"]}]}`,
	"managed/read.json": `{"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"],"Resource":"*"},
  {"Effect":"Deny","Action":"ecr:BatchGetImage","Resource":"*","Condition":{"StringLike":{"oci:Reference":"rc-*"}}}]}`,
	"managed/create.json":  `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:CreateRepository","Resource":"*"}}`,
	"managed/view.json":    `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:BatchGetImage","Resource":"*"}}`,
	"managed/nologin.json": `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*","Resource":"arn:aws:ecr:*:*:repository/*"}}`,
	"accounts/123456789012/eu-central-1/repositories/secret/app/_policy.json": `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"ecr:*"}}`,
	"accounts/123456789012/eu-west-1/repositories/team/app/_policy.json":      `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"ecr:*"}}`,
	"accounts/123456789012/eu-west-1/repositories.json": `{"repositories":[{"repositoryName":"team/app","registryId":"123456789012",
  "repositoryArn":"arn:aws:ecr:eu-west-1:123456789012:repository/team/app"}]}`,
}

func newDenials(t testing.TB) *Checker {
	t.Helper()
	return newCheckerOf(t, denials, "writer", "reader", "stranger", "locked", "viewer", "creator")
}

// at returns a request of a user to a registry.
func at(registry, user, method, path string) *CheckRequest {
	r := from(user, method, path)
	r.Extensions, r.Host = Extensions{Registry: registry}, "h"
	return r
}

const (
	central = "arn:aws:ecr:eu-central-1:123456789012:repository/"
	west    = "arn:aws:ecr:eu-west-1:123456789012:repository/"
)

// sentence returns AWS's message for a user of account 123456789012.
func sentence(user, action, resource, because string) string {
	return "User: arn:aws:iam::123456789012:user/" + user + " is not authorized to perform: " + action + " on resource: " + resource + because
}

// anonymous returns the message for a caller without a credential.
func anonymous(action, resource string) string {
	return "User: anonymous is not authorized to perform: " + action + " on resource: " + resource +
		" because no resource-based policy allows the " + action + " action"
}

// TestDenials checks the answers to denied requests, by registry and caller.
func TestDenials(t *testing.T) {
	checker := newDenials(t)
	noIdentity := func(action string) string {
		return " because no identity-based policy allows the " + action + " action"
	}
	const notFound, refused = "repository name not known to registry", "requested access to the resource is denied"
	push := sentence("reader", "ecr:PutImage", central+"team/app", noIdentity("ecr:PutImage"))
	pull := sentence("writer", "ecr:BatchGetImage", central+"other", noIdentity("ecr:BatchGetImage"))
	secret := sentence("reader", "ecr:BatchGetImage", central+"secret/app", " with an explicit deny in a resource-based policy")
	login := sentence("locked", "ecr:GetAuthorizationToken", "*", noIdentity("ecr:GetAuthorizationToken"))
	for _, c := range []struct {
		name    string
		request *CheckRequest
		status  int
		code    string
		message string // whole
		detail  string // as JSON
		reason  string // for the log; "" for the message
	}{
		{"full, implicit", at("full", "reader", "PUT", "/v2/team/app/manifests/v1"), 403, "DENIED", push,
			`{"action":"ecr:PutImage","resource":"` + central + `team/app","decision":"implicitDeny"}`, ""},
		{"full, explicit, resource-based", at("full", "reader", "GET", "/v2/secret/app/manifests/v1"), 403, "DENIED", secret,
			`{"action":"ecr:BatchGetImage","resource":"` + central + `secret/app","decision":"explicitDeny"}`, ""},
		{"full, explicit, identity-based", at("full", "reader", "GET", "/v2/team/app/manifests/rc-1"), 403, "DENIED",
			sentence("reader", "ecr:BatchGetImage", central+"team/app", " with an explicit deny in an identity-based policy"),
			`{"action":"ecr:BatchGetImage","resource":"` + central + `team/app","decision":"explicitDeny"}`, ""},
		{"full, across accounts", at("full", "stranger", "GET", "/v2/team/app/manifests/v1"), 403, "DENIED",
			"User: arn:aws:iam::210987654321:user/stranger is not authorized to perform: ecr:BatchGetImage on resource: " + central + "team/app because no resource-based policy allows the ecr:BatchGetImage action",
			`{"action":"ecr:BatchGetImage","resource":"` + central + `team/app","decision":"implicitDeny"}`, ""},
		{"full, login", at("full", "locked", "GET", "/v2/team/app/manifests/v1"), 403, "DENIED", login,
			`{"action":"ecr:GetAuthorizationToken","resource":"*","decision":"implicitDeny"}`, ""},
		{"full, ping", at("full", "locked", "GET", "/v2/"), 401, "UNAUTHORIZED", "authentication required: " + login, "", login},
		{"full, no credential", at("full", "", "GET", "/v2/"), 401, "UNAUTHORIZED", "authentication required: the request carries no credential", "", "the request carries no credential"},
		{"full, catalog", at("full", "reader", "GET", "/v2/_catalog"), 403, "DENIED",
			sentence("reader", "ecr:DescribeRepositories", central+"*", noIdentity("ecr:DescribeRepositories")),
			`{"action":"ecr:DescribeRepositories","resource":"` + central + `*","decision":"implicitDeny"}`, ""},

		{"action", at("action", "reader", "PUT", "/v2/team/app/manifests/v1"), 403, "DENIED", "not authorized to perform: ecr:PutImage", `{"action":"ecr:PutImage"}`, push},
		{"action, explicit", at("action", "reader", "HEAD", "/v2/secret/app/manifests/v1"), 403, "DENIED", "not authorized to perform: ecr:BatchGetImage", `{"action":"ecr:BatchGetImage"}`, secret},
		{"action, ping", at("action", "locked", "GET", "/v2/"), 401, "UNAUTHORIZED", "authentication required: not authorized to perform: ecr:GetAuthorizationToken", "", login},
		{"action, no credential", at("action", "", "GET", "/v2/"), 401, "UNAUTHORIZED", "authentication required", "", "the request carries no credential"},

		{"none", at("none", "reader", "PUT", "/v2/team/app/manifests/v1"), 403, "DENIED", refused, "", push},
		{"none, explicit", at("none", "reader", "GET", "/v2/secret/app/manifests/v1"), 403, "DENIED", refused, "", secret},
		{"none, ping", at("none", "locked", "GET", "/v2/"), 401, "UNAUTHORIZED", "authentication required", "", login},
		{"none, no credential", at("none", "", "GET", "/v2/x/manifests/y"), 401, "UNAUTHORIZED", "authentication required", "", "the request carries no credential"},

		{"hidden, may not read", at("hidden", "writer", "GET", "/v2/other/manifests/v1"), 404, "NAME_UNKNOWN", notFound, `{"name":"other"}`, pull},
		{"hidden, HEAD", at("hidden", "writer", "HEAD", "/v2/other/manifests/v1"), 404, "NAME_UNKNOWN", notFound, `{"name":"other"}`, pull},
		{"hidden, explicit", at("hidden", "reader", "GET", "/v2/secret/app/manifests/v1"), 404, "NAME_UNKNOWN", notFound, `{"name":"secret/app"}`, secret},
		{"hidden, an image that may not be read", at("hidden", "reader", "GET", "/v2/team/app/manifests/rc-1"), 404, "NAME_UNKNOWN", notFound, `{"name":"team/app"}`,
			sentence("reader", "ecr:BatchGetImage", central+"team/app", " with an explicit deny in an identity-based policy")},
		{"hidden, push where reading is not allowed", at("hidden", "writer", "POST", "/v2/other/blobs/uploads/"), 404, "NAME_UNKNOWN", notFound, `{"name":"other"}`,
			sentence("writer", "ecr:InitiateLayerUpload", central+"other", noIdentity("ecr:InitiateLayerUpload"))},
		{"hidden, may not log in", at("hidden", "locked", "GET", "/v2/team/app/manifests/v1"), 404, "NAME_UNKNOWN", notFound, `{"name":"team/app"}`, login},
		{"hidden, may read and not push", at("hidden", "reader", "PUT", "/v2/team/app/manifests/v1"), 403, "DENIED", push,
			`{"action":"ecr:PutImage","resource":"` + central + `team/app","decision":"implicitDeny"}`, ""},
		{"hidden, ping", at("hidden", "locked", "GET", "/v2/"), 401, "UNAUTHORIZED", "authentication required: " + login, "", login},
		{"hidden, no credential", at("hidden", "", "GET", "/v2/other/manifests/v1"), 401, "UNAUTHORIZED", "authentication required: the request carries no credential", "", "the request carries no credential"},
		{"hidden, refused as before", at("hidden", "reader", "GET", "/v2/other/../x/manifests/v1"), 400, "NAME_INVALID", `"other/../x" is not a valid repository name`, "", `"…" is not a valid repository name`},
		{"hidden, catalog", at("hidden", "reader", "GET", "/v2/_catalog"), 403, "DENIED",
			sentence("reader", "ecr:DescribeRepositories", central+"*", noIdentity("ecr:DescribeRepositories")),
			`{"action":"ecr:DescribeRepositories","resource":"` + central + `*","decision":"implicitDeny"}`, ""},
		{"mute, may not read", at("mute", "writer", "GET", "/v2/other/manifests/v1"), 404, "NAME_UNKNOWN", notFound, `{"name":"other"}`, pull},
		{"mute, may read and not push", at("mute", "reader", "PUT", "/v2/team/app/manifests/v1"), 403, "DENIED", refused, "", push},

		{"login required once, /v2/", at("once", "locked", "GET", "/v2/"), 401, "UNAUTHORIZED", "authentication required: " + login, "", login},
		{"login required once, denied otherwise", at("once", "locked", "GET", "/v2/secret/app/manifests/v1"), 403, "DENIED",
			sentence("locked", "ecr:BatchGetImage", central+"secret/app", " with an explicit deny in a resource-based policy"),
			`{"action":"ecr:BatchGetImage","resource":"` + central + `secret/app","decision":"explicitDeny"}`, ""},
		{"login required once, hidden", at("quiet", "locked", "GET", "/v2/secret/app/manifests/v1"), 404, "NAME_UNKNOWN", notFound, `{"name":"secret/app"}`,
			sentence("locked", "ecr:BatchGetImage", central+"secret/app", " with an explicit deny in a resource-based policy")},
		{"login required once, may read and not push", at("quiet", "viewer", "PUT", "/v2/team/app/manifests/v1"), 403, "DENIED",
			sentence("viewer", "ecr:PutImage", central+"team/app", noIdentity("ecr:PutImage")),
			`{"action":"ecr:PutImage","resource":"` + central + `team/app","decision":"implicitDeny"}`, ""},
		{"all missing, creating", at("fresh", "writer", "POST", "/v2/team/app/blobs/uploads/"), 403, "DENIED",
			sentence("writer", "ecr:CreateRepository", central+"team/app", noIdentity("ecr:CreateRepository")),
			`{"action":"ecr:CreateRepository","resource":"` + central + `team/app","decision":"implicitDeny"}`, ""},

		{"listed, creating", at("listed", "writer", "PUT", "/v2/team/new/manifests/v1"), 403, "DENIED",
			sentence("writer", "ecr:CreateRepository", west+"team/new", noIdentity("ecr:CreateRepository")),
			`{"action":"ecr:CreateRepository","resource":"` + west + `team/new","decision":"implicitDeny"}`, ""},
		{"listed, importing creates", at("listed", "writer", "GET", "/v2/hub/alpine/manifests/3"), 403, "DENIED",
			sentence("writer", "ecr:CreateRepository", west+"hub/alpine", noIdentity("ecr:CreateRepository")),
			`{"action":"ecr:CreateRepository","resource":"` + west + `hub/alpine","decision":"implicitDeny"}`, ""},

		{"veiled, pull", at("veiled", "", "GET", "/v2/team/new/manifests/v1"), 401, "UNAUTHORIZED", "authentication required", "",
			anonymous("ecr:BatchGetImage", west+"team/new")},
		{"veiled, HEAD", at("veiled", "", "HEAD", "/v2/team/new/manifests/v1"), 401, "UNAUTHORIZED", "authentication required", "",
			anonymous("ecr:BatchGetImage", west+"team/new")},
		{"veiled, push", at("veiled", "", "PUT", "/v2/team/new/manifests/v1"), 401, "UNAUTHORIZED", "authentication required", "",
			anonymous("ecr:PutImage", west+"team/new")},
		{"veiled, a credential", at("veiled", "writer", "GET", "/v2/other/manifests/v1"), 404, "NAME_UNKNOWN", notFound, `{"name":"other"}`,
			sentence("writer", "ecr:BatchGetImage", west+"other", noIdentity("ecr:BatchGetImage"))},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := checker.Check(context.Background(), c.request)
			checkDenial(t, r, c.status, c.code, c.message, c.detail)
			if c.reason == "" {
				c.reason = c.message
			}
			if r.Reason != c.reason {
				t.Errorf("the log has %q, want %q", r.Reason, c.reason)
			}
		})
	}
	for _, r := range []*CheckRequest{
		at("listed", "writer", "PUT", "/v2/team/app/manifests/v1"), at("listed", "creator", "PUT", "/v2/team/new/manifests/v1"),
		at("once", "locked", "GET", "/v2/team/app/manifests/v1"), at("once", "reader", "GET", "/v2/"), at("fresh", "creator", "POST", "/v2/team/app/blobs/uploads/"),
		at("listed", "creator", "GET", "/v2/hub/alpine/manifests/3"), at("hidden", "reader", "GET", "/v2/team/app/manifests/v1"), at("none", "reader", "GET", "/v2/"),
	} {
		if result := checker.Check(context.Background(), r); result.Decision != Allowed {
			t.Errorf("%s %s: %s", r.Method, r.Path, result.Reason)
		}
	}
}

// TestLoginRequiredOnce checks which permissions are evaluated, and which of them is the action of
// the result.
func TestLoginRequiredOnce(t *testing.T) {
	checker := newDenials(t)
	const token = "ecr:GetAuthorizationToken"
	for _, c := range []struct {
		request *CheckRequest
		decided string
		action  string
	}{
		{at("full", "reader", "GET", "/v2/"), token, token},
		{at("once", "reader", "GET", "/v2/"), token, token},
		{at("full", "reader", "GET", "/v2/team/app/manifests/v1"), token + " ecr:BatchGetImage", "ecr:BatchGetImage"},
		{at("once", "reader", "GET", "/v2/team/app/manifests/v1"), "ecr:BatchGetImage", "ecr:BatchGetImage"},
		{at("once", "writer", "POST", "/v2/team/app/blobs/uploads/?mount=x&from=y"), "ecr:InitiateLayerUpload ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload"},
		{at("once", "reader", "PUT", "/v2/team/app/manifests/v1"), "ecr:PutImage", "ecr:PutImage"},
	} {
		r := checker.Check(context.Background(), c.request)
		var decided []string
		for _, p := range r.Evaluations {
			decided = append(decided, p.Action)
		}
		if got := strings.Join(decided, " "); got != c.decided || r.Action() != c.action {
			t.Errorf("%s %s at %s: decided %s, known by %s; want %s, %s", c.request.Method, c.request.Path, r.Registry, got, r.Action(), c.decided, c.action)
		}
	}
}

// checkDenial checks that an answer follows the specification: an error body of the right media
// type, the version header, and the reason header for HEAD. Every answer except that of a registry
// without the repository has the ID of the decision in its detail and in a header. detail is
// the rest of the detail, as JSON.
func checkDenial(t *testing.T, r *Result, status int, code, message, detail string) {
	t.Helper()
	if r.Answer.Allowed || r.Answer.Status != status {
		t.Fatalf("allowed %t, status %d, %s; want %d", r.Answer.Allowed, r.Answer.Status, r.Answer.Body, status)
	}
	if code != "NAME_UNKNOWN" {
		detail = strings.Replace(strings.Replace(cmp.Or(detail, "{}"), "{", `{"decisionId":"`+r.ID+`",`, 1), ",}", "}", 1)
	}
	body := fmt.Sprintf(`{"errors":[{"code":%q,"message":%s,"detail":%s}]}`, code, marshal(t, message), detail)
	if string(r.Answer.Body) != body {
		t.Errorf("body %s\nwant %s", r.Answer.Body, body)
	}
	want := []string{"content-type: application/json", "docker-distribution-api-version: registry/2.0"}
	if code != "NAME_UNKNOWN" {
		want = append(want, ReasonHeader+": "+headerText(message), DecisionHeader+": "+r.ID)
	}
	if status == 401 {
		want = append(want, `www-authenticate: Basic realm="`+r.Registry+`", charset="UTF-8"`)
	}
	var got []string
	for _, h := range r.Answer.Headers {
		got = append(got, h.Name+": "+h.Value)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("headers %q\nwant %q", got, want)
	}
}

func marshal(t *testing.T, text string) []byte {
	t.Helper()
	b, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestBecause checks that the reason has AWS's wording for each class (IAM User Guide,
// "Troubleshoot access denied error messages").
func TestBecause(t *testing.T) {
	for _, c := range []struct {
		class              iam.Class
		implicit, explicit string
	}{
		{iam.IdentityClass, "because no identity-based policy allows the ecr:PutImage action", "with an explicit deny in an identity-based policy"},
		{iam.ResourceClass, "because no resource-based policy allows the ecr:PutImage action", "with an explicit deny in a resource-based policy"},
		{iam.BoundaryClass, "because no permissions boundary allows the ecr:PutImage action", "with an explicit deny in a permissions boundary"},
		{iam.SessionClass, "because no session policy allows the ecr:PutImage action", "with an explicit deny in a session policy"},
		{iam.SCPClass, "because no service control policy allows the ecr:PutImage action", "with an explicit deny in a service control policy"},
		{iam.RCPClass, "because no resource control policy allows the ecr:PutImage action", "with an explicit deny in a resource control policy"},
	} {
		if got := because(&Evaluation{Action: "ecr:PutImage", Reason: &decision.Reason{BlockedBy: c.class}}); got != " "+c.implicit {
			t.Errorf("%v: %q, want %q", c.class, got, c.implicit)
		}
		if got := because(&Evaluation{Action: "ecr:PutImage", Decision: iam.ExplicitDeny, Reason: &decision.Reason{BlockedBy: c.class}}); got != " "+c.explicit {
			t.Errorf("%v: %q, want %q", c.class, got, c.explicit)
		}
	}
	if got := because(&Evaluation{Action: "ecr:PutImage", Reason: &decision.Reason{}}); got != "" {
		t.Errorf("no class: %q", got)
	}
}

// FuzzAnswer checks that Envoy can send every answer: names and values of headers that RFC 9110
// allows, a JSON body, the status of an error, and for an allowed request only known names to
// remove. A registry that hides existence allows and denies the same requests as others.
func FuzzAnswer(f *testing.F) {
	for _, s := range [][4]string{
		{"GET", "/v2/", "h", "x-y: z"}, {"PUT", "/v2/team/app/manifests/v1?tag=a", "h", "user-agent: \r\nset-cookie: a=b"},
		{"GET", "/v2/secret/app/manifests/v1\r\nX: y", "h", ""}, {"POST", "/v2/team/app/blobs/uploads/?mount=x&from=secret/app", "h", "content-type: \u0130/\x00"},
		{"G\x00T", "/v2/\xff\"", "h\r\n", "authorization: Basic \x00"}, {"GET", "/v2/other/tags/list", "h", "authorization: Bearer \"\r\n"},
		{"PATCH", "/v2/%0d%0aX:y/blobs/uploads/1", "h", "x-original-url\r: /"}, {"HEAD", "/v2/team/app/manifests/rc-1", "h", ""},
	} {
		f.Add(s[0], s[1], s[2], s[3])
	}
	checker := newDenials(f)
	f.Fuzz(func(t *testing.T, method, path, host, header string) {
		var decided []Outcome
		for _, registry := range []string{"full", "hidden", "action", "none"} {
			for _, user := range []string{"", "reader", "writer"} {
				r := at(registry, user, method, path)
				name, value, _ := strings.Cut(header, ": ")
				r.Host, r.Headers = host, append(r.Headers, mapping.Header{Name: name, Value: value})
				result := checker.Check(context.Background(), r)
				sendable(t, &result.Answer)
				decided = append(decided, result.Decision)
			}
		}
		for i, d := range decided {
			if d != decided[i%3] {
				t.Errorf("the registries decide %v", decided)
			}
		}
	})
}

// sendable checks that Envoy can send an answer.
func sendable(t *testing.T, a *Answer) {
	t.Helper()
	for _, h := range a.Headers {
		if strings.Trim(h.Name, "abcdefghijklmnopqrstuvwxyz-") != "" || strings.ContainsFunc(h.Value, func(c rune) bool { return c < ' ' || c > '~' }) {
			t.Errorf("header %q: %q", h.Name, h.Value)
		}
	}
	if a.Allowed {
		for _, name := range append(slices.Clone(a.RemoveQueryParameters), a.RemoveHeaders...) {
			if !slices.Contains(append(mapping.RemoveHeaders(), "authorization", "mount", "from"), name) {
				t.Errorf("removes %q", name)
			}
		}
		return
	}
	if a.Status < 400 || a.Status > 599 || !json.Valid(a.Body) || !utf8.Valid(a.Body) {
		t.Errorf("status %d with %q", a.Status, a.Body)
	}
}

// TestExhaustedDecision checks that a request is denied if its policies take too many steps, and
// that the reason says so.
func TestExhaustedDecision(t *testing.T) {
	contents := maps.Clone(directory)
	const amplified = `"*${aws:referer}?b"`
	contents["managed/push.json"] = `{"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Action":"*","Resource":"*"},
  {"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotLike":{"aws:UserAgent":[` + strings.Repeat(amplified+",", 300) + `"*"]}}}]}`
	checker := newCheckerOf(t, contents, "alice", "bob", "carol", "dave")
	usual := from("alice", "GET", "/v2/team/app/manifests/v1", mapping.Header{Name: "user-agent", Value: "docker/29"}, mapping.Header{Name: "referer", Value: "a"})
	if r := checker.Check(context.Background(), usual); r.Decision != Allowed {
		t.Fatalf("a usual request: %s, %s", r.Decision, r.Reason)
	}
	hostile := from("alice", "GET", "/v2/team/app/manifests/v1",
		mapping.Header{Name: "user-agent", Value: strings.Repeat("a", maxHeader)},
		mapping.Header{Name: "referer", Value: strings.Repeat("a", maxHeader/2)})
	r := checker.Check(context.Background(), hostile)
	if r.Decision != ImplicitDeny || r.Answer.Status != 403 || !strings.Contains(r.Reason, "more steps than one decision may take") {
		t.Errorf("%s, %d, %s", r.Decision, r.Answer.Status, r.Reason)
	}
}
