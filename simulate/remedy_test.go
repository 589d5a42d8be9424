package simulate

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"extauthz/iam"
)

// TestRemedy checks the remedies for denials of each kind.
func TestRemedy(t *testing.T) {
	const (
		repository = "arn:aws:ecr:eu-central-1:123456789012:repository/team/app"
		allow      = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
		other      = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`
		deny       = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"ecr:*","Resource":"*"}}`
		user       = "arn:aws:iam::123456789012:user/alice"
		outsider   = "arn:aws:iam::999999999999:user/carol"
	)
	for _, c := range []struct {
		name, caller, action, resource string
		identity, boundary, session    string
		scp                            string
		where                          []string // of each statement
		impossible                     string
	}{
		{name: "allowed", caller: user, identity: allow},
		{name: "user", caller: user, identity: other, where: []string{"attached to " + user + ", such as PolicyInputList.1"}},
		{name: "role", caller: "arn:aws:sts::123456789012:assumed-role/ci/build", where: []string{"the role of "}},
		{name: "explicit deny", caller: user, identity: deny, impossible: "PolicyInputList.1:1:37"},
		{name: "boundary", caller: user, identity: allow, boundary: other, where: []string{"the repository policy"}},
		{name: "boundary and no repository", caller: user, action: "ecr:GetAuthorizationToken", resource: "*", identity: allow, boundary: other, impossible: "permissions boundary does not allow it (Boundary)"},
		{name: "service control policy", caller: user, identity: allow, scp: other, impossible: "service control policy does not allow it (SCP)"},
		{name: "another account", caller: outsider, where: []string{"attached to " + outsider, "accounts/123456789012/eu-central-1/repositories/team/app/_policy.json"}},
		{name: "another account with identity policy", caller: outsider, identity: allow, where: []string{"the repository policy"}},
		{name: "another account's boundary", caller: outsider, identity: allow, boundary: other, impossible: "permissions boundary"},
		{name: "service", caller: "replication.ecr.amazonaws.com", where: []string{"the repository policy"}},
		{name: "service that logs in", caller: "replication.ecr.amazonaws.com", action: "ecr:GetAuthorizationToken", resource: "*", impossible: "which the caller or the resource cannot have"},
		{name: "anonymous", caller: "", where: []string{"the repository policy"}},
		{name: "creation", caller: outsider, action: "ecr:CreateRepository", identity: allow, where: []string{"registry-policy.json"}},
		{name: "invalid action", caller: user, action: "ecr:", identity: allow, impossible: "not valid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			compile := func(kind iam.Kind, name, text string) []*iam.Policy {
				if text == "" {
					return nil
				}
				p, err := iam.Compile(kind, name, []byte(text))
				if err != nil {
					t.Fatal(err)
				}
				return []*iam.Policy{p}
			}
			p := &iam.Policies{
				Identity: compile(iam.IdentityPolicy, "PolicyInputList.1", c.identity), Boundary: compile(iam.PermissionsBoundary, "Boundary", c.boundary),
				Session: compile(iam.SessionPolicy, "Session", c.session),
			}
			if c.scp != "" {
				p.SCPs = [][]*iam.Policy{compile(iam.ServiceControlPolicy, "SCP", c.scp)}
			}
			q := Evaluation{Policies: p, Request: iam.Request{Principal: &iam.Principal{Kind: iam.Service, ARN: c.caller}, Action: "ecr:PutImage", Resource: repository}}
			switch {
			case c.caller == "":
				q.Request.Principal = &iam.Principal{Kind: iam.Anonymous}
			case strings.HasPrefix(c.caller, "arn:"):
				caller, err := iam.ParsePrincipal(c.caller)
				if err != nil {
					t.Fatal(err)
				}
				q.Request.Principal = &caller
			}
			if c.action != "" {
				q.Request.Action = c.action
			}
			if c.resource != "" {
				q.Request.Resource = c.resource
			}
			got := q.Remedy()
			switch {
			case got == nil:
				if len(c.where) > 0 || c.impossible != "" {
					t.Fatal("no remedy")
				}
			case c.impossible != "" && strings.Contains(got.Impossible, c.impossible) && len(got.Statements) == 0:
			case len(got.Statements) != len(c.where) || c.impossible != "" || len(c.where) == 0:
				t.Fatalf("got %+v", got)
			default:
				for i, where := range c.where {
					if !strings.Contains(got.Statements[i].Where, where) || !strings.Contains(got.Text(), where) {
						t.Errorf("statement %d belongs in %s, want %s", i, got.Statements[i].Where, where)
					}
				}
			}
		})
	}
}

