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

// directory is the policy directory of the tests. It has two registries, one with TLS.
// bob may pull, and push to team/* over TLS only. eve may not log in.
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

// decisions summarizes the results.
func decisions(evaluations []Evaluation) string {
	var parts []string
	for _, e := range Simulate(nil, evaluations).EvaluationResults {
		parts = append(parts, strings.TrimPrefix(e.EvalActionName, "ecr:")+"="+e.EvalDecision)
	}
	return strings.Join(parts, " ")
}

func TestEvaluateRequest(t *testing.T) {
	s := snapshot(t)
	noon := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name    string
		input   DirectoryInput
		want    string
		outcome authz.Outcome
	}{
		{"pull", DirectoryInput{ClientRequest: ClientRequest{Method: "GET", Path: "/v2/team/app/manifests/v1"}}, "GetAuthorizationToken=allowed BatchGetImage=allowed", authz.Allowed},
		{"the session of a role", DirectoryInput{Principal: session, ClientRequest: ClientRequest{Method: "GET", Path: "/v2/team/app/manifests/v1"}}, "GetAuthorizationToken=allowed BatchGetImage=allowed", authz.Allowed},
		{"push without TLS", DirectoryInput{ClientRequest: ClientRequest{Method: "PUT", Path: "/v2/team/app/manifests/v1"}}, "GetAuthorizationToken=allowed PutImage=implicitDeny", authz.ImplicitDeny},
		{"push over TLS", DirectoryInput{ClientRequest: ClientRequest{Method: "PUT", Path: "/v2/team/app/manifests/v1", TLS: true}}, "GetAuthorizationToken=allowed PutImage=allowed", authz.Allowed},
		{"push to the registry with TLS", DirectoryInput{Registry: "secure", ClientRequest: ClientRequest{Method: "PUT", Path: "/v2/team/app/manifests/v1"}}, "GetAuthorizationToken=allowed PutImage=allowed", authz.Allowed},
		{"the repository's policy", DirectoryInput{ClientRequest: ClientRequest{Method: "GET", Path: "/v2/secret/app/manifests/v1"}}, "GetAuthorizationToken=allowed BatchGetImage=explicitDeny", authz.ExplicitDeny},
		{"stops at the first denial", DirectoryInput{Principal: eve, ClientRequest: ClientRequest{Method: "GET", Path: "/v2/team/app/manifests/v1"}}, "GetAuthorizationToken=implicitDeny", authz.ImplicitDeny},
		{"the tag", DirectoryInput{ClientRequest: ClientRequest{Method: "DELETE", Path: "/v2/team/app/manifests/keep"}}, "GetAuthorizationToken=allowed BatchDeleteImage=implicitDeny", authz.ImplicitDeny},
		{"another tag", DirectoryInput{ClientRequest: ClientRequest{Method: "DELETE", Path: "/v2/team/app/manifests/old"}}, "GetAuthorizationToken=allowed BatchDeleteImage=allowed", authz.Allowed},
		{"address and header", DirectoryInput{ClientRequest: ClientRequest{Method: "GET", Path: "/v2/team/app/tags/list", Peer: "192.0.2.7", Headers: []mapping.Header{{Name: "user-agent", Value: "crane/1"}}}},
			"GetAuthorizationToken=allowed ListImages=allowed", authz.Allowed},
		{"another address", DirectoryInput{ClientRequest: ClientRequest{Method: "GET", Path: "/v2/team/app/tags/list", Peer: "198.51.100.7", Headers: []mapping.Header{{Name: "user-agent", Value: "crane/1"}}}},
			"GetAuthorizationToken=allowed ListImages=implicitDeny", authz.ImplicitDeny},
		{"time", DirectoryInput{ClientRequest: ClientRequest{Method: "GET", Path: "/v2/_catalog", Time: noon}}, "GetAuthorizationToken=allowed DescribeRepositories=allowed", authz.Allowed},
		{"later", DirectoryInput{ClientRequest: ClientRequest{Method: "GET", Path: "/v2/_catalog", Time: noon.Add(24 * time.Hour)}}, "GetAuthorizationToken=allowed DescribeRepositories=implicitDeny", authz.ImplicitDeny},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := c.input
			if i.Principal == "" {
				i.Principal = bob
			}
			if i.Registry == "" {
				i.Registry = "plain"
			}
			evaluations, result, err := i.Evaluate(s)
			if err != nil {
				t.Fatal(err)
			}
			if got := decisions(evaluations); got != c.want || result.Decision != c.outcome {
				t.Errorf("%s, %v; want %s, %v", got, result.Decision, c.want, c.outcome)
			}
		})
	}
}

