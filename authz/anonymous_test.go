package authz

import (
	"context"
	"maps"
	"strings"
	"testing"

	"extauthz/mapping"
)

// public returns a checker of the directory with three registries that serve anonymous
// callers. The repository policy of public/app grants access to every caller, and that of
// service/app to a service.
func public(t testing.TB) *Checker {
	t.Helper()
	contents := maps.Clone(directory)
	contents["registries.yaml"] = `registries:
- {name: main, hosts: [localhost], account: "123456789012", region: eu-central-1}
- {name: public, hosts: [localhost], account: "123456789012", region: eu-central-1, anonymous: true, realm: The realm}
- {name: tokens, hosts: [localhost], account: "123456789012", region: eu-central-1, anonymous: true, challenge: bearer, tokenRealm: "https://t/"}
- {name: hidden, hosts: [localhost], account: "123456789012", region: eu-central-1, anonymous: true, hideExistence: true, realm: The realm}
`
	contents["accounts/123456789012/eu-central-1/repositories/public/app/_policy.json"] = `{"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Principal":"*","Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"]},
  {"Effect":"Deny","Principal":"*","Action":"ecr:BatchGetImage","Condition":{"StringEquals":{"aws:PrincipalType":"Anonymous","oci:Reference":"internal"}}}]}`
	contents["accounts/123456789012/eu-central-1/repositories/service/app/_policy.json"] = `{"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Principal":{"Service":"codebuild.amazonaws.com"},"Action":"ecr:BatchGetImage","Condition":{"Bool":{"aws:PrincipalIsAWSService":"true"}}},
  {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"ecr:BatchGetImage"}]}`
	return newCheckerOf(t, contents, "alice", "bob", "carol", "dave")
}

// TestAnonymous checks requests without a valid credential.
func TestAnonymous(t *testing.T) {
	checker := public(t)
	wrong := mapping.Header{Name: "authorization", Value: "Basic Ym9iOndyb25n"}
	for _, c := range []struct {
		name, registry, method, path string
		headers                      []mapping.Header
		decision                     Outcome
		status                       int
	}{
		{"pull of a public image", "public", "GET", "/v2/public/app/manifests/v1", nil, Allowed, 0},
		{"pull of its layer", "public", "GET", "/v2/public/app/blobs/" + digest, nil, Allowed, 0},
		{"/v2/", "public", "GET", "/v2/", nil, Allowed, 0},
		{"pull that the policy denies to anonymous callers", "public", "GET", "/v2/public/app/manifests/internal", nil, ExplicitDeny, 401},
		{"pull that no policy allows", "public", "GET", "/v2/team/app/manifests/v1", nil, ImplicitDeny, 401},
		{"push", "public", "PUT", "/v2/public/app/manifests/v1", nil, ImplicitDeny, 401},
		{"pull that only the account is allowed", "public", "GET", "/v2/service/app/manifests/v1", nil, ImplicitDeny, 401},
		{"catalog", "public", "GET", "/v2/_catalog", nil, ImplicitDeny, 401},
		{"hidden", "hidden", "GET", "/v2/secret/app/manifests/v1", nil, ExplicitDeny, 401},
		{"hostile path", "public", "GET", "/v2/public%2fapp/manifests/v1", nil, Refused, 400},
		{"a wrong password is not anonymous", "public", "GET", "/v2/public/app/manifests/v1", []mapping.Header{wrong}, Unauthenticated, 401},
		{"nor on /v2/", "public", "GET", "/v2/", []mapping.Header{wrong}, Unauthenticated, 401},
		{"nor is an unknown scheme", "public", "GET", "/v2/public/app/manifests/v1", []mapping.Header{{Name: "authorization", Value: "Negotiate x"}}, Unauthenticated, 401},
		{"nor an empty header", "public", "GET", "/v2/public/app/manifests/v1", []mapping.Header{{Name: "authorization"}}, Unauthenticated, 401},
		{"with tokens, pull", "tokens", "GET", "/v2/public/app/manifests/v1", nil, Allowed, 0},
		{"with tokens, /v2/", "tokens", "GET", "/v2/", nil, Unauthenticated, 401},
		{"pull where anonymous callers are not served", "main", "GET", "/v2/public/app/manifests/v1", nil, Unauthenticated, 401},
		{"/v2/ where anonymous callers are not served", "main", "GET", "/v2/", nil, Unauthenticated, 401},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := from("", c.method, c.path, c.headers...)
			r.Extensions = Extensions{Registry: c.registry}
			result := checker.Check(context.Background(), r)
			if result.Decision != c.decision || result.Answer.Status != c.status || result.Answer.Allowed != (c.decision == Allowed) {
				t.Fatalf("%s %d (%s), want %s %d", result.Decision, result.Answer.Status, result.Reason, c.decision, c.status)
			}
			if got := header(result, "www-authenticate") != ""; got != (c.status == 401) {
				t.Errorf("a challenge with %d: %t", c.status, got)
			}
			for _, p := range result.Evaluations {
				if p.Action == mapping.GetAuthorizationToken {
					t.Error("an anonymous caller needs a token")
				}
			}
		})
	}
}

// TestAnonymousAndUsers checks that anonymous access does not change the access of users.
func TestAnonymousAndUsers(t *testing.T) {
	checker := public(t)
	for _, c := range []struct {
		user string
		want Outcome
	}{{"bob", Allowed}, {"carol", ImplicitDeny}, {"dave", ExplicitDeny}} {
		r := from(c.user, "GET", "/v2/public/app/manifests/v1")
		r.Extensions = Extensions{Registry: "public"}
		if got := checker.Check(context.Background(), r); got.Decision != c.want || got.Principal == "anonymous" {
			t.Errorf("%s as %s: %s (%s)", c.user, got.Principal, got.Decision, got.Reason)
		}
	}
}

// TestAnonymousReason checks the reason for denying an anonymous caller.
func TestAnonymousReason(t *testing.T) {
	r := from("", "PUT", "/v2/public/app/manifests/v1")
	r.Extensions = Extensions{Registry: "public"}
	result := public(t).Check(context.Background(), r)
	const want = "User: anonymous is not authorized to perform: ecr:PutImage on resource: arn:aws:ecr:eu-central-1:123456789012:repository/public/app because no resource-based policy allows the ecr:PutImage action"
	if result.Reason != want || !strings.Contains(string(result.Answer.Body), want) || result.Principal != "anonymous" || result.Source != "" {
		t.Errorf("%s by %q from %q: %s", result.Reason, result.Principal, result.Source, result.Answer.Body)
	}
}

// TestService checks that only resource-based policies decide about a service, and that it
// does not log in.
func TestService(t *testing.T) {
	checker := public(t)
	service, err := checker.Snapshots().CallerNamed("codebuild.amazonaws.com")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		method, path string
		want         Outcome
		status       int
	}{
		{"GET", "/v2/", Allowed, 0},
		{"GET", "/v2/service/app/manifests/v1", Allowed, 0},
		{"GET", "/v2/team/app/manifests/v1", ImplicitDeny, 403},
		{"PUT", "/v2/service/app/manifests/v1", ImplicitDeny, 403},
	} {
		for _, registry := range []string{"main", "tokens"} {
			r := from("", c.method, c.path)
			r.Extensions = Extensions{Registry: registry}
			if got := checker.CheckAs(service, r); got.Decision != c.want || got.Answer.Status != c.status || got.Principal != "codebuild.amazonaws.com" {
				t.Errorf("%s %s at %s: %s %d (%s)", c.method, c.path, registry, got.Decision, got.Answer.Status, got.Reason)
			}
		}
	}
}