// TestRemedyAllows checks that the statements of a remedy allow the request, in the text that
// is printed.
func TestRemedyAllows(t *testing.T) {
	g := rand.New(rand.NewPCG(1, 2))
	texts := []string{
		`{"Effect":"Allow","Action":"ecr:*","Resource":"*"}`, `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`,
		`{"Effect":"Deny","Action":"ecr:PutImage","Resource":"*","Condition":{"StringEquals":{"k":"v"}}}`, `{"Effect":"Allow","Action":"ecr:Batch*","Resource":"*"}`,
	}
	random := func(kind iam.Kind) []*iam.Policy {
		if g.IntN(2) == 0 {
			return nil
		}
		p, err := iam.Compile(kind, kind.String(), []byte(`{"Version":"2012-10-17","Statement":[`+texts[g.IntN(len(texts))]+`,`+texts[g.IntN(len(texts))]+`]}`))
		if err != nil {
			t.Fatal(err)
		}
		return []*iam.Policy{p}
	}
	allowed, impossible := 0, 0
	for range 3000 {
		caller, err := iam.ParsePrincipal([]string{"arn:aws:iam::123456789012:user/a", "arn:aws:iam::999999999999:user/b", "arn:aws:sts::123456789012:assumed-role/ci/build", "arn:aws:sts::123456789012:federated-user/x"}[g.IntN(4)])
		if err != nil {
			t.Fatal(err)
		}
		q := Evaluation{
			Policies: &iam.Policies{Identity: random(iam.IdentityPolicy), Boundary: random(iam.PermissionsBoundary), Session: random(iam.SessionPolicy)},
			Request:  iam.Request{Principal: &caller, Action: []string{"ecr:PutImage", "ecr:BatchGetImage", "ecr:GetAuthorizationToken"}[g.IntN(3)], Resource: "arn:aws:ecr:eu-central-1:123456789012:repository/a", Context: iam.Context{{Key: "k", Value: []string{"v", "w"}[g.IntN(2)]}}},
		}
		if scps := random(iam.ServiceControlPolicy); scps != nil {
			q.Policies.SCPs = [][]*iam.Policy{scps}
		}
		r := q.Remedy()
		if (r == nil) != (q.Policies.Evaluate(&q.Request) == iam.Allowed) {
			t.Fatalf("remedy %+v", r)
		}
		if r == nil {
			continue
		}
		if r.Impossible != "" {
			impossible++
			continue
		}
		allowed++
		for _, s := range r.Statements {
			kind, to := iam.IdentityPolicy, &q.Policies.Identity
			if s.Class == iam.ResourceClass.String() {
				kind, to = iam.RepositoryPolicy, &q.Policies.Resource
			}
			text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": s.Statement})
			if err != nil {
				t.Fatal(err)
			}
			p, err := iam.Compile(kind, "remedy", text)
			if err != nil {
				t.Fatal(err)
			}
			*to = append(*to, p)
		}
		if d := q.Policies.Evaluate(&q.Request); d != iam.Allowed {
			t.Fatalf("%s with %+v", d, r)
		}
	}
	if allowed < 100 || impossible < 100 {
		t.Errorf("%d remedies, %d without", allowed, impossible)
	}
}
