package simulate

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"extauthz/authz"
	"extauthz/decision"
	"extauthz/iam"
	"extauthz/mapping"
	"extauthz/policystore"
)

// directory is the policy directory of the tests: two registries, of which one
// is TLS; bob pulls, and pushes to team/* over TLS only; nobody may log in as
// eve.
const directory = "testdata/directory"

func snapshot(t testing.TB) *policystore.Snapshot {
	t.Helper()
	s, err := policystore.Load(directory, decision.Options{CacheSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const (
	bob  = "arn:aws:iam::123456789012:user/dev/bob"
	eve  = "arn:aws:iam::123456789012:user/eve"
	team = "arn:aws:ecr:eu-central-1:123456789012:repository/team/app"
)

// decisions are the results in short.
func decisions(a *Answer) string {
	var words []string
	for _, e := range Simulate(nil, a.Questions).EvaluationResults {
		words = append(words, strings.TrimPrefix(e.EvalActionName, "ecr:")+"="+e.EvalDecision)
	}
	return strings.Join(words, " ")
}

func TestAskRequest(t *testing.T) {
	s := snapshot(t)
	noon := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name    string
		inquiry Inquiry
		want    string
		outcome authz.Outcome
	}{
		{"pull", Inquiry{Method: "GET", Path: "/v2/team/app/manifests/v1"}, "GetAuthorizationToken=allowed BatchGetImage=allowed", authz.Allowed},
		{"the session of a role", Inquiry{Principal: session, Method: "GET", Path: "/v2/team/app/manifests/v1"}, "GetAuthorizationToken=allowed BatchGetImage=allowed", authz.Allowed},
		{"push without TLS", Inquiry{Method: "PUT", Path: "/v2/team/app/manifests/v1"}, "GetAuthorizationToken=allowed PutImage=implicitDeny", authz.ImplicitDeny},
		{"push over TLS", Inquiry{Method: "PUT", Path: "/v2/team/app/manifests/v1", TLS: true}, "GetAuthorizationToken=allowed PutImage=allowed", authz.Allowed},
		{"push to the registry that is TLS", Inquiry{Registry: "secure", Method: "PUT", Path: "/v2/team/app/manifests/v1"}, "GetAuthorizationToken=allowed PutImage=allowed", authz.Allowed},
		{"the repository's policy", Inquiry{Method: "GET", Path: "/v2/secret/app/manifests/v1"}, "GetAuthorizationToken=allowed BatchGetImage=explicitDeny", authz.ExplicitDeny},
		{"what the sidecar asks no further", Inquiry{Principal: eve, Method: "GET", Path: "/v2/team/app/manifests/v1"}, "GetAuthorizationToken=implicitDeny", authz.ImplicitDeny},
		{"the tag", Inquiry{Method: "DELETE", Path: "/v2/team/app/manifests/keep"}, "GetAuthorizationToken=allowed BatchDeleteImage=implicitDeny", authz.ImplicitDeny},
		{"another tag", Inquiry{Method: "DELETE", Path: "/v2/team/app/manifests/old"}, "GetAuthorizationToken=allowed BatchDeleteImage=allowed", authz.Allowed},
		{"address and header", Inquiry{Method: "GET", Path: "/v2/team/app/tags/list", Peer: "192.0.2.7", Headers: []mapping.Header{{Name: "user-agent", Value: "crane/1"}}},
			"GetAuthorizationToken=allowed ListImages=allowed", authz.Allowed},
		{"another address", Inquiry{Method: "GET", Path: "/v2/team/app/tags/list", Peer: "198.51.100.7", Headers: []mapping.Header{{Name: "user-agent", Value: "crane/1"}}},
			"GetAuthorizationToken=allowed ListImages=implicitDeny", authz.ImplicitDeny},
		{"time", Inquiry{Method: "GET", Path: "/v2/_catalog", Time: noon}, "GetAuthorizationToken=allowed DescribeRepositories=allowed", authz.Allowed},
		{"later", Inquiry{Method: "GET", Path: "/v2/_catalog", Time: noon.Add(24 * time.Hour)}, "GetAuthorizationToken=allowed DescribeRepositories=implicitDeny", authz.ImplicitDeny},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := c.inquiry
			if i.Principal == "" {
				i.Principal = bob
			}
			if i.Registry == "" {
				i.Registry = "plain"
			}
			a, err := i.Ask(s)
			if err != nil {
				t.Fatal(err)
			}
			if got := decisions(a); got != c.want || a.Result.Decision != c.outcome {
				t.Errorf("%s, %v; want %s, %v", got, a.Result.Decision, c.want, c.outcome)
			}
		})
	}
}

