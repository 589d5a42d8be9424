package iam

import (
	"strings"
	"testing"
)

// A Deny with NotPrincipal exempts a caller only if every principal that the
// request carries is listed. Sources: IAM User Guide, "AWS JSON policy elements:
// NotPrincipal" (Key points; the example of the user Bob, who is listed with the
// account; the example of the role cross-account-read-only-role, whose session is
// listed with the role and the account); AWS re:Post Knowledge Center,
// "explicit-deny-principle-elements-s3" (every session of the role is listed by
// its name); IAM User Guide, "Permissions boundaries for IAM entities".
func TestNotPrincipal(t *testing.T) {
	const (
		otherSession = "arn:aws:sts::123456789012:assumed-role/ci/other"
		otherUser    = "arn:aws:iam::123456789012:user/bob"
	)
	for _, test := range []struct {
		name, listed string // listed is separated by blanks
		kind         PrincipalKind
		want         Decision
	}{
		{"user and account", userARN + " " + rootARN, User, Allowed},
		{"user and account id", account + " " + userARN, User, Allowed},
		{"user without the account", userARN, User, ExplicitDeny},
		{"account without the user", rootARN, User, ExplicitDeny},
		{"another user and the account", otherUser + " " + rootARN, User, ExplicitDeny},
		{"user and another account", userARN + " " + other, User, ExplicitDeny},
		{"user and the account in another partition", userARN + " arn:aws-cn:iam::123456789012:root", User, ExplicitDeny},
		{"user in another case, and account", "arn:aws:iam::123456789012:user/team/Alice " + rootARN, User, ExplicitDeny},
		{"user without the path, and account", "arn:aws:iam::123456789012:user/alice " + rootARN, User, ExplicitDeny},
		{"user among others", otherUser + " " + userARN + " " + other + " " + account, User, Allowed},
		{"unique id and account", "AIDACKCEVSQ6C2EXAMPLE " + rootARN, User, ExplicitDeny},

		{"account, role and session", rootARN + " " + roleARN + " " + sessionARN, AssumedRole, Allowed},
		{"account, role and two sessions", rootARN + " " + roleARN + " " + otherSession + " " + sessionARN, AssumedRole, Allowed},
		{"another session of a listed role", rootARN + " " + roleARN + " " + otherSession, AssumedRole, ExplicitDeny},
		{"role and account without the session", rootARN + " " + roleARN, AssumedRole, ExplicitDeny},
		{"role and session without the account", roleARN + " " + sessionARN, AssumedRole, ExplicitDeny},
		{"session and account without the role", rootARN + " " + sessionARN, AssumedRole, ExplicitDeny},
		{"role alone", roleARN, AssumedRole, ExplicitDeny},
		{"session alone", sessionARN, AssumedRole, ExplicitDeny},
		{"account alone, for a session", rootARN, AssumedRole, ExplicitDeny},
		{"unique id instead of the role", "AROACKCEVSQ6C2EXAMPLE " + rootARN + " " + sessionARN, AssumedRole, ExplicitDeny},

		{"account, user and federated user", rootARN + " " + userARN + " " + fedARN, FederatedUser, Allowed},
		{"federated user and account without the user", rootARN + " " + fedARN, FederatedUser, ExplicitDeny},
		{"user and account without the federated user", rootARN + " " + userARN, FederatedUser, ExplicitDeny},
		{"federated user and user without the account", userARN + " " + fedARN, FederatedUser, ExplicitDeny},
		{"federated user, account and another user", rootARN + " " + otherUser + " " + fedARN, FederatedUser, ExplicitDeny},

		{"account, for its root user", rootARN, RootUser, Allowed},
		{"account id, for its root user", account, RootUser, Allowed},
		{"another account, for a root user", other, RootUser, ExplicitDeny},

		{"everyone, for a user", "*", User, Allowed},
		{"everyone, for a session", "*", AssumedRole, Allowed},
		{"everyone, for a federated user", "*", FederatedUser, Allowed},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := `{"AWS":["` + strings.ReplaceAll(test.listed, " ", `","`) + `"]}`
			p := Policies{Identity: allow(t, IdentityPolicy), Resource: granting(t, `"*"`)}
			p.Resource = append(p.Resource, denyingAllBut(t, RepositoryPolicy, text)...)
			r := Request{caller(test.kind), pull, repoARN, nil}
			if got := p.Evaluate(&r); got != test.want {
				t.Errorf("%v, want %v", got, test.want)
			}
			p.Boundary = allow(t, PermissionsBoundary)
			if got := p.Evaluate(&r); got != ExplicitDeny {
				t.Errorf("with a boundary: %v", got)
			}
		})
	}
}

