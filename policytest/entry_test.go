package policytest

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"extauthz/authz"
	_ "extauthz/goldentest" // accept -update
	"extauthz/identity"
	"extauthz/identity/oidc"
	"extauthz/identity/sts"
	"extauthz/mapping"
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
			Method: "PUT", Path: "/v2/team/app/manifests/v1?tag=v2",
			Headers: []mapping.Header{{Name: "content-length", Value: "0"}, {Name: "user-agent", Value: "crane"}},
			Tags:    []sts.Tag{{Key: "app"}, {Key: "team", Value: "blue"}},
			Peer:    "192.0.2.7", TLS: true, Expect: authz.ExplicitDeny, Denied: "ecr:putImage", Sid: "Only alice",
		},
		{File: "tests/a.yaml", Line: 14, Name: "an action", Anonymous: true, Action: "ecr:GetAuthorizationToken", Resource: "*", Expect: authz.ImplicitDeny},
		{
			File: "tests/a.yaml", Line: 18, Name: "a token", Method: "GET", Path: "/v2/", Expect: authz.Allowed,
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

// TestParseRefuses holds that each mistake is one line with its place and remedy.
func TestParseRefuses(t *testing.T) {
	const who, what = "principal: arn:aws:iam::123456789012:user/bob, ", "request: GET /v2/, expect: allowed"
	for _, c := range []struct{ name, test, want string }{
		{"no name", who + what, "1:10: name: say in one line"},
		{"a name of two lines", `name: "a\nb", ` + who + what, "1:17: name: say in one line"},
		{"unknown key", "name: a, user: bob, " + what, `1:20: unknown key "user"; fix its name, or remove it`},
		{"nobody", "name: a, " + what, "1:10: say who asks by one of principal, credential and anonymous"},
		{"two of them", "name: a, anonymous: true, " + who + what, "1:10: say who asks"},
		{"tags of a credential", "name: a, credential: {basic: a}, tags: {team: blue}, " + what, "1:50: tags: only a principal is given session tags here"},
		{"a source of a credential", "name: a, credential: {basic: a}, sourceArn: 'arn:aws:lambda:us-east-1:123456789012:function:f', " + what, "1:55: sourceArn: only a principal that is a service calls for a resource here"},
		{"a source's account that is none", "name: a, sourceAccount: x, " + who + what, "1:35: sourceAccount: write the 12 digits"},
		{"a source that is not an ARN", "name: a, sourceArn: x, " + who + what, "1:31: sourceArn: write the ARN of one resource"},
		{"no credential", "name: a, credential: {}, " + what, "1:32: credential has no name; write one of uri, dns"},
		{"two credentials", "name: a, credential: {basic: a, dns: b}, " + what, "1:32: credential has both basic and dns; keep one"},
		{"unknown credential", "name: a, credential: {password: secret}, " + what, `1:33: unknown key "password"; fix its name, or remove it`},
		{"claims of a user", "name: a, credential: {basic: a, claims: {sub: b}}, " + what, "1:51: claims: only a token has claims"},
		{"user of a user", "name: a, credential: {basic: a, user: AWS}, " + what, "1:49: user: only a token"},
		{"AWS without token", "name: a, credential: {basic: AWS}, " + what, "1:40: basic: this user's password is a token"},
		{"a token's user", "name: a, credential: {token: a, user: bob}, " + what, "1:49: user: a token is the password of AWS or of ACCOUNT/ROLE"},
		{"claims that are a list", "name: a, credential: {token: a, claims: [sub]}, " + what, "1:51: claims: write a mapping"},
		{"a claim that is a date", "name: a, credential: {token: a, claims: {sub: 2026-01-01}}, " + what, `1:51: claims, line 1: "2026-01-01" is nothing that JSON has; put it between quotes`},
		{"a claim that is infinite", "name: a, credential: {token: a, claims: {sub: .inf}}, " + what, "is nothing that JSON has"},
		{"a claim without text for a name", "name: a, credential: {token: a, claims: {1: b}}, " + what, `the name of a claim is text; put "1" between quotes`},
		{"a claim twice", "name: a, credential: {token: a, claims: {sub: b, sub: c}}, " + what, `the claim "sub" is there twice; keep one`},
		{"an alias", "name: &n a, credential: {token: a, claims: {sub: *n}}, " + what, "an alias has no place here"},
		{"claims too deep", "name: a, credential: {token: a, claims: {a: " + strings.Repeat("[", 20) + strings.Repeat("]", 20) + "}}, " + what, "nested too deep"},
		{"nothing asked", "name: a, " + who + "expect: allowed", "1:10: say what is asked by either request or action"},
		{"both asked", "name: a, action: ecr:PutImage, " + who + what, "1:10: say what is asked"},
		{"resource of a request", "name: a, resource: x, " + who + what, "1:30: resource: only an action has one"},
		{"request without path", "name: a, " + who + "request: GET, expect: allowed", `request "GET": write METHOD /PATH`},
		{"misspelt action", "name: a, " + who + "action: ecr:PutImages, expect: allowed", `"ecr:PutImages" is no action of ECR`},
		{"wildcard action", "name: a, " + who + "action: ecr:*, expect: allowed", `"ecr:*" is no action of ECR`},
		{"action without resource", "name: a, " + who + "action: ecr:PutImage, expect: allowed", `resource "*": ecr:PutImage; write the ARN of a repository`},
		{"resource of an action that takes none", "name: a, " + who + "action: ecr:GetAuthorizationToken, resource: x, expect: allowed", `resource "x": ecr:GetAuthorizationToken`},
		{"a header's name", "name: a, headers: {'a b': c}, " + who + what, `"a b" is no name of a header`},
		{"a header's name with a colon", "name: a, headers: {'a:b': c}, " + who + what, `"a:b" is no name of a header`},
		{"a credential in a header", "name: a, headers: {Authorization: Basic c2VjcmV0}, " + who + what, "headers: a credential has no place here"},
		{"sourceIp", "name: a, sourceIp: 192.0.2.0/24, " + who + what, `1:30: sourceIp "192.0.2.0/24": write one address`},
		{"time", "name: a, time: noon, " + who + what, `1:26: time "noon": write it as in 2026`},
		{"expect", "name: a, " + who + "request: GET /v2/, expect: denied", `expect "denied": write allowed, implicitDeny`},
		{"no expect", "name: a, " + who + "request: GET /v2/", `expect "": write allowed`},
		{"unavailable", "name: a, " + who + "request: GET /v2/, expect: unavailable", `expect "unavailable": write allowed`},
		{"sid of nothing", "name: a, sid: b, " + who + "request: GET /v2/, expect: implicitDeny", "sid: no statement decides where expect is implicitDeny"},
		{"denied and allowed", "name: a, denied: ecr:PutImage, " + who + what, "denied: no action is denied where expect is allowed"},
		{"denied of an action", "name: a, denied: ecr:GetAuthorizationToken, " + who + "action: ecr:GetAuthorizationToken, expect: implicitDeny", "denied: only a request"},
		{"misspelt denied", "name: a, denied: ecr:PutImages, " + who + "request: GET /v2/, expect: implicitDeny", `"ecr:PutImages" is no action of ECR`},
		{"type", "name: [a], " + who + what, "1:17: this is a list; write a string"},
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
		{"tests: []\n", "a.yaml:1:8: no test; write at least one"},
		{"tests:\n- {name: a, " + who + what + "}\n- {name: a, " + who + what + "}\n", `a.yaml:3:10: test "a" is there twice`},
	} {
		if _, err := Parse("a.yaml", []byte(c.text)); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q: %v, want %s", c.text, err, c.want)
		}
	}
}

// FuzzParse holds that no text makes Parse panic, and that what it takes is whole.
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