func TestAskActions(t *testing.T) {
	s := snapshot(t)
	i := Inquiry{Principal: bob, Actions: []string{push, pull}, Resources: []string{team, "arn:aws:ecr:eu-central-1:123456789012:repository/secret/app"}, TLS: true, Registry: "plain"}
	a, err := i.Ask(s)
	if err != nil || a.Result != nil {
		t.Fatalf("%v, error %v", a, err)
	}
	if got := decisions(a); got != "PutImage=allowed PutImage=explicitDeny BatchGetImage=allowed BatchGetImage=explicitDeny" {
		t.Error(got)
	}
	r := Simulate(nil, a.Questions)
	if got := matched(r.EvaluationResults[3]); !strings.HasPrefix(got, "accounts/123456789012/eu-central-1/repositories/secret/app/_policy.json(Resource Policy)") {
		t.Error(got)
	}
	i = Inquiry{Principal: bob, Registry: "plain", Actions: []string{"ecr:GetAuthorizationToken"}}
	if a, err = i.Ask(s); err != nil || decisions(a) != "GetAuthorizationToken=allowed" || a.Questions[0].Request.Resource != "*" {
		t.Errorf("%+v, error %v", a, err)
	}
}

// TestContextIsTheSidecars holds that the context of an action is the one that a
// request has.
func TestContextIsTheSidecars(t *testing.T) {
	s := snapshot(t)
	i := Inquiry{Principal: session, Registry: "secure", Peer: "192.0.2.7", Time: time.Unix(1_700_000_000, 0), Method: "GET", Path: "/v2/team/app/tags/list",
		Headers: []mapping.Header{{Name: "user-agent", Value: "crane/1"}, {Name: "referer", Value: "here"}}}
	request, err := i.Ask(s)
	if err != nil {
		t.Fatal(err)
	}
	i.Method, i.Path, i.Actions = "", "", []string{"ecr:ListImages"}
	action, err := i.Ask(s)
	if err != nil {
		t.Fatal(err)
	}
	got, want := action.Questions[0].Request.Context, request.Questions[1].Request.Context
	if fmt.Sprint(got) != fmt.Sprint(want) || len(want) < 10 {
		t.Errorf("context\n%v, of a request\n%v", got, want)
	}
	for key, value := range map[string]string{"aws:SourceIp": "192.0.2.7", "aws:SecureTransport": "true", "aws:EpochTime": "1700000000", "aws:UserAgent": "crane/1",
		"aws:referer": "here", "aws:RequestedRegion": "eu-west-1", "aws:PrincipalArn": "arn:aws:iam::123456789012:role/team/ci"} {
		if e, _ := got.Lookup(key); e.Value != value {
			t.Errorf("%s is %q, want %q", key, e.Value, value)
		}
	}
	if request.Questions[0].Request.Principal.Kind != iam.AssumedRole {
		t.Error("the caller is no session")
	}
}

func TestAskRefuses(t *testing.T) {
	s := snapshot(t)
	for _, c := range []struct {
		name    string
		inquiry Inquiry
		want    string
	}{
		{"no such user", Inquiry{Principal: alice, Registry: "plain", Actions: []string{pull}}, "not among the principals"},
		{"a role", Inquiry{Principal: "arn:aws:iam::123456789012:role/team/ci", Registry: "plain", Actions: []string{pull}}, "write its session"},
		{"no such registry", Inquiry{Principal: bob, Registry: "x", Actions: []string{pull}}, `no registry "x" in registries.yaml; it has plain, secure`},
		{"two registries", Inquiry{Principal: bob, Actions: []string{pull}}, "name the registry that is asked; registries.yaml has plain, secure"},
		{"a resource elsewhere", Inquiry{Principal: bob, Actions: []string{pull}, Resources: []string{otherRepo}}, "has the account and region of the resources"},
		{"a resource of the other", Inquiry{Principal: bob, Registry: "secure", Actions: []string{pull}, Resources: []string{team}}, `is not of registry "secure", which is arn:aws:ecr:eu-west-1:123456789012:repository/*`},
		{"no resource", Inquiry{Principal: bob, Registry: "plain", Actions: []string{pull}, Resources: []string{"team"}}, "is not an ARN"},
		{"an action with a wildcard", Inquiry{Principal: bob, Registry: "plain", Actions: []string{"ecr:*"}}, "holds a wildcard"},
		{"what the mapping refuses", Inquiry{Principal: bob, Registry: "plain", Method: "GET", Path: "/v2/team/../app/manifests/v1"}, "is answered with 400 before any policy is consulted"},
		{"another host", Inquiry{Principal: bob, Registry: "plain", Method: "GET", Path: "/v2/", Headers: []mapping.Header{{Name: "host", Value: "evil.example.com"}}}, "is answered with 421"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if a, err := c.inquiry.Ask(s); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%+v, error %v; want %q", a, err, c.want)
			}
		})
	}
	i := Inquiry{Principal: bob, Actions: []string{pull}, Resources: []string{team}}
	if a, err := i.Ask(s); err != nil || decisions(a) != "BatchGetImage=allowed" {
		t.Errorf("the registry of the resources is not found: %v", err)
	}
}
