package policytest

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"extauthz/authz"
	"extauthz/diag"
	_ "extauthz/goldentest" // accept -update
	"extauthz/identity"
	"extauthz/identity/oidc"
	"extauthz/identity/sts"
	"extauthz/mapping"
	"extauthz/simulate"
)

func TestParse(t *testing.T) {
	const text = `tests:
- name: a request
  principal: arn:aws:iam::123456789012:user/bob
  request: PUT /v2/team/app/manifests/v1?tag=v2
  headers: { User-Agent: " crane ", Content-Length: "0" }
  registry: main
  tags: { team: blue, app: "" }
  sourceIp: 192.0.2.7
  time: 2026-11-25T12:00:00+01:00
  tls: true
  expect: explicitDeny
  denied: ecr:putImage
  sid: Only alice
- name: an action
  anonymous: true
  action: ecr:GetAuthorizationToken
  expect: implicitDeny
- name: a token
  credential: { token: github, user: 123456789012/ci, claims: { sub: a, n: 4711, ok: true, no: null, list: [a, 1.5], in: { a: "1" } } }
  request: GET /v2/
  expect: allowed
`
	got, err := Parse("tests/a.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []*Test{
		{
			File: "tests/a.yaml", Line: 2, Name: "a request", Principal: "arn:aws:iam::123456789012:user/bob", Registry: "main",
			ClientRequest: simulate.ClientRequest{
				Method: "PUT", Path: "/v2/team/app/manifests/v1?tag=v2", Peer: "192.0.2.7", TLS: true,
				Headers: []mapping.Header{{Name: "content-length", Value: "0"}, {Name: "user-agent", Value: "crane"}},
			},
			Tags: []sts.Tag{{Key: "app"}, {Key: "team", Value: "blue"}}, Expect: authz.ExplicitDeny, Denied: "ecr:putImage", Sid: "Only alice",
		},
		{File: "tests/a.yaml", Line: 14, Name: "an action", Anonymous: true, Action: "ecr:GetAuthorizationToken", Resource: "*", Expect: authz.ImplicitDeny},
		{
			File: "tests/a.yaml", Line: 18, Name: "a token", ClientRequest: simulate.ClientRequest{Method: "GET", Path: "/v2/"}, Expect: authz.Allowed,
			Credential: &identity.OfflineCredential{Kind: identity.TokenClaims, Name: "github", User: "123456789012/ci", Claims: oidc.Claims{
				"sub": "a", "n": 4711.0, "ok": true, "no": nil, "list": []any{"a", 1.5}, "in": map[string]any{"a": "1"},
			}},
		},
	}
	if at := time.Date(2026, 11, 25, 11, 0, 0, 0, time.UTC); !got[0].Time.Equal(at) {
		t.Errorf("time %v, want %v", got[0].Time, at)
	}
	got[0].Time = time.Time{}
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("%+v, want %+v", got[i], want[i])
		}
	}
}