func TestEvaluateActions(t *testing.T) {
	s := snapshot(t)
	i := DirectoryInput{Principal: bob, Actions: []string{push, pull}, Resources: []string{team, "arn:aws:ecr:eu-central-1:123456789012:repository/secret/app"}, Registry: "plain", ClientRequest: ClientRequest{TLS: true}}
	evaluations, result, err := i.Evaluate(s)
	if err != nil || result != nil {
		t.Fatalf("%v, error %v", result, err)
	}
	if got := decisions(evaluations); got != "PutImage=allowed PutImage=explicitDeny BatchGetImage=allowed BatchGetImage=explicitDeny" {
		t.Error(got)
	}
	r := Simulate(nil, evaluations)
	if got := matched(r.EvaluationResults[3]); !strings.HasPrefix(got, "accounts/123456789012/eu-central-1/repositories/secret/app/_policy.json(Resource Policy)") {
		t.Error(got)
	}
	i = DirectoryInput{Principal: bob, Registry: "plain", Actions: []string{"ecr:GetAuthorizationToken"}}
	if evaluations, _, err = i.Evaluate(s); err != nil || decisions(evaluations) != "GetAuthorizationToken=allowed" || evaluations[0].Request.Resource != "*" {
		t.Errorf("%+v, error %v", evaluations, err)
	}
}

// TestContextOfAction checks that the context of an action is that of a request.
func TestContextOfAction(t *testing.T) {
	s := snapshot(t)
	i := DirectoryInput{Principal: session, Registry: "secure", ClientRequest: ClientRequest{Peer: "192.0.2.7", Time: time.Unix(1_700_000_000, 0), Method: "GET", Path: "/v2/team/app/tags/list", Headers: []mapping.Header{{Name: "user-agent", Value: "crane/1"}, {Name: "referer", Value: "here"}}}}
	request, _, err := i.Evaluate(s)
	if err != nil {
		t.Fatal(err)
	}
	i.Method, i.Path, i.Actions = "", "", []string{"ecr:ListImages"}
	action, _, err := i.Evaluate(s)
	if err != nil {
		t.Fatal(err)
	}
	got, want := action[0].Request.Context, request[1].Request.Context
	if fmt.Sprint(got) != fmt.Sprint(want) || len(want) < 10 {
		t.Errorf("context\n%v, of a request\n%v", got, want)
	}
	for key, value := range map[string]string{"aws:SourceIp": "192.0.2.7", "aws:SecureTransport": "true", "aws:EpochTime": "1700000000", "aws:UserAgent": "crane/1",
		"aws:referer": "here", "aws:RequestedRegion": "eu-west-1", "aws:PrincipalArn": "arn:aws:iam::123456789012:role/team/ci"} {
		if e, _ := got.Lookup(key); e.Value != value {
			t.Errorf("%s is %q, want %q", key, e.Value, value)
		}
	}
	if request[0].Request.Principal.Kind != iam.AssumedRole {
		t.Error("the caller is not a session")
	}
}

func TestEvaluateRejects(t *testing.T) {
	s := snapshot(t)
	for _, c := range []struct {
		name  string
		input DirectoryInput
		want  string
	}{
		{"unknown user", DirectoryInput{Principal: alice, Registry: "plain", Actions: []string{pull}}, "not among the principals"},
		{"a role", DirectoryInput{Principal: "arn:aws:iam::123456789012:role/team/ci", Registry: "plain", Actions: []string{pull}}, "write the ARN of a session"},
		{"unknown registry", DirectoryInput{Principal: bob, Registry: "x", Actions: []string{pull}}, `registry "x" does not exist; give one of plain, secure`},
		{"two registries", DirectoryInput{Principal: bob, Actions: []string{pull}}, "the directory has several registries; name one of plain, secure"},
		{"a resource in another account", DirectoryInput{Principal: bob, Actions: []string{pull}, Resources: []string{otherRepo}}, "has the account and region of the resources"},
		{"a resource of the other registry", DirectoryInput{Principal: bob, Registry: "secure", Actions: []string{pull}, Resources: []string{team}}, `does not belong to registry "secure", whose repositories are arn:aws:ecr:eu-west-1:123456789012:repository/*`},
		{"a resource that is not an ARN", DirectoryInput{Principal: bob, Registry: "plain", Actions: []string{pull}, Resources: []string{"team"}}, "is not an ARN"},
		{"an action with a wildcard", DirectoryInput{Principal: bob, Registry: "plain", Actions: []string{"ecr:*"}}, "contains a wildcard"},
		{"a request that the mapping refuses", DirectoryInput{Principal: bob, Registry: "plain", ClientRequest: ClientRequest{Method: "GET", Path: "/v2/team/../app/manifests/v1"}}, "is answered with 400 before any policy is evaluated"},
		{"another host", DirectoryInput{Principal: bob, Registry: "plain", ClientRequest: ClientRequest{Method: "GET", Path: "/v2/", Headers: []mapping.Header{{Name: "host", Value: "evil.example.com"}}}}, "is answered with 421"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if evaluations, _, err := c.input.Evaluate(s); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%+v, error %v; want %q", evaluations, err, c.want)
			}
		})
	}
	i := DirectoryInput{Principal: bob, Actions: []string{pull}, Resources: []string{team}}
	if evaluations, _, err := i.Evaluate(s); err != nil || decisions(evaluations) != "BatchGetImage=allowed" {
		t.Errorf("the registry of the resource is not found: %v", err)
	}
}
