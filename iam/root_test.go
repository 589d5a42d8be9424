package iam

import "testing"

// The root user has full access to its own account, unless a Deny or a service control
// policy prevents it. Sources: IAM User Guide, "AWS account root
// user" (the identity that has complete access to all resources of the account) and
// "Policy evaluation logic" (an explicit Deny overrides every Allow); AWS
// Organizations User Guide, "Service control policies" (they limit the root user of
// a member account, and not that of the management account).
func TestRootUser(t *testing.T) {
	silent := [][]*Policy{mute(t, ServiceControlPolicy)}
	for _, test := range []struct {
		name     string
		policies Policies
		want     Decision
		blocked  Class
	}{
		{"no policies", Policies{}, Allowed, NoClass},
		{"repository policy that names another principal", Policies{Resource: granting(t, `{"AWS":"`+other+`"}`)}, Allowed, NoClass},
		{"repository policy that denies everyone", Policies{Resource: deny(t, RepositoryPolicy)}, ExplicitDeny, ResourceClass},
		{"registry policy that denies everyone", Policies{Resource: deny(t, RegistryPolicy)}, ExplicitDeny, ResourceClass},
		{"repository policy that denies all but a user", Policies{Resource: denyingAllBut(t, RepositoryPolicy, `{"AWS":"`+userARN+`"}`)}, ExplicitDeny, ResourceClass},
		{"SCP that allows", Policies{SCPs: [][]*Policy{allow(t, ServiceControlPolicy)}}, Allowed, NoClass},
		{"SCP about another action", Policies{SCPs: silent}, ImplicitDeny, SCPClass},
		{"level without an SCP", Policies{SCPs: [][]*Policy{allow(t, ServiceControlPolicy), {}}}, ImplicitDeny, SCPClass},
		{"SCP that denies", Policies{SCPs: [][]*Policy{append(allow(t, ServiceControlPolicy), deny(t, ServiceControlPolicy)...)}}, ExplicitDeny, SCPClass},
		{"SCP of the management account", Policies{SCPs: silent, ManagementAccount: account}, Allowed, NoClass},
		{"SCP about another action, repository policy for everyone", Policies{SCPs: silent, Resource: granting(t, `"*"`)}, ImplicitDeny, SCPClass},
		{"RCP that denies", Policies{RCPs: [][]*Policy{deny(t, ResourceControlPolicy)}}, ExplicitDeny, RCPClass},
		// Such policies cannot be attached to a root user. Where they are given
		// all the same, they limit it.
		{"identity policy that denies", Policies{Identity: deny(t, IdentityPolicy)}, ExplicitDeny, IdentityClass},
		{"boundary about another action", Policies{Boundary: mute(t, PermissionsBoundary)}, ImplicitDeny, BoundaryClass},
		{"session policy about another action", Policies{Session: mute(t, SessionPolicy)}, ImplicitDeny, SessionClass},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := Request{caller(RootUser), pull, repoARN, nil}
			checkDecision(t, &test.policies, &r, test.want, test.blocked)
		})
	}
}

// A root user does not have access to other accounts.
func TestRootUserElsewhere(t *testing.T) {
	root := caller(RootUser)
	grant := granting(t, `{"AWS":"`+rootARN+`"}`)
	everything := list(t, IdentityPolicy, "Allow", "*")
	trusting := func(principal string) []*Policy {
		return []*Policy{mustCompile(t, TrustPolicy, `{"Statement":{"Effect":"Allow","Principal":`+principal+`,"Action":"sts:*"}}`)}
	}
	for _, test := range []struct {
		name             string
		policies         Policies
		action, resource string
		want             Decision
		blocked          Class
	}{
		{"token for the registry of its account", Policies{}, "ecr:GetAuthorizationToken", "*", Allowed, NoClass},
		{"token, denied", Policies{Resource: deny(t, RegistryPolicy)}, "ecr:GetAuthorizationToken", "*", ExplicitDeny, ResourceClass},
		{"action that is none", Policies{}, "ecr:*", repoARN, ImplicitDeny, NoClass},
		{"another account", Policies{}, pull, otherRepo, ImplicitDeny, IdentityClass},
		{"another account that names it", Policies{Resource: grant}, pull, otherRepo, ImplicitDeny, IdentityClass},
		{"another account, with identity policies alone", Policies{Identity: everything}, pull, otherRepo, ImplicitDeny, ResourceClass},
		{"another account, both", Policies{Identity: everything, Resource: grant}, pull, otherRepo, Allowed, NoClass},
		{"its account in another partition", Policies{}, pull, "arn:aws-cn:ecr:cn-north-1:123456789012:repository/a", ImplicitDeny, IdentityClass},
		{"its ARN, another owner", Policies{ResourceAccount: other}, pull, repoARN, ImplicitDeny, IdentityClass},
		// AWS STS API Reference, AssumeRole: root user credentials cannot call it;
		// the answer is "Roles may not be assumed by root accounts."
		{"role of its account", Policies{}, "sts:AssumeRole", assumed, ImplicitDeny, IdentityClass},
		{"role that trusts the account", Policies{Identity: everything, Resource: trusting(`{"AWS":"` + rootARN + `"}`)}, "sts:AssumeRole", assumed, ImplicitDeny, IdentityClass},
		{"role that trusts everyone", Policies{Resource: trusting(`"*"`)}, "sts:AssumeRole", assumed, ImplicitDeny, IdentityClass},
		{"tags of a role that trusts everyone", Policies{Resource: trusting(`"*"`)}, "STS:TagSession", assumed, ImplicitDeny, IdentityClass},
		{"role of another account", Policies{Identity: everything, Resource: trusting(`{"AWS":"` + rootARN + `"}`)}, "sts:AssumeRole", "arn:aws:iam::999999999999:role/ci", ImplicitDeny, IdentityClass},
		{"role that denies all but it", Policies{Resource: denyingAllBut(t, TrustPolicy, `{"AWS":"`+userARN+`"}`)}, "sts:AssumeRole", assumed, ExplicitDeny, ResourceClass},
	} {
		t.Run(test.name, func(t *testing.T) {
			checkDecision(t, &test.policies, &Request{root, test.action, test.resource, nil}, test.want, test.blocked)
		})
	}
}

// A caller of another kind is not a root user, whatever its other fields are.
func TestRootUserHasItsARN(t *testing.T) {
	for _, p := range []*Principal{
		{Kind: RootUser, ARN: userARN, Account: account},
		{Kind: RootUser, ARN: rootARN, Account: other},
		{Kind: RootUser, ARN: "arn:aws:iam::123456789012:root/x", Account: account},
		{Kind: RootUser, Account: account},
		{Kind: User, ARN: rootARN, Account: account},
		{Kind: UnnamedPrincipal, ARN: userARN, Account: account},
		{Kind: UnnamedPrincipal, ARN: rootARN, Account: account},
	} {
		r := Request{p, pull, repoARN, nil}
		if got := new(Policies).Evaluate(&r); got != ImplicitDeny {
			t.Errorf("%+v: %v", p, got)
		}
	}
}