// TestParseRejects checks that each fault has a position and a remedy.
func TestParseRejects(t *testing.T) {
	const caller, request = "principal: arn:aws:iam::123456789012:user/bob, ", "request: GET /v2/, expect: allowed"
	for _, c := range []struct{ name, test, want string }{
		{"no name", caller + request, "1:10: name is not one line of text; describe the test in one line"},
		{"a name of two lines", `name: "a\nb", ` + caller + request, "1:17: name is not one line of text"},
		{"unknown key", "name: a, user: bob, " + request, `1:20: unknown key "user"; fix its name, or remove it`},
		{"no caller", "name: a, " + request, "1:10: the test has no caller; write one of principal, credential and anonymous: true"},
		{"two callers", "name: a, anonymous: true, " + caller + request, "1:10: the test has several callers; "},
		{"tags of a credential", "name: a, credential: {basic: a}, tags: {team: blue}, " + request, "1:50: tags without principal; remove them"},
		{"a source of a credential", "name: a, credential: {basic: a}, sourceArn: 'arn:aws:lambda:us-east-1:123456789012:function:f', " + request, "1:55: sourceArn without principal; remove it"},
		{"a source that is not an account", "name: a, sourceAccount: x, " + caller + request, "1:35: sourceAccount is not an account id; write 12 digits"},
		{"a source that is not an ARN", "name: a, sourceArn: x, " + caller + request, "1:31: sourceArn is not the ARN of one resource; write one such as arn:aws:lambda:"},
		{"no credential", "name: a, credential: {}, " + request, "1:32: the credential has no name; write one of uri, dns"},
		{"two credentials", "name: a, credential: {basic: a, dns: b}, " + request, "1:32: the credential has both basic and dns; keep one"},
		{"unknown credential", "name: a, credential: {password: secret}, " + request, `1:33: unknown key "password"; fix its name, or remove it`},
		{"claims of a user", "name: a, credential: {basic: a, claims: {sub: b}}, " + request, "1:51: claims without token; remove them"},
		{"user of a user", "name: a, credential: {basic: a, user: AWS}, " + request, "1:49: user without token; remove it"},
		{"AWS without token", "name: a, credential: {basic: AWS}, " + request, "1:40: the password of this user is a token; write { token: ISSUER"},
		{"a token's user", "name: a, credential: {token: a, user: bob}, " + request, "1:49: the password of user \"bob\" is not a token; write AWS or ACCOUNT/ROLE"},
		{"claims that are a list", "name: a, credential: {token: a, claims: [sub]}, " + request, "1:51: claims is not a mapping; write the names"},
		{"a claim that is a date", "name: a, credential: {token: a, claims: {sub: 2026-01-01}}, " + request, `1:57: "2026-01-01" is not a JSON value; write a string between quotes`},
		{"a claim that is infinite", "name: a, credential: {token: a, claims: {sub: .inf}}, " + request, `1:57: ".inf" is not a JSON value`},
		{"a claim whose name is not a string", "name: a, credential: {token: a, claims: {1: b}}, " + request, `1:52: the name of a claim is not a string; write it between quotes: "1"`},
		{"a claim twice", "name: a, credential: {token: a, claims: {sub: b, sub: c}}, " + request, `1:60: the claim "sub" occurs twice; keep one`},
		{"an alias", "name: &n a, credential: {token: a, claims: {sub: *n}}, " + request, "1:60: a claim is an alias; write the value"},
		{"claims too deep", "name: a, credential: {token: a, claims: {a: " + strings.Repeat("[", 20) + strings.Repeat("]", 20) + "}}, " + request, "claims are nested too deeply; nest at most 16 levels"},
		{"no request", "name: a, " + caller + "expect: allowed", "1:10: the test needs either request or action; write one of them"},
		{"a request and an action", "name: a, action: ecr:PutImage, " + caller + request, "1:10: the test needs either request or action"},
		{"resource of a request", "name: a, resource: x, " + caller + request, "1:30: resource without action; remove it"},
		{"request without path", "name: a, " + caller + "request: GET, expect: allowed", `"GET" is not a request; write METHOD /PATH`},
		{"misspelled action", "name: a, " + caller + "action: ecr:PutImages, expect: allowed", `"ecr:PutImages" is not an action of ECR; write one such as ecr:BatchGetImage`},
		{"wildcard action", "name: a, " + caller + "action: ecr:*, expect: allowed", `"ecr:*" is not an action of ECR; write one such as ecr:BatchGetImage`},
		{"action without resource", "name: a, " + caller + "action: ecr:PutImage, expect: allowed", `ecr:PutImage needs a resource; write the ARN of a repository`},
		{"resource of an action without one", "name: a, " + caller + "action: ecr:GetAuthorizationToken, resource: x, expect: allowed", `ecr:GetAuthorizationToken applies to no single resource; write *, or remove resource`},
		{"a header's name", "name: a, headers: {'a b': c}, " + caller + request, `1:37: "a b" is not the name of a header; fix it`},
		{"a header's name with a colon", "name: a, headers: {'a:b': c}, " + caller + request, `1:37: "a:b" is not the name of a header; fix it`},
		{"a credential in a header", "name: a, headers: {Authorization: Basic c2VjcmV0}, " + caller + request, "1:45: a header contains a credential; write credential instead"},
		{"sourceIp", "name: a, sourceIp: 192.0.2.0/24, " + caller + request, `1:30: "192.0.2.0/24" is not an IP address; write one address`},
		{"time", "name: a, time: noon, " + caller + request, `1:26: "noon" is not a time; write it like 2026`},
		{"expect", "name: a, " + caller + "request: GET /v2/, expect: denied", `"denied" is not an outcome; write allowed, implicitDeny`},
		{"no expect", "name: a, " + caller + "request: GET /v2/", `"" is not an outcome; write allowed`},
		{"unavailable", "name: a, " + caller + "request: GET /v2/, expect: unavailable", `"unavailable" is not an outcome; write allowed`},
		{"sid without a matched statement", "name: a, sid: b, " + caller + "request: GET /v2/, expect: implicitDeny", "sid is set, but no statement determines expect: implicitDeny; remove sid, or change expect"},
		{"denied and allowed", "name: a, denied: ecr:PutImage, " + caller + request, "denied is set, but expect: allowed never denies an action; remove denied, or change expect"},
		{"denied of an action", "name: a, denied: ecr:GetAuthorizationToken, " + caller + "action: ecr:GetAuthorizationToken, expect: implicitDeny", "denied cannot be combined with action; remove denied"},
		{"misspelled denied", "name: a, denied: ecr:PutImages, " + caller + "request: GET /v2/, expect: implicitDeny", `"ecr:PutImages" is not an action of ECR; write one such as ecr:BatchGetImage`},
		{"type", "name: [a], " + caller + request, "1:17: a list is given where a string is expected; write a string"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse("a.yaml", []byte("tests: [ {"+c.test+"} ]\n"))
			if err == nil || !strings.HasPrefix(err.Error(), "a.yaml:1:") || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "c2VjcmV0") {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
	for _, c := range []struct{ text, want string }{
		{"", "a.yaml: the file is empty"},
		{"tests: []\n", "a.yaml:1:8: the file contains no test; add one"},
		{"tests:\n- {name: a, " + caller + request + "}\n- {name: a, " + caller + request + "}\n", `a.yaml:3:10: another test has the name "a"; give each test its own name`},
	} {
		if _, err := Parse("a.yaml", []byte(c.text)); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q: %v, want %s", c.text, err, c.want)
		}
	}
}

// FuzzParse checks that no text makes Parse panic, and that the tests it returns are complete.
func FuzzParse(f *testing.F) {
	f.Add([]byte("tests:\n- {name: a, anonymous: true, request: GET /v2/, expect: refused}\n"))
	f.Add([]byte("tests:\n- {name: a, credential: {token: a, claims: {b: [1, null]}}, action: ecr:PutImage, resource: x, expect: allowed, sid: s}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		tests, err := Parse("a.yaml", text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "a.yaml:") {
				t.Errorf("%v", err)
			}
			return
		}
		for _, test := range tests {
			if test.Name == "" || (test.Path == "") == (test.Action == "") || (test.Action == "") != (test.Resource == "") {
				t.Errorf("%+v of %q", test, text)
			}
		}
	})
}

