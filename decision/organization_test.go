package decision

import (
	"testing"

	"extauthz/iam"
)

const registry = "arn:aws:ecr:eu-central-1:123456789012:"

var outsider = iam.Principal{Kind: iam.User, ARN: "arn:aws:iam::210987654321:user/olga", Account: "210987654321"}

// Each policy depends on another condition key.
const (
	registryText = `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"ecr:*","Resource":"arn:aws:ecr:eu-central-1:123456789012:repository/*","Condition":{"StringEquals":{"aws:PrincipalTag/open":"monday"}}},
		{"Effect":"Deny","Principal":"*","Action":"ecr:*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/open":"red"}}}]}`
	fullAccess = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	scpText    = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalTag/halt":"red"}}}}`
	rcpText    = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"ecr:*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/leak":"red"}}}}`
	openText   = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"ecr:*"}}`
)

// tagged returns a request of a caller with one tag.
func tagged(p *iam.Principal, action, resource, key, value string) *question {
	return &question{Request: iam.Request{Principal: p, Action: action, Resource: resource, Context: iam.Context{{Key: "aws:PrincipalTag/" + key, Value: value}}}}
}

// TestRegistryPolicy checks that the registry policy applies to every repository of the registry,
// including missing ones, and to no other repository.
func TestRegistryPolicy(t *testing.T) {
	closed := compile(t, iam.RepositoryPolicy, `{"Statement":{"Effect":"Deny","Principal":"*","Action":"ecr:PutImage"}}`)
	e, err := New(attachments{
		Identity:   map[string][]*iam.Policy{alice: compile(t, iam.IdentityPolicy, allowAll)},
		Repository: map[string][]*iam.Policy{repository + "closed": closed},
		Registry:   map[string][]*iam.Policy{registry: compile(t, iam.RegistryPolicy, registryText)},
	}.policies(t), Options{CacheSize: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		request *question
		want    iam.Decision
	}{
		{"registry policy grants", tagged(&unlisted, "ecr:PutImage", repository+"app", "open", "monday"), iam.Allowed},
		{"registry policy grants in addition to a repository policy", tagged(&unlisted, "ecr:BatchGetImage", repository+"closed", "open", "monday"), iam.Allowed},
		{"repository policy denies", tagged(&unlisted, "ecr:PutImage", repository+"closed", "open", "monday"), iam.ExplicitDeny},
		{"registry policy grants creating", tagged(&unlisted, "ecr:CreateRepository", repository+"new", "open", "monday"), iam.Allowed},
		{"registry policy grants creating in another case, although a repository policy would deny", tagged(&unlisted, "ECR:createrepository", repository+"closed", "open", "monday"), iam.Allowed},
		{"registry policy grants the catalog", tagged(&unlisted, "ecr:DescribeRepositories", repository+"*", "open", "monday"), iam.Allowed},
		{"registry policy denies", tagged(&user, "ecr:BatchGetImage", repository+"app", "open", "red"), iam.ExplicitDeny},
		{"registry policy denies creating", tagged(&user, "ecr:CreateRepository", repository+"new", "open", "red"), iam.ExplicitDeny},
		{"registry policy does not apply in another region", tagged(&user, "ecr:BatchGetImage", "arn:aws:ecr:eu-west-1:123456789012:repository/app", "open", "red"), iam.Allowed},
		{"registry policy does not apply to an account with a longer number", tagged(&user, "ecr:BatchGetImage", "arn:aws:ecr:eu-central-1:1234567890123:repository/app", "open", "red"), iam.ImplicitDeny},
		{"registry policy does not grant logging in", tagged(&unlisted, "ecr:GetAuthorizationToken", "*", "open", "monday"), iam.ImplicitDeny},
		{"registry policy is not enough for another account", tagged(&outsider, "ecr:PutImage", repository+"app", "open", "monday"), iam.ImplicitDeny},
	} {
		t.Run(c.name, func(t *testing.T) { wantBoth(t, e, c.request, c.want) })
	}
}

// TestOrganization checks that every level must allow for the principals of members, and that RCPs
// deny for the repositories of members.
func TestOrganization(t *testing.T) {
	policies := twinPolicies(t)
	policies.Organization.ManagementAccount = "345678901234"
	policies.Organization.Accounts["345678901234"] = policies.Organization.Accounts["123456789012"]
	manager := iam.Principal{Kind: iam.User, ARN: "arn:aws:iam::345678901234:user/max", Account: "345678901234"}
	policies.Identity[manager.ARN] = compile(t, iam.IdentityPolicy, allowAll)
	linked := iam.Principal{
		Kind: iam.AssumedRole, ARN: "arn:aws:sts::123456789012:assumed-role/AWSServiceRoleForECR/x", Account: "123456789012",
		RoleARN: "arn:aws:iam::123456789012:role/aws-service-role/ecr.amazonaws.com/AWSServiceRoleForECR",
	}
	policies.Identity[linked.RoleARN] = compile(t, iam.IdentityPolicy, allowAll)
	e, err := New(policies.policies(t), Options{CacheSize: 100})
	if err != nil {
		t.Fatal(err)
	}
	const theirs, managed = "arn:aws:ecr:eu-central-1:210987654321:repository/app", "arn:aws:ecr:eu-central-1:345678901234:repository/app"
	for _, c := range []struct {
		name    string
		request *question
		want    iam.Decision
	}{
		{"every level allows", tagged(&user, "ecr:PutImage", repository+"new", "x", ""), iam.Allowed},
		{"one level does not", tagged(&user, "ecr:PutImage", repository+"new", "halt", "red"), iam.ImplicitDeny},
		{"one level does not allow logging in", tagged(&user, "ecr:GetAuthorizationToken", "*", "halt", "red"), iam.ImplicitDeny},
		{"SCPs apply to a member's principal in another account", tagged(&user, "ecr:PutImage", theirs, "halt", "red"), iam.ImplicitDeny},
		{"SCPs do not apply to a principal outside of the organization", tagged(&outsider, "ecr:PutImage", theirs, "halt", "red"), iam.Allowed},
		{"a management account is exempt", tagged(&manager, "ecr:PutImage", managed, "halt", "red"), iam.Allowed},
		{"repositories of the management account are exempt from RCPs", tagged(&manager, "ecr:PutImage", managed, "leak", "red"), iam.Allowed},
		{"service-linked roles are exempt", tagged(&linked, "ecr:PutImage", repository+"new", "halt", "red"), iam.Allowed},
		{"service-linked roles are exempt from RCPs", tagged(&linked, "ecr:PutImage", repository+"new", "leak", "red"), iam.Allowed},
		{"an RCP denies", tagged(&user, "ecr:PutImage", repository+"new", "leak", "red"), iam.ExplicitDeny},
		{"an RCP denies a principal outside of the organization", tagged(&outsider, "ecr:PutImage", repository+"new", "leak", "red"), iam.ExplicitDeny},
		{"an RCP denies anonymous callers", tagged(&anonymous, "ecr:PutImage", repository+"open", "leak", "red"), iam.ExplicitDeny},
		{"an RCP does not apply to a repository outside of the organization", tagged(&outsider, "ecr:PutImage", theirs, "leak", "red"), iam.Allowed},
	} {
		t.Run(c.name, func(t *testing.T) { wantBoth(t, e, c.request, c.want) })
	}
}

// TestOrganizationByAccount checks that each account has the policies on its own path, even after
// the cache contains decisions for another account.
func TestOrganizationByAccount(t *testing.T) {
	const theirs = "arn:aws:ecr:eu-central-1:210987654321:repository/app"
	policies := twinPolicies(t)
	full := compile(t, iam.ServiceControlPolicy, fullAccess)
	policies.Repository[repository+"app"] = compile(t, iam.RepositoryPolicy, openText)
	policies.Repository[theirs] = compile(t, iam.RepositoryPolicy, openText)
	policies.Organization.Accounts = map[string]iam.ControlPolicies{
		"123456789012": {SCPs: [][]*iam.Policy{full, compile(t, iam.ServiceControlPolicy, scpText)}},
		"210987654321": {SCPs: [][]*iam.Policy{full}, RCPs: [][]*iam.Policy{compile(t, iam.ResourceControlPolicy, rcpText)}},
	}
	e, err := New(policies.policies(t), Options{CacheSize: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		request *question
		want    iam.Decision
	}{
		{"the SCP allows", tagged(&user, "ecr:PutImage", repository+"app", "x", ""), iam.Allowed},
		{"the SCP does not allow", tagged(&user, "ecr:PutImage", repository+"app", "halt", "red"), iam.ImplicitDeny},
		{"the RCP of another account does not apply", tagged(&user, "ecr:PutImage", repository+"app", "leak", "red"), iam.Allowed},
		{"the RCP applies to a repository of its account", tagged(&user, "ecr:PutImage", theirs, "leak", "red"), iam.ExplicitDeny},
		{"the SCP applies in another account", tagged(&user, "ecr:PutImage", theirs, "halt", "red"), iam.ImplicitDeny},
		{"the SCP of another account does not apply", tagged(&outsider, "ecr:PutImage", theirs, "halt", "red"), iam.Allowed},
	} {
		t.Run(c.name, func(t *testing.T) { wantBoth(t, e, c.request, c.want) })
	}
}

// wantBoth checks the decision, computed, cached and explained.
func wantBoth(t *testing.T, e *Engine, r *question, want iam.Decision) {
	t.Helper()
	for range 2 {
		if got := decide(e, r); got != want {
			t.Errorf("decided %s, want %s", got, want)
		}
	}
	if got := explain(e, r).Decision; got != want {
		t.Errorf("explained as %s, want %s", got, want)
	}
}