// A federated user is not exempt if the user who requested the session is unknown,
// although the rest is listed.
func TestNotPrincipalOfAnUnknownUser(t *testing.T) {
	p := Policies{Resource: append(granting(t, `"*"`), denyingAllBut(t, RepositoryPolicy, `{"AWS":["`+rootARN+`","`+fedARN+`","`+userARN+`"]}`)...)}
	r := Request{&Principal{Kind: FederatedUser, ARN: fedARN, Account: account}, pull, repoARN, nil}
	checkDecision(t, &p, &r, ExplicitDeny, ResourceClass)
}

// The role of a session is listed by its name, which no two roles of an account
// share (IAM User Guide, "IAM and AWS STS quotas": names are unique in an account
// regardless of case and path).
func TestNotPrincipalListsRolesByName(t *testing.T) {
	for listed, want := range map[string]Decision{
		"arn:aws:iam::123456789012:role/ci":         Allowed,
		"arn:aws:iam::123456789012:role/CI":         Allowed,
		"arn:aws:iam::123456789012:role/team/ci":    Allowed,
		"arn:aws:iam::123456789012:role/ci/team":    ExplicitDeny,
		"arn:aws:iam::999999999999:role/ci":         ExplicitDeny,
		"arn:aws-cn:iam::123456789012:role/ci":      ExplicitDeny,
		"arn:aws:iam::123456789012:role/ci-nightly": ExplicitDeny,
	} {
		p := Policies{Identity: allow(t, IdentityPolicy), Resource: denyingAllBut(t, RepositoryPolicy, `{"AWS":["`+rootARN+`","`+sessionARN+`","`+listed+`"]}`)}
		r := Request{caller(AssumedRole), pull, repoARN, nil}
		if got := p.Evaluate(&r); got != want {
			t.Errorf("%s is listed: %v, want %v", listed, got, want)
		}
	}
}

// Across accounts the rule is the same: in both examples of the User Guide the
// resource is in an account other than the caller's.
func TestNotPrincipalAcrossAccounts(t *testing.T) {
	for _, test := range []struct {
		listed string
		kind   PrincipalKind
		want   Decision
	}{
		{`"` + rootARN + `","` + userARN + `"`, User, Allowed},
		{`"` + account + `","` + userARN + `"`, User, Allowed},
		{`"` + userARN + `"`, User, ExplicitDeny},
		{`"` + other + `","` + userARN + `"`, User, ExplicitDeny},
		{`"` + rootARN + `","` + roleARN + `","` + sessionARN + `"`, AssumedRole, Allowed},
		{`"` + rootARN + `","` + roleARN + `"`, AssumedRole, ExplicitDeny},
	} {
		p := Policies{Identity: allow(t, IdentityPolicy), Resource: append(granting(t, `"*"`), denyingAllBut(t, RepositoryPolicy, `{"AWS":[`+test.listed+`]}`)...)}
		r := Request{caller(test.kind), pull, otherRepo, nil}
		if got := p.Evaluate(&r); got != test.want {
			t.Errorf("%v with %s listed: %v, want %v", test.kind, test.listed, got, test.want)
		}
	}
}