// TestParseReportsAllFaults checks that Parse reports the faults of all tests of a file.
func TestParseReportsAllFaults(t *testing.T) {
	_, err := Parse("a.yaml", []byte(`tests:
- { name: a, anonymous: true, request: GET, time: noon, expect: maybe }
- { name: b, anonymous: true, request: GET /v2/, expect: allowed, color: red }
- { name: c, credential: { token: ci, claims: { a: 2026-01-01, 1: b } }, request: GET /v2/, expect: allowed }
- { name: c, action: ecr:PutImages, expect: allowed }
- { name: d, principal: arn:xx, tags: { "aws:a": b }, action: ecr:PutImage, expect: maybe, denied: ecr:PutImages, sourceIp: x }
- { name: [e], anonimous: true, action: ecr:PutImage, expect: allowed }
- { name: !x f, anonymous: true, reqest: GET /v2/, resource: x, denied: ecr:PutImages, expect: allowed, headers: { a: [b], "c d": e } }
- { name: g, anonymous: true, credential: { token: ci, user: 1, claims: [] }, sourceArn: x, request: GET, action: ecr:PutImage, expect: allowed }
- { name: "\n", anonymous: true,              request: GET /v2/, expect: wrong, denied: ecr:PutImages }
`))
	want := []string{
		`a.yaml:2:40: "GET" is not a request; write METHOD /PATH, such as GET /v2/team/app/manifests/v1`,
		`a.yaml:2:51: "noon" is not a time; write it like 2026-11-25T12:00:00Z`,
		`a.yaml:2:65: "maybe" is not an outcome; write allowed, implicitDeny, explicitDeny, unauthenticated or refused`,
		`a.yaml:3:67: unknown key "color"; fix its name, or remove it`,
		`a.yaml:4:52: "2026-01-01" is not a JSON value; write a string between quotes`,
		`a.yaml:4:64: the name of a claim is not a string; write it between quotes: "1"`,
		`a.yaml:5:3: the test has no caller; write one of principal, credential and anonymous: true`,
		`a.yaml:5:11: another test has the name "c"; give each test its own name`,
		`a.yaml:5:22: "ecr:PutImages" is not an action of ECR; write one such as ecr:BatchGetImage`,
		"a.yaml:6:3: ecr:PutImage needs a resource; write the ARN of a repository",
		`a.yaml:6:25: "arn:xx" is not an ARN; write arn:partition:service:region:account:resource`,
		`a.yaml:6:39: the key or the value of the tag "aws:a" begins with aws:, which is reserved for AWS; use another`,
		`a.yaml:6:85: "maybe" is not an outcome; write allowed, implicitDeny, explicitDeny, unauthenticated or refused`,
		"a.yaml:6:100: denied cannot be combined with action; remove denied",
		`a.yaml:6:125: "x" is not an IP address; write one address, such as 192.0.2.7`,
		"a.yaml:7:3: ecr:PutImage needs a resource; write the ARN of a repository",
		"a.yaml:7:11: a list is given where a string is expected; write a string",
		`a.yaml:7:16: unknown key "anonimous"; did you mean "anonymous"?`,
		"a.yaml:8:11: the tag, which begins with !, changes the type of the value; remove the tag, or put the value in quotes",
		`a.yaml:8:34: unknown key "reqest"; did you mean "request"?`,
		"a.yaml:8:62: resource without action; remove it, because a request determines its resources",
		"a.yaml:8:73: denied is set, but expect: allowed never denies an action; remove denied, or change expect",
		"a.yaml:8:119: a list is given where a string is expected; write a string",
		`a.yaml:8:131: "c d" is not the name of a header; fix it`,
		"a.yaml:9:3: the test has several callers; write one of principal, credential and anonymous: true",
		"a.yaml:9:3: the test needs either request or action; write one of them",
		"a.yaml:9:62: 1 is a number, not a string; put it in quotes",
		"a.yaml:9:90: sourceArn is not the ARN of one resource; write one such as arn:aws:lambda:eu-central-1:123456789012:function:builder",
		"a.yaml:9:90: sourceArn without principal; remove it, because only a principal that is a service calls for a resource",
		`a.yaml:9:102: "GET" is not a request; write METHOD /PATH, such as GET /v2/team/app/manifests/v1`,
		`a.yaml:10:11: name is not one line of text; describe the test in one line`,
		`a.yaml:10:74: "wrong" is not an outcome; write allowed, implicitDeny, explicitDeny, unauthenticated or refused`,
		`a.yaml:10:89: "ecr:PutImages" is not an action of ECR; write one such as ecr:BatchGetImage`,
	}
	var got []string
	for _, d := range diag.Of(err) {
		got = append(got, d.Error())
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
