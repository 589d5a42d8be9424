package policytest

import (
	"context"
	"encoding/base64"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"extauthz/authz"
	"extauthz/decision"
	"extauthz/identity"
	"extauthz/mapping"
	"extauthz/policystore"
)

// now is the time of all runs.
var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func load(t testing.TB, dir string) *policystore.Snapshot {
	t.Helper()
	s, err := policystore.Load(dir, decision.Options{CacheSize: 16})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestExamples runs the policy tests of the examples.
func TestExamples(t *testing.T) {
	dirs, err := filepath.Glob("../examples/*/policies/tests")
	if err != nil || len(dirs) < 4 {
		t.Fatalf("%d examples have policy tests (%v), want at least 4", len(dirs), err)
	}
	for _, dir := range dirs {
		dir = filepath.Dir(dir)
		tests, err := Load(dir)
		if err != nil {
			t.Fatalf("%s: %v", dir, err)
		}
		if len(tests) < 6 {
			t.Errorf("%s has %d tests, want at least 6", dir, len(tests))
		}
		if results := Run(load(t, dir), tests, now); results.Failed() > 0 {
			var text strings.Builder
			results.WriteTo(&text)
			t.Errorf("%s: %s", dir, text.String())
		}
	}
}

// TestRunDecidesAsCheck checks that the answers for users of the quickstart are those
// that Check returns for their passwords.
func TestRunDecidesAsCheck(t *testing.T) {
	const dir = "../examples/quickstart/policies"
	s := load(t, dir)
	tests, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	checker := &authz.Checker{Snapshots: func() *policystore.Snapshot { return s }}
	r := &runner{snapshot: s, checker: checker, now: now}
	compared := 0
	for _, test := range tests {
		if test.Credential == nil || test.Credential.Kind != identity.BasicUser || test.Credential.Name == "mallory" {
			continue
		}
		compared++
		request := test.ForRegistry(s.RegistryNamed("quickstart"))
		request.Time = now
		user := test.Credential.Name
		request.Headers = append(slices.Clip(request.Headers), mapping.Header{
			Name: "authorization", Value: "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+user+"-secret")),
		})
		result := checker.Check(context.Background(), request)
		if answer, err := r.run(test); err != nil || answer.Outcome != result.Decision || answer.Reason != result.Reason {
			t.Errorf("%s: %+v, %v; Check has %v: %s", test.Name, answer, err, result.Decision, result.Reason)
		}
	}
	if compared < 10 {
		t.Errorf("%d tests compared, want at least 10", compared)
	}
}

// twoRegistries is a policy directory. One of its registries accepts a header, hides
// which repositories exist, and is behind proxies. Its policies have conditions on the
// context.
var twoRegistries = map[string]string{
	"registries.yaml": `registries:
- {name: main, hosts: [registry.example.com], account: "123456789012", region: eu-central-1}
- {name: other, hosts: [other.example.com], account: "210987654321", region: eu-central-1, sources: [header, bearer, basic], header: x-user, trustedHops: 1, hideExistence: true, anonymous: true}
`,
	"principals.yaml": `issuers:
- {name: ci, issuer: "https://ci.example.com", jwks: "https://ci.example.com/jwks", role: "arn:aws:iam::123456789012:role/ci"}
- {name: mesh, issuer: "https://mesh.example.com", metadata: mesh}
- {name: sso, issuer: "https://sso.example.com/realms/acme", metadata: sso}
- {name: bitbucket, issuer: "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc", metadata: bitbucket}
credentials:
- {uri: "spiffe://example.com/{name}", principal: "arn:aws:iam::123456789012:user/{name}"}
- {subject: "CN=dave,O=ops", principal: "arn:aws:iam::123456789012:user/dave"}
- {header: "{name}", principal: "arn:aws:iam::123456789012:user/{name}"}
- {token: mesh, claims: {sub: "{name}"}, principal: "arn:aws:iam::123456789012:user/{name}"}
- {token: sso, claims: {groups: "developers"}, principal: "arn:aws:iam::123456789012:user/dave"}
- {token: bitbucket, claims: {repositoryUuid: "{{11111111-2222-4333-8444-555555555555}}", branchName: main}, principal: "arn:aws:iam::123456789012:user/dave"}
- {token: bitbucket, claims: {workspaceUuid: "{{{workspace}}}", branchName: "release"}, principal: "arn:aws:sts::123456789012:assumed-role/ci/{workspace}"}
principals:
- {arn: "arn:aws:iam::123456789012:user/dave", policies: [careful]}
- {arn: "arn:aws:iam::123456789012:role/ci", policies: [careful, tagged], trust: ci, tags: {team: red}}
`,
	"managed/careful.json": `{"Version": "2012-10-17", "Statement": [
  {"Sid": "Login", "Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
  {"Sid": "Pull", "Effect": "Allow", "Action": "ecr:BatchGetImage", "Resource": "*"},
  {"Sid": "PushFromInside", "Effect": "Allow", "Action": "ecr:PutImage", "Resource": "*", "Condition": {
    "IpAddress": {"aws:SourceIp": "192.0.2.0/24"}, "Bool": {"aws:SecureTransport": "true"},
    "DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}, "StringEquals": {"aws:UserAgent": "crane"}}}
]}`,
	"managed/tagged.json": `{"Version": "2012-10-17", "Statement": [
  {"Sid": "Blue", "Effect": "Allow", "Action": "ecr:BatchDeleteImage", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/team": "blue"}}}]}`,
	"trust/ci.json": `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
  "Principal": {"Federated": "arn:aws:iam::123456789012:oidc-provider/ci.example.com"}, "Condition": {
    "StringEquals": {"ci.example.com:sub": "job"}, "IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}}`,
	"accounts/210987654321/eu-central-1/repositories/public/_policy.json": `{"Version": "2012-10-17", "Statement": [
  {"Sid": "Public", "Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}]}`,
	"organization.yaml": "id: o-a1b2c3d4e5\naccounts: {\"123456789012\": o-a1b2c3d4e5/r-ab12/, \"210987654321\": o-a1b2c3d4e5/r-ab12/}\n",
}

// outcomes are tests of that directory, and summaries of their results.
var outcomes = []struct{ name, test, want string }{
	{"from inside", "registry: main, principal: arn:aws:iam::123456789012:user/dave, request: PUT /v2/a/manifests/v1, tls: true, sourceIp: 192.0.2.7, headers: {User-Agent: crane}", "allowed by Login PushFromInside"},
	{"from another network", "registry: main, principal: arn:aws:iam::123456789012:user/dave, request: PUT /v2/a/manifests/v1, tls: true, sourceIp: 198.51.100.7, headers: {User-Agent: crane}", "implicitDeny of ecr:PutImage"},
	{"without TLS", "registry: main, principal: arn:aws:iam::123456789012:user/dave, request: PUT /v2/a/manifests/v1, sourceIp: 192.0.2.7, headers: {User-Agent: crane}", "implicitDeny of ecr:PutImage"},
	{"too late", "registry: main, principal: arn:aws:iam::123456789012:user/dave, request: PUT /v2/a/manifests/v1, tls: true, sourceIp: 192.0.2.7, headers: {User-Agent: crane}, time: 2027-01-01T00:00:00Z", "implicitDeny of ecr:PutImage"},
	{"a certificate is TLS", "registry: main, credential: {uri: spiffe://example.com/dave}, request: PUT /v2/a/manifests/v1, sourceIp: 192.0.2.7, headers: {User-Agent: crane}", "allowed by Login PushFromInside"},
	{"a URI byte for byte", "registry: main, credential: {uri: SPIFFE://example.com/dave}, request: GET /v2/", "unauthenticated"},
	{"a subject", "registry: main, credential: {subject: 'CN=dave,O=ops'}, request: GET /v2/", "allowed by Login"},
	{"a certificate in a registry without mtls", "registry: other, credential: {uri: spiffe://example.com/dave}, request: GET /v2/a/manifests/v1", "implicitDeny of ecr:BatchGetImage"},
	{"an action", "registry: main, principal: arn:aws:iam::123456789012:user/dave, action: ecr:BatchGetImage, resource: arn:aws:ecr:eu-central-1:123456789012:repository/a", "allowed by Pull"},
	{"an action that is denied", "registry: main, principal: arn:aws:iam::123456789012:user/dave, action: ecr:PutImage, resource: arn:aws:ecr:eu-central-1:123456789012:repository/a", "implicitDeny of ecr:PutImage"},
	{"a session without tags", "registry: main, principal: arn:aws:sts::123456789012:assumed-role/ci/job, request: DELETE /v2/a/manifests/v1", "implicitDeny of ecr:BatchDeleteImage"},
	{"a session with tags", "registry: main, principal: arn:aws:sts::123456789012:assumed-role/ci/job, tags: {team: blue}, request: DELETE /v2/a/manifests/v1", "allowed by Login Blue"},
	{"a user with session tags", "registry: main, principal: arn:aws:iam::123456789012:user/dave, tags: {team: blue}, request: GET /v2/", "cannot be run: "},
	{"another account", "registry: other, principal: arn:aws:iam::123456789012:user/dave, request: GET /v2/a/manifests/v1", "implicitDeny of ecr:BatchGetImage"},
	{"a header", "registry: other, credential: {header: dave}, request: GET /v2/public/manifests/v1", "allowed by Login Public Pull"},
	{"a header without a principal", "registry: other, credential: {header: mallory}, request: GET /v2/public/manifests/v1", "unauthenticated"},
	{"a header that is repeated", "registry: other, credential: {header: dave}, headers: {X-User: erin}, request: GET /v2/public/manifests/v1", "unauthenticated"},
	{"anonymous", "registry: other, anonymous: true, request: GET /v2/public/manifests/v1", "allowed by Public"},
	{"anonymous in a registry that requires a credential", "registry: main, anonymous: true, request: GET /v2/public/manifests/v1", "unauthenticated"},
	{"a token", "registry: main, credential: {token: ci, claims: {sub: job}}, request: GET /v2/a/manifests/v1, sourceIp: 192.0.2.7", "allowed by Login Pull"},
	{"a token of another job", "registry: main, credential: {token: ci, claims: {sub: other}}, request: GET /v2/a/manifests/v1, sourceIp: 192.0.2.7", "unauthenticated"},
	{"a token from another network", "registry: main, credential: {token: ci, claims: {sub: job}}, request: GET /v2/a/manifests/v1, sourceIp: 198.51.100.7", "unauthenticated"},
	{"an expired token", "registry: main, credential: {token: ci, claims: {sub: job, exp: 1}}, request: GET /v2/, sourceIp: 192.0.2.7", "unauthenticated"},
	{"a token that Envoy verified", "registry: main, credential: {token: mesh, claims: {sub: dave}}, request: GET /v2/", "allowed by Login"},
	{"a token with a group in a list", "registry: main, credential: {token: sso, claims: {groups: [staff, developers]}}, request: GET /v2/", "allowed by Login"},
	{"a token with other groups", "registry: main, credential: {token: sso, claims: {groups: [staff, 7, true, [developers]]}}, request: GET /v2/", "unauthenticated"},
	{"a claim in braces", "registry: main, credential: {token: bitbucket, claims: {repositoryUuid: '{11111111-2222-4333-8444-555555555555}', branchName: main}}, request: GET /v2/", "allowed by Login"},
	{"the claim without braces", "registry: main, credential: {token: bitbucket, claims: {repositoryUuid: 11111111-2222-4333-8444-555555555555, branchName: main}}, request: GET /v2/", "unauthenticated"},
	{"a captured name in braces", "registry: main, credential: {token: bitbucket, claims: {workspaceUuid: '{0123abcd}', branchName: release}}, request: GET /v2/a/manifests/v1", "allowed by Login Pull"},
	{"a token that Envoy does not verify here", "registry: other, credential: {token: mesh, claims: {sub: dave}}, request: GET /v2/", "unauthenticated"},
	{"a user without password", "registry: main, credential: {basic: dave}, request: GET /v2/", "unauthenticated"},
	{"another host", "registry: main, principal: arn:aws:iam::123456789012:user/dave, headers: {Host: other.example.com}, request: GET /v2/", "refused"},
	{"a path that is refused", "registry: main, principal: arn:aws:iam::123456789012:user/dave, request: GET /v2/a/%2e%2e/b/manifests/v1", "refused"},
	{"several registries", "principal: arn:aws:iam::123456789012:user/dave, request: GET /v2/", "cannot be run: the directory has several registries; name one of main, other"},
	{"an unknown registry", "registry: third, principal: arn:aws:iam::123456789012:user/dave, request: GET /v2/", `cannot be run: registry "third" does not exist`},
	{"an unknown principal", "registry: main, principal: arn:aws:iam::123456789012:user/erin, request: GET /v2/", "cannot be run: "},
	{"an unknown issuer", "registry: main, credential: {token: github}, request: GET /v2/", `cannot be run: registry "main": issuer "github" does not exist`},
	{"a header in a registry without one", "registry: main, credential: {header: dave}, request: GET /v2/", `cannot be run: registry "main": no header of a trusted proxy is configured`},
	{"another registry's repository", "registry: main, principal: arn:aws:iam::123456789012:user/dave, action: ecr:PutImage, resource: arn:aws:ecr:eu-central-1:210987654321:repository/a", `cannot be run: resource "arn:aws:ecr:eu-central-1:210987654321:repository/a" does not belong to registry "main"`},
}

// TestRun checks the results of many kinds of callers.
func TestRun(t *testing.T) {
	s := load(t, directory(t, twoRegistries))
	for _, c := range outcomes {
		t.Run(c.name, func(t *testing.T) {
			tests, err := Parse("a.yaml", []byte("tests: [{name: a, expect: allowed, "+c.test+"}]"))
			if err != nil {
				t.Fatal(err)
			}
			if got := summary(&Run(s, tests, now)[0]); got != c.want && !(strings.HasPrefix(c.want, "cannot") && strings.HasPrefix(got, c.want)) {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// TestTrustedHeaderIsMapped checks that the header of a credential counts for the mapping
// as it does in Check: for a name that the mapping refuses, for one that means that the
// request may have a body, and for another name.
func TestTrustedHeaderIsMapped(t *testing.T) {
	const upload = "PUT /v2/a/blobs/uploads/1?digest=sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	for _, c := range []struct {
		header, request string
		want            authz.Outcome
	}{
		{"x-user", "GET /v2/a/manifests/v1", authz.Allowed},
		{"x-rewrite-url", "GET /v2/a/manifests/v1", authz.Refused},
		{"x-user", upload, authz.Allowed},
		{"transfer-encoding", upload, authz.ImplicitDeny},
	} {
		t.Run(c.header+" "+c.request, func(t *testing.T) {
			s := load(t, directory(t, map[string]string{
				"registries.yaml": `registries:
- {name: main, hosts: [registry.example.com], account: "123456789012", region: eu-central-1, sources: [header], header: ` + c.header + "}\n",
				"principals.yaml": `credentials:
- {header: "{name}", principal: "arn:aws:iam::123456789012:user/{name}"}
principals:
- {arn: "arn:aws:iam::123456789012:user/dave", policies: [careful]}
`,
				"managed/careful.json": `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*",
  "Action": ["ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:CompleteLayerUpload"]}]}`,
			}))
			tests, err := Parse("a.yaml", []byte("tests: [{name: a, expect: allowed, credential: {header: dave}, headers: {Content-Length: '0'}, request: '"+c.request+"'}]"))
			if err != nil {
				t.Fatal(err)
			}
			answer := Run(s, tests, now)[0].Actual

			request := tests[0].ForRegistry(s.RegistryNamed("main"))
			request.Time, request.Extensions.TrustedHeader = now, c.header
			request.Headers = append(slices.Clip(request.Headers), mapping.Header{Name: c.header, Value: "dave"})
			checker := &authz.Checker{Snapshots: func() *policystore.Snapshot { return s }}
			result := checker.Check(context.Background(), request)
			if answer.Outcome != c.want || result.Decision != c.want || answer.Reason != result.Reason {
				t.Errorf("%+v, Check has %v: %s; want %v", answer, result.Decision, result.Reason, c.want)
			}
		})
	}
}

// summary describes a result in one line.
func summary(r *Result) string {
	switch {
	case r.Err != nil:
		return "cannot be run: " + r.Err.Error()
	case r.Actual.Outcome == authz.ImplicitDeny:
		return r.Actual.Outcome.String() + " of " + r.Actual.Action
	}
	text := r.Actual.Outcome.String()
	for i, s := range r.Actual.Matched {
		if i == 0 {
			text += " by"
		}
		text += " " + s.Sid
	}
	return text
}

func BenchmarkRun(b *testing.B) {
	const dir = "../examples/quickstart/policies"
	s := load(b, dir)
	tests, err := Load(dir)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if Run(s, tests, now).Failed() > 0 {
			b.Fatal("a test fails")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(tests)), "ns/test")
}
