package generate

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"extauthz/authz"
	"extauthz/decisionlog"
	_ "extauthz/goldentest" // accept -update
	"extauthz/iam"
)

var (
	noon    = time.Date(2026, 5, 6, 12, 0, 0, 0, time.UTC)
	actions = strings.Fields("ecr:BatchGetImage ecr:GetDownloadUrlForLayer ecr:PutImage ecr:BatchDeleteImage ecr:ListImages ecr:InitiateLayerUpload ecr:DescribeRepositories ecr:CreateRepository")
)

const repository = "arn:aws:ecr:eu-central-1:123456789012:repository/"

// used returns the entry of an allowed request.
func used(principal string, permissions ...string) *decisionlog.Entry {
	e := &decisionlog.Entry{Line: 1, Version: 1, Time: noon, Decision: authz.Allowed, Principal: principal}
	for i := 0; i < len(permissions); i += 2 {
		e.Actions = append(e.Actions, decisionlog.Action{Action: permissions[i], Resource: permissions[i+1], Decision: iam.Allowed})
	}
	return e
}

// compile compiles the generated policies of a user or role.
func compile(t *testing.T, files map[string]string, p *Principal) (policies []*iam.Policy) {
	t.Helper()
	for _, name := range p.Policies {
		text := files["managed/"+name+".json"]
		policy, err := iam.Compile(iam.IdentityPolicy, name, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		size := 0
		for _, r := range text {
			if !unicode.IsSpace(r) {
				size++
			}
		}
		if size > MaxPolicySize {
			t.Errorf("%s has %d characters", name, size)
		}
		policies = append(policies, policy)
	}
	return policies
}

// evaluate returns the decision of policies on a request of a user.
func evaluate(policies []*iam.Policy, action, resource string) iam.Decision {
	caller := &iam.Principal{Kind: iam.User, ARN: "arn:aws:iam::123456789012:user/x", Account: "123456789012"}
	return (&iam.Policies{Identity: policies}).Evaluate(&iam.Request{Principal: caller, Action: action, Resource: resource})
}

// TestExactly checks with random use that exactly what was used is allowed.
func TestExactly(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	principals := []string{"arn:aws:iam::123456789012:user/alice", "arn:aws:iam::123456789012:user/dev/bob", "arn:aws:sts::123456789012:assumed-role/ci/1", "arn:aws:sts::123456789012:assumed-role/ci/2"}
	for round := range 40 {
		var resources []string
		for i := range 1 + random.IntN(200) {
			resources = append(resources, fmt.Sprintf("%s%s%d", repository, []string{"", "team/", "team/a/", "x-y/z_"}[random.IntN(4)], i))
		}
		c, want := NewCollector(nil), map[string]map[permission]bool{}
		for range 1 + random.IntN(300) {
			e := used(principals[random.IntN(4)], "ecr:GetAuthorizationToken", "*", actions[random.IntN(len(actions))], resources[random.IntN(len(resources))])
			if err := c.Add(e); err != nil {
				t.Fatal(err)
			}
			o, _ := ownerOf(e)
			if want[o.ARN()] == nil {
				want[o.ARN()] = map[permission]bool{}
			}
			for _, a := range e.Actions {
				want[o.ARN()][permission{a.Action, a.Resource}] = true
			}
		}
		files, summary := c.Files(decisionlog.Counts{}, 0)
		if len(summary.Principals) != len(want) {
			t.Fatalf("%d principals, want %d", len(summary.Principals), len(want))
		}
		others := []string{"*", repository, repository + "other", strings.Replace(resources[0], "eu-central-1", "us-east-1", 1), strings.Replace(resources[0], "123456789012", "999999999999", 1), resources[0] + "0", resources[0] + "/a", strings.ToUpper(resources[0])}
		for i := range summary.Principals {
			p := &summary.Principals[i]
			policies := compile(t, files, p)
			for _, action := range slices.Concat(actions, []string{"ecr:GetAuthorizationToken", "ecr:DeleteRepository", "iam:CreateUser"}) {
				for _, resource := range slices.Concat(resources, others) {
					if action == "ecr:GetAuthorizationToken" && resource != "*" {
						continue // no request needs it on another resource
					}
					decision := evaluate(policies, action, resource)
					if got := decision == iam.Allowed; got != want[p.ARN][permission{action, resource}] {
						t.Fatalf("round %d: %s of %s on %s is %s", round, action, p.ARN, resource, decision)
					}
				}
			}
			if p.Permissions != len(want[p.ARN]) || len(p.Patterns) > 0 {
				t.Errorf("%+v", p)
			}
		}
	}
}

// TestManyRepositories checks that more use than fits into one policy is split.
func TestManyRepositories(t *testing.T) {
	c := NewCollector(nil)
	for i := range 2000 {
		if err := c.Add(used("arn:aws:iam::123456789012:user/alice", "ecr:BatchGetImage", fmt.Sprintf("%steam/%d", repository, i))); err != nil {
			t.Fatal(err)
		}
	}
	files, summary := c.Files(decisionlog.Counts{}, 0)
	p := &summary.Principals[0]
	policies := compile(t, files, p)
	if len(policies) < 10 || p.Policies[0] != "used-123456789012-user-alice-1" || len(files) != len(policies)+1 {
		t.Errorf("%d policies, %d files, the first %s", len(policies), len(files), p.Policies[0])
	}
	for i := range 2001 {
		if got, want := evaluate(policies, "ecr:BatchGetImage", fmt.Sprintf("%steam/%d", repository, i)) == iam.Allowed, i < 2000; got != want {
			t.Errorf("%d: %t", i, got)
		}
	}
}

// TestWildcards checks the patterns that are written on request.
func TestWildcards(t *testing.T) {
	c := NewCollector(nil)
	for _, name := range []string{"team/a", "team/b", "team/c", "other/a", "other/b", "top1", "top2", "top3"} {
		if err := c.Add(used("arn:aws:iam::123456789012:user/alice", "ecr:BatchGetImage", repository+name)); err != nil {
			t.Fatal(err)
		}
	}
	files, summary := c.Files(decisionlog.Counts{}, 3)
	p := &summary.Principals[0]
	policies := compile(t, files, p)
	for name, want := range map[string]bool{"team/a": true, "team/new": true, "other/a": true, "other/new": false, "top1": true, "top4": false, "team": false} {
		if got := evaluate(policies, "ecr:BatchGetImage", repository+name) == iam.Allowed; got != want {
			t.Errorf("%s: %t", name, got)
		}
	}
	if len(p.Patterns) != 1 || p.Patterns[0].Resource != repository+"team/*" || len(p.Patterns[0].InsteadOf) != 3 || !strings.HasPrefix(p.Patterns[0].Sid, "Wildcard") ||
		!strings.Contains(files["managed/"+p.Policies[0]+".json"], p.Patterns[0].Sid) || evaluate(policies, "ecr:PutImage", repository+"team/a") == iam.Allowed {
		t.Errorf("%+v", p)
	}
}

// TestCatalog checks that the resource of a catalog, which is about every repository, is listed as
// a pattern.
func TestCatalog(t *testing.T) {
	c := NewCollector(nil)
	if err := c.Add(used("arn:aws:iam::123456789012:user/alice", "ecr:DescribeRepositories", repository+"*", "ecr:BatchGetImage", repository+"a")); err != nil {
		t.Fatal(err)
	}
	files, summary := c.Files(decisionlog.Counts{}, 0)
	p := &summary.Principals[0]
	policies := compile(t, files, p)
	if evaluate(policies, "ecr:DescribeRepositories", repository+"*") != iam.Allowed || evaluate(policies, "ecr:BatchGetImage", repository+"b") == iam.Allowed || len(p.Patterns) != 1 || len(p.Patterns[0].InsteadOf) != 0 {
		t.Errorf("%+v", p)
	}
}

// TestNoUse checks what is not use, and what has no identity policies.
func TestNoUse(t *testing.T) {
	c := NewCollector(nil)
	denied, optional, guest := used("arn:aws:iam::123456789012:user/alice", "ecr:PutImage", repository+"a"), used("arn:aws:iam::123456789012:user/alice", "ecr:PutImage", repository+"b"), used("arn:aws:sts::123456789012:federated-user/guest", "ecr:PutImage", repository+"c")
	denied.Decision = authz.ImplicitDeny
	dryRun := used("arn:aws:iam::123456789012:user/alice", "ecr:PutImage", repository+"h")
	dryRun.DryRun = true
	optional.Actions[0].Decision, optional.Actions[0].Optional = iam.ImplicitDeny, true
	assumed := used("arn:aws:iam::123456789012:user/alice")
	assumed.Operation = "sts:AssumeRole"
	federated := *guest
	federated.FederatedBy = "arn:aws:iam::123456789012:user/bob"
	for _, e := range []*decisionlog.Entry{
		denied, dryRun, optional, guest, &federated, assumed, used("codebuild.amazonaws.com", "ecr:PutImage", repository+"d"), used("anonymous", "ecr:BatchGetImage", repository+"e"), used("anonymous", "ecr:BatchGetImage", repository+"f"),
		used("arn:aws:iam::123456789012:root", "ecr:PutImage", repository+"g"), used("anonymous"),
	} {
		if err := c.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	files, summary := c.Files(decisionlog.Counts{Decisions: 9}, 0)
	var left []string
	for _, l := range summary.LeftOut {
		left = append(left, fmt.Sprintf("%d %s: %s", l.Requests, l.Principal, l.Cause))
	}
	want := []string{
		"2 anonymous: anonymous callers and services have no identity policies", "1 arn:aws:iam::123456789012:root: root users have no identity policies",
		"1 arn:aws:iam::123456789012:user/alice: it assumed a role, and the log does not show by which statements; keep those that allow sts:AssumeRole",
		"1 arn:aws:sts::123456789012:federated-user/guest: the log does not say which user federates it", "1 codebuild.amazonaws.com: anonymous callers and services have no identity policies",
	}
	if !slices.Equal(left, want) {
		t.Errorf("left out\n%s\nwant\n%s", strings.Join(left, "\n"), strings.Join(want, "\n"))
	}
	if len(summary.Principals) != 1 || summary.Principals[0].ARN != "arn:aws:iam::123456789012:user/bob" || summary.Principals[0].Permissions != 1 {
		t.Errorf("%+v", summary.Principals)
	}
	var again Summary
	if err := json.Unmarshal([]byte(files[SummaryFile]), &again); err != nil || !again.From.Equal(noon) || !again.Until.Equal(noon) || again.Lines.Decisions != 9 {
		t.Errorf("%v %s", err, files[SummaryFile])
	}
}
