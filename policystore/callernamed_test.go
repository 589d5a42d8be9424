package policystore

import (
	"fmt"
	"strings"
	"testing"

	"extauthz/iam"
	"extauthz/identity"
)

func TestCallerNamed(t *testing.T) {
	s, err := load(t, small())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ arn, principalARN, refused string }{
		{"arn:aws:iam::123456789012:user/dev/alice", "arn:aws:iam::123456789012:user/dev/alice", ""},
		{"arn:aws:sts::123456789012:assumed-role/ci/any-session", "arn:aws:iam::123456789012:role/team/ci", ""},
		{"arn:aws:iam::123456789012:user/alice", "", "not among the principals"},
		{"arn:aws:sts::123456789012:assumed-role/cd/build", "", "not among the principals"},
		{"arn:aws:iam::123456789012:role/team/ci", "", "is a role"},
		{"arn:aws:sts::123456789012:federated-user/carol", "", "write the user who federates it"},
		{"alice", "", "is not an ARN"},
	} {
		t.Run(c.arn, func(t *testing.T) {
			caller, err := s.CallerNamed(c.arn)
			if c.refused != "" {
				if err == nil || !strings.Contains(err.Error(), c.refused) {
					t.Errorf("caller %v, error %v; want %q", caller, err, c.refused)
				}
				return
			}
			if err != nil || caller.Principal.ARN != c.arn {
				t.Fatalf("caller %v, error %v", caller, err)
			}
			if e, _ := caller.Context.Lookup("aws:PrincipalArn"); e.Value != c.principalARN {
				t.Errorf("aws:PrincipalArn is %q, want %q", e.Value, c.principalARN)
			}
			r := &iam.Request{Principal: &caller.Principal, Action: "ecr:BatchGetImage", Resource: "arn:aws:ecr:eu-central-1:123456789012:repository/a"}
			if d := s.Decisions.Decide(r, nil); d != iam.Allowed {
				t.Errorf("the policies of the caller do not bear on it: %v", d)
			}
		})
	}
}

// A root user and a service need no entry and have no policies. The root user has
// full access to its own account (IAM User Guide, "AWS account root user").
func TestCallerNamedWithoutEntry(t *testing.T) {
	s, err := load(t, small())
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, key string
		want      iam.Decision
	}{
		{"arn:aws:iam::123456789012:root", "aws:PrincipalArn", iam.Allowed},
		{"arn:aws:iam::210987654321:root", "aws:PrincipalArn", iam.ImplicitDeny},
		{"codebuild.amazonaws.com", "aws:PrincipalServiceName", iam.ImplicitDeny},
	} {
		name := test.name
		caller, err := s.CallerNamed(name)
		if err != nil {
			t.Fatal(err)
		}
		if e, _ := caller.Context.Lookup(test.key); e.Value != name || caller.Source != "arn" {
			t.Errorf("%s from %s: %s is %q", name, caller.Source, test.key, e.Value)
		}
		if d := decide(s, caller, "ecr:BatchGetImage"); d != test.want {
			t.Errorf("%s: %v, want %v", name, d, test.want)
		}
	}
}

func TestRegistryNamed(t *testing.T) {
	contents := small()
	contents["registries.yaml"] = "registries:\n- {name: b, hosts: [b.example.com, b2.example.com], account: \"123456789012\", region: eu-west-1}\n" +
		"- {name: a, hosts: [localhost], account: \"123456789012\", region: eu-central-1}\n"
	s, err := load(t, contents)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(s.RegistryNames()); got != "[a b]" {
		t.Errorf("names %s", got)
	}
	if r := s.RegistryNamed("b"); r == nil || r.Region != "eu-west-1" || r.Host() != "b.example.com" {
		t.Errorf("registry b is %+v", r)
	}
	if r := s.RegistryNamed("c"); r != nil {
		t.Errorf("registry c is %+v", r)
	}
}

func decide(s *Snapshot, caller *identity.Caller, action string) iam.Decision {
	return s.Decisions.Decide(&iam.Request{
		Principal: &caller.Principal, Action: action, Resource: "arn:aws:ecr:eu-central-1:123456789012:repository/a", Context: caller.Context,
	}, caller.SessionPolicies)
}