// A request of a caller without an account has one principal, or none if it is anonymous.
func TestNotPrincipalOutsideAccounts(t *testing.T) {
	const service, provider = "replication.ecr.amazonaws.com", "accounts.google.com"
	for _, test := range []struct {
		name, listed string
		kind         PrincipalKind
		want         Decision
	}{
		{"service", `{"Service":"` + service + `"}`, Service, Allowed},
		{"service and an account", `{"Service":"` + service + `","AWS":"` + account + `"}`, Service, Allowed},
		{"another service", `{"Service":"ecs.amazonaws.com"}`, Service, ExplicitDeny},
		{"service named as a provider", `{"Federated":"` + service + `"}`, Service, ExplicitDeny},
		{"service, everyone", `"*"`, Service, Allowed},
		{"provider", `{"Federated":"` + provider + `"}`, FederatedProvider, Allowed},
		{"another provider", `{"Federated":"cognito-identity.amazonaws.com"}`, FederatedProvider, ExplicitDeny},
		{"provider, everyone", `"*"`, FederatedProvider, ExplicitDeny},
		{"anonymous, account", `{"AWS":"` + account + `"}`, Anonymous, ExplicitDeny},
		{"anonymous, service", `{"Service":"` + service + `"}`, Anonymous, ExplicitDeny},
		{"anonymous, canonical user", `{"CanonicalUser":"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}`, Anonymous, ExplicitDeny},
		{"anonymous, everyone", `"*"`, Anonymous, Allowed},
		{"anonymous, everyone in the long form", `{"AWS":"*"}`, Anonymous, Allowed},
	} {
		t.Run(test.name, func(t *testing.T) {
			grant := `"*"`
			if test.kind == FederatedProvider {
				grant = `{"Federated":"` + provider + `"}`
			}
			p := Policies{Resource: append(granting(t, grant), denyingAllBut(t, RepositoryPolicy, test.listed)...)}
			r := Request{caller(test.kind), pull, repoARN, nil}
			if got := p.Evaluate(&r); got != test.want {
				t.Errorf("%v, want %v", got, test.want)
			}
		})
	}
}

// In a trust policy the rule is the same. IAM refuses NotPrincipal there (IAM User
// Guide, "AWS JSON policy elements: NotPrincipal", Key points); a document that has
// it all the same exempts no caller more than elsewhere.
func TestNotPrincipalInATrustPolicy(t *testing.T) {
	trust := []*Policy{mustCompile(t, TrustPolicy, `{"Statement":{"Effect":"Allow","Principal":{"AWS":["`+userARN+`","`+sessionARN+`"]},"Action":"sts:AssumeRole"}}`)}
	for _, test := range []struct {
		listed string
		kind   PrincipalKind
		want   Decision
	}{
		{`"` + rootARN + `","` + userARN + `"`, User, Allowed},
		{`"` + userARN + `"`, User, ExplicitDeny},
		{`"` + rootARN + `"`, User, ExplicitDeny},
		{`"` + rootARN + `","` + roleARN + `","` + sessionARN + `"`, AssumedRole, Allowed},
		{`"` + rootARN + `","` + roleARN + `"`, AssumedRole, ExplicitDeny},
		{`"*"`, AssumedRole, Allowed},
	} {
		p := Policies{Resource: append(trust[:1:1], denyingAllBut(t, TrustPolicy, `{"AWS":[`+test.listed+`]}`)...)}
		r := Request{caller(test.kind), "sts:AssumeRole", assumed, nil}
		if got := p.Evaluate(&r); got != test.want {
			t.Errorf("%v with %s listed: %v, want %v", test.kind, test.listed, got, test.want)
		}
	}
}

// denyingAllBut is a document that denies everything to all principals except the
// listed ones.
func denyingAllBut(t *testing.T, kind Kind, listed string) []*Policy {
	t.Helper()
	return []*Policy{mustCompile(t, kind, `{"Statement":{"Effect":"Deny","NotPrincipal":`+listed+`,"Action":"*"}}`)}
}
