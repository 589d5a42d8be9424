package iam

import (
	"fmt"
	"testing"
)

// mustCompile compiles a document of a test.
func mustCompile(t testing.TB, kind Kind, text string) *Policy {
	t.Helper()
	p, err := Compile(kind, "test.json", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return p
}

// Callers and resources of the tests.
const (
	account    = "123456789012"
	other      = "999999999999"
	userARN    = "arn:aws:iam::123456789012:user/team/alice"
	roleARN    = "arn:aws:iam::123456789012:role/team/ci"
	sessionARN = "arn:aws:sts::123456789012:assumed-role/ci/build"
	fedARN     = "arn:aws:sts::123456789012:federated-user/bob"
	rootARN    = "arn:aws:iam::123456789012:root"
	repoARN    = "arn:aws:ecr:eu-central-1:123456789012:repository/a"
	otherRepo  = "arn:aws:ecr:eu-central-1:999999999999:repository/a"
	pull       = "ecr:BatchGetImage"
)

func caller(kind PrincipalKind) *Principal {
	switch kind {
	case RootUser:
		return &Principal{Kind: RootUser, ARN: rootARN, Account: account}
	case User:
		return &Principal{Kind: User, ARN: userARN, Account: account}
	case AssumedRole:
		return &Principal{Kind: AssumedRole, ARN: sessionARN, Account: account, RoleARN: roleARN}
	case FederatedUser:
		return &Principal{Kind: FederatedUser, ARN: fedARN, Account: account, UserARN: userARN}
	case Service:
		return &Principal{Kind: Service, ARN: "replication.ecr.amazonaws.com"}
	case FederatedProvider:
		return &Principal{Kind: FederatedProvider, ARN: "accounts.google.com"}
	}
	return &Principal{Kind: kind}
}

// list is a document of one statement about everything.
func list(t testing.TB, kind Kind, effect, action string) []*Policy {
	t.Helper()
	principal := ""
	if kind.hasPrincipal() {
		principal = `"Principal":"*",`
	}
	return []*Policy{mustCompile(t, kind, identityStatement(principal+`"Effect":"`+effect+`","Action":"`+action+`","Resource":"*"`))}
}

// allow, deny and mute are documents that allow pulls, deny them, and say
// nothing about them.
func allow(t testing.TB, kind Kind) []*Policy { t.Helper(); return list(t, kind, "Allow", "ecr:*") }
func deny(t testing.TB, kind Kind) []*Policy  { t.Helper(); return list(t, kind, "Deny", "ecr:*") }
func mute(t testing.TB, kind Kind) []*Policy  { t.Helper(); return list(t, kind, "Allow", "s3:*") }

// granting is a repository policy that allows pulls to the principal.
func granting(t testing.TB, principal string) []*Policy {
	t.Helper()
	return []*Policy{mustCompile(t, RepositoryPolicy, `{"Statement":{"Effect":"Allow","Principal":`+principal+`,"Action":"ecr:*"}}`)}
}

// The table of benkehoe/permissions-boundary-test, measured on AWS: a role
// session within one account, whether boundary, identity and resource policy
// allow, and what AWS decided.
func TestMeasuredOnAWS(t *testing.T) {
	columns := [7][3]bool{{false, false, true}, {false, true, true}, {true, true, false}, {true, false, true}, {true, true, true}, {true, false, false}, {false, true, false}}
	byRole := `,"Condition":{"ArnEquals":{"aws:PrincipalArn":"` + roleARN + `"}}`
	for _, row := range []struct {
		name, principal, condition string
		want                       [7]bool
	}{
		{"role ARN", `{"AWS":"` + roleARN + `"}`, "", [7]bool{false, false, true, true, true, false, false}},
		{"session ARN", `{"AWS":"` + sessionARN + `"}`, "", [7]bool{true, true, true, true, true, false, false}},
		{"account and aws:PrincipalArn", `{"AWS":"` + account + `"}`, byRole, [7]bool{false, false, true, false, true, false, false}},
		{"everyone and aws:PrincipalArn", `"*"`, byRole, [7]bool{true, true, true, true, true, false, false}},
	} {
		granted := []*Policy{mustCompile(t, RepositoryPolicy, `{"Statement":{"Effect":"Allow","Action":"ecr:*","Principal":`+row.principal+row.condition+`}}`)}
		for i, c := range columns {
			p := Policies{Boundary: mute(t, PermissionsBoundary), Identity: mute(t, IdentityPolicy)}
			if c[0] {
				p.Boundary = allow(t, PermissionsBoundary)
			}
			if c[1] {
				p.Identity = allow(t, IdentityPolicy)
			}
			if c[2] {
				p.Resource = granted
			}
			r := Request{caller(AssumedRole), pull, repoARN, Context{{Key: "aws:PrincipalArn", Value: roleARN}}}
			if got := p.Evaluate(&r) == Allowed; got != row.want[i] {
				t.Errorf("%s, boundary, identity, resource allow %v: allowed %v, AWS %v", row.name, c, got, row.want[i])
			}
		}
	}
}

// How a repository policy of the caller's own account grants, by the form of
// its principal. Source: IAM User Guide, "Policy evaluation logic" and "AWS
// JSON policy elements: Principal".
func TestGrantsWithinAnAccount(t *testing.T) {
	for _, test := range []struct {
		name, principal string
		kind            PrincipalKind
		// what the decision is if the repository policy alone allows, if there
		// is also a boundary, a session policy that says nothing, or an identity
		// policy that allows
		alone, boundary, session, identity Decision
	}{
		{"everyone, user", `"*"`, User, Allowed, Allowed, Allowed, Allowed},
		{"everyone, long form, session", `{"AWS":"*"}`, AssumedRole, Allowed, Allowed, Allowed, Allowed},
		{"everyone, federated user", `"*"`, FederatedUser, Allowed, Allowed, Allowed, Allowed},
		{"everyone, root user", `"*"`, RootUser, Allowed, Allowed, Allowed, Allowed},
		{"user", `{"AWS":"` + userARN + `"}`, User, Allowed, Allowed, Allowed, Allowed},
		{"user, as who federated", `{"AWS":"` + userARN + `"}`, FederatedUser, Allowed, ImplicitDeny, ImplicitDeny, Allowed},
		{"session", `{"AWS":"` + sessionARN + `"}`, AssumedRole, Allowed, Allowed, Allowed, Allowed},
		{"federated user", `{"AWS":"` + fedARN + `"}`, FederatedUser, Allowed, Allowed, Allowed, Allowed},
		{"role", `{"AWS":"` + roleARN + `"}`, AssumedRole, Allowed, ImplicitDeny, ImplicitDeny, Allowed},
		{"role without its path", `{"AWS":"arn:aws:iam::123456789012:role/ci"}`, AssumedRole, Allowed, ImplicitDeny, ImplicitDeny, Allowed},
		{"role in another case", `{"AWS":"arn:aws:iam::123456789012:role/CI"}`, AssumedRole, Allowed, ImplicitDeny, ImplicitDeny, Allowed},
		{"account", `{"AWS":"123456789012"}`, User, ImplicitDeny, ImplicitDeny, ImplicitDeny, Allowed},
		{"account root", `{"AWS":"` + rootARN + `"}`, AssumedRole, ImplicitDeny, ImplicitDeny, ImplicitDeny, Allowed},
		{"account, root user", `{"AWS":"` + rootARN + `"}`, RootUser, ImplicitDeny, ImplicitDeny, ImplicitDeny, Allowed},
		{"one of several", `{"AWS":["999999999999","` + userARN + `"]}`, User, Allowed, Allowed, Allowed, Allowed},
		{"the strongest of several", `{"AWS":["123456789012","` + roleARN + `","` + sessionARN + `"]}`, AssumedRole, Allowed, Allowed, Allowed, Allowed},
		{"other user", `{"AWS":"arn:aws:iam::123456789012:user/team/bob"}`, User, ImplicitDeny, ImplicitDeny, ImplicitDeny, Allowed},
		{"user in another case", `{"AWS":"arn:aws:iam::123456789012:user/team/Alice"}`, User, ImplicitDeny, ImplicitDeny, ImplicitDeny, Allowed},
		{"user without the path", `{"AWS":"arn:aws:iam::123456789012:user/alice"}`, User, ImplicitDeny, ImplicitDeny, ImplicitDeny, Allowed},
		{"role of another account", `{"AWS":"arn:aws:iam::999999999999:role/team/ci"}`, AssumedRole, ImplicitDeny, ImplicitDeny, ImplicitDeny, Allowed},
		{"role of another partition", `{"AWS":"arn:aws-cn:iam::123456789012:role/team/ci"}`, AssumedRole, ImplicitDeny, ImplicitDeny, ImplicitDeny, Allowed},
		{"root of another partition", `{"AWS":"arn:aws-cn:iam::123456789012:root"}`, User, ImplicitDeny, ImplicitDeny, ImplicitDeny, Allowed},
		{"other session", `{"AWS":"arn:aws:sts::123456789012:assumed-role/ci/other"}`, AssumedRole, ImplicitDeny, ImplicitDeny, ImplicitDeny, Allowed},
		{"service for a user", `{"Service":"ecr.amazonaws.com"}`, User, ImplicitDeny, ImplicitDeny, ImplicitDeny, Allowed},
		{"provider for a session", `{"Federated":"accounts.google.com"}`, AssumedRole, ImplicitDeny, ImplicitDeny, ImplicitDeny, Allowed},
		{"id of a deleted user", `{"AWS":"AIDACKCEVSQ6C2EXAMPLE"}`, User, ImplicitDeny, ImplicitDeny, ImplicitDeny, Allowed},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := Request{caller(test.kind), pull, repoARN, nil}
			p := Policies{Resource: granting(t, test.principal)}
			check := func(situation string, want Decision) {
				t.Helper()
				if got := p.Evaluate(&r); got != want {
					t.Errorf("%s: %v, want %v", situation, got, want)
				}
			}
			check("alone", test.alone)
			p.Boundary = mute(t, PermissionsBoundary)
			check("boundary", test.boundary)
			p.Boundary, p.Session = nil, mute(t, SessionPolicy)
			check("session policy", test.session)
			p.Session, p.Identity = nil, allow(t, IdentityPolicy)
			if test.kind == FederatedUser {
				p.Session = allow(t, SessionPolicy)
			}
			check("identity policy", test.identity)
		})
	}
}

// Who decides within one account, and who is named as having refused.
func TestWithinAnAccount(t *testing.T) {
	for _, test := range []struct {
		name     string
		kind     PrincipalKind
		policies Policies
		want     Decision
		blocked  Class
	}{
		{"nothing", User, Policies{}, ImplicitDeny, IdentityClass},
		{"identity", User, Policies{Identity: allow(t, IdentityPolicy)}, Allowed, NoClass},
		{"identity that says nothing", User, Policies{Identity: mute(t, IdentityPolicy)}, ImplicitDeny, IdentityClass},
		{"boundary alone grants nothing", User, Policies{Boundary: allow(t, PermissionsBoundary)}, ImplicitDeny, IdentityClass},
		{"identity within the boundary", User, Policies{Identity: allow(t, IdentityPolicy), Boundary: allow(t, PermissionsBoundary)}, Allowed, NoClass},
		{"identity beyond the boundary", User, Policies{Identity: allow(t, IdentityPolicy), Boundary: mute(t, PermissionsBoundary)}, ImplicitDeny, BoundaryClass},
		{"identity beyond the session policy", AssumedRole, Policies{Identity: allow(t, IdentityPolicy), Session: mute(t, SessionPolicy)}, ImplicitDeny, SessionClass},
		{"identity within one of the session policies", AssumedRole, Policies{Identity: allow(t, IdentityPolicy), Session: append(mute(t, SessionPolicy), allow(t, SessionPolicy)...)}, Allowed, NoClass},
		{"session policy alone grants nothing", AssumedRole, Policies{Session: allow(t, SessionPolicy)}, ImplicitDeny, IdentityClass},
		{"role without a session policy", AssumedRole, Policies{Identity: allow(t, IdentityPolicy)}, Allowed, NoClass},
		{"federated user without a session policy", FederatedUser, Policies{Identity: allow(t, IdentityPolicy)}, ImplicitDeny, SessionClass},
		{"federated user with one", FederatedUser, Policies{Identity: allow(t, IdentityPolicy), Session: allow(t, SessionPolicy)}, Allowed, NoClass},
		{"root user has no implicit allow", RootUser, Policies{}, ImplicitDeny, IdentityClass},
		{"root user with policies", RootUser, Policies{Identity: allow(t, IdentityPolicy)}, Allowed, NoClass},
		{"deny in identity", User, Policies{Identity: append(allow(t, IdentityPolicy), deny(t, IdentityPolicy)...)}, ExplicitDeny, IdentityClass},
		{"deny in the boundary", User, Policies{Identity: allow(t, IdentityPolicy), Boundary: append(allow(t, PermissionsBoundary), deny(t, PermissionsBoundary)...)}, ExplicitDeny, BoundaryClass},
		{"deny in the boundary against a direct grant", User, Policies{Resource: granting(t, `"*"`), Boundary: deny(t, PermissionsBoundary)}, ExplicitDeny, BoundaryClass},
		{"deny in the session policy against a direct grant", AssumedRole, Policies{Resource: granting(t, `"*"`), Session: deny(t, SessionPolicy)}, ExplicitDeny, SessionClass},
		{"deny in identity against a direct grant", User, Policies{Resource: granting(t, `"*"`), Identity: deny(t, IdentityPolicy)}, ExplicitDeny, IdentityClass},
		{"deny in the registry policy", User, Policies{Identity: allow(t, IdentityPolicy), Resource: deny(t, RegistryPolicy)}, ExplicitDeny, ResourceClass},
		{"allow in the registry policy", User, Policies{Resource: append(granting(t, `{"AWS":"999999999999"}`), allow(t, RegistryPolicy)...)}, Allowed, NoClass},
		{"repository policy among the identity policies", User, Policies{Identity: granting(t, `"*"`)}, ImplicitDeny, IdentityClass},
		{"identity policy among the resource policies", User, Policies{Resource: allow(t, IdentityPolicy)}, ImplicitDeny, IdentityClass},
		{"no policies where there are some", User, Policies{Identity: []*Policy{nil}, Resource: []*Policy{nil}, SCPs: [][]*Policy{{nil}}}, ImplicitDeny, SCPClass},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := Request{caller(test.kind), pull, repoARN, nil}
			checkDecision(t, &test.policies, &r, test.want, test.blocked)
		})
	}
}

// checkDecision compares Evaluate and Explain with what is wanted.
func checkDecision(t *testing.T, p *Policies, r *Request, want Decision, blocked Class) {
	t.Helper()
	if got := p.Evaluate(r); got != want {
		t.Errorf("%v, want %v", got, want)
	}
	if e := p.Explain(r); e.Decision != want || e.BlockedBy != blocked {
		t.Errorf("explained as %v blocked by %v, want %v blocked by %v", e.Decision, e.BlockedBy, want, blocked)
	}
}

// Source: IAM User Guide, "Cross-account policy evaluation logic".
func TestAcrossAccounts(t *testing.T) {
	identity := allow(t, IdentityPolicy)
	for _, test := range []struct {
		name     string
		kind     PrincipalKind
		policies Policies
		want     Decision
		blocked  Class
	}{
		{"identity alone", User, Policies{Identity: identity}, ImplicitDeny, ResourceClass},
		{"resource alone", User, Policies{Resource: granting(t, `{"AWS":"`+userARN+`"}`)}, ImplicitDeny, IdentityClass},
		{"both, by user", User, Policies{Identity: identity, Resource: granting(t, `{"AWS":"`+userARN+`"}`)}, Allowed, NoClass},
		{"both, by account", User, Policies{Identity: identity, Resource: granting(t, `{"AWS":"123456789012"}`)}, Allowed, NoClass},
		{"both, by account root", AssumedRole, Policies{Identity: identity, Resource: granting(t, `{"AWS":"`+rootARN+`"}`)}, Allowed, NoClass},
		{"both, by role", AssumedRole, Policies{Identity: identity, Resource: granting(t, `{"AWS":"`+roleARN+`"}`)}, Allowed, NoClass},
		{"both, by session", AssumedRole, Policies{Identity: identity, Resource: granting(t, `{"AWS":"`+sessionARN+`"}`)}, Allowed, NoClass},
		{"everyone still needs identity", User, Policies{Resource: granting(t, `"*"`)}, ImplicitDeny, IdentityClass},
		{"other account named", User, Policies{Identity: identity, Resource: granting(t, `{"AWS":"888888888888"}`)}, ImplicitDeny, ResourceClass},
		{"no way around the boundary", User, Policies{Identity: identity, Boundary: mute(t, PermissionsBoundary), Resource: granting(t, `{"AWS":"`+userARN+`"}`)}, ImplicitDeny, BoundaryClass},
		{"no way around the session policy", AssumedRole, Policies{Identity: identity, Session: mute(t, SessionPolicy), Resource: granting(t, `{"AWS":"`+sessionARN+`"}`)}, ImplicitDeny, SessionClass},
		{"federated user without a session policy", FederatedUser, Policies{Identity: identity, Resource: granting(t, `{"AWS":"`+fedARN+`"}`)}, ImplicitDeny, SessionClass},
		{"deny of the other account", User, Policies{Identity: identity, Resource: append(granting(t, `"*"`), deny(t, RepositoryPolicy)...)}, ExplicitDeny, ResourceClass},
		{"owner given", User, Policies{Identity: identity, ResourceAccount: account}, Allowed, NoClass},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := Request{caller(test.kind), pull, otherRepo, nil}
			checkDecision(t, &test.policies, &r, test.want, test.blocked)
		})
	}
	t.Run("same account id in another partition", func(t *testing.T) {
		r := Request{caller(User), pull, "arn:aws-cn:ecr:cn-north-1:123456789012:repository/a", nil}
		p := Policies{Identity: identity}
		checkDecision(t, &p, &r, ImplicitDeny, ResourceClass)
		p.Resource = granting(t, `{"AWS":"123456789012"}`)
		checkDecision(t, &p, &r, ImplicitDeny, ResourceClass)
	})
}

// Source: AWS Organizations User Guide, "SCP evaluation" and "Resource control
// policies"; IAM User Guide, "Policy evaluation logic".
func TestOrganizationPolicies(t *testing.T) {
	identity := allow(t, IdentityPolicy)
	full, none, no := allow(t, ServiceControlPolicy), mute(t, ServiceControlPolicy), deny(t, ServiceControlPolicy)
	rcp := deny(t, ResourceControlPolicy)
	rcpFull := []*Policy{mustCompile(t, ResourceControlPolicy, identityStatement(`"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"`))}
	linked := &Principal{Kind: AssumedRole, ARN: "arn:aws:sts::123456789012:assumed-role/AWSServiceRoleForX/s", Account: account,
		RoleARN: "arn:aws:iam::123456789012:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"}
	everyone := granting(t, `"*"`)
	for _, test := range []struct {
		name     string
		caller   *Principal
		policies Policies
		want     Decision
		blocked  Class
	}{
		{"every level allows", caller(User), Policies{Identity: identity, SCPs: [][]*Policy{full, full}}, Allowed, NoClass},
		{"SCPs grant nothing", caller(User), Policies{SCPs: [][]*Policy{full, full}}, ImplicitDeny, IdentityClass},
		{"one level says nothing", caller(User), Policies{Identity: identity, SCPs: [][]*Policy{full, none, full}}, ImplicitDeny, SCPClass},
		{"one of a level's policies allows", caller(User), Policies{Identity: identity, SCPs: [][]*Policy{append(none, full...)}}, Allowed, NoClass},
		{"a level without policies", caller(User), Policies{Identity: identity, SCPs: [][]*Policy{full, {}}}, ImplicitDeny, SCPClass},
		{"deny at one level", caller(User), Policies{Identity: identity, SCPs: [][]*Policy{append(no, full...), full}}, ExplicitDeny, SCPClass},
		{"SCPs cap direct grants", caller(User), Policies{Resource: everyone, SCPs: [][]*Policy{none}}, ImplicitDeny, SCPClass},
		{"SCPs bind the root user", caller(RootUser), Policies{Resource: everyone, SCPs: [][]*Policy{no}}, ExplicitDeny, SCPClass},
		{"management account is exempt from SCPs", caller(User), Policies{Identity: identity, SCPs: [][]*Policy{no}, ManagementAccount: account}, Allowed, NoClass},
		{"service-linked role is exempt from SCPs", linked, Policies{Identity: identity, SCPs: [][]*Policy{no}}, Allowed, NoClass},
		{"SCPs do not bind services", caller(Service), Policies{Resource: everyone, SCPs: [][]*Policy{no}}, Allowed, NoClass},
		{"SCPs do not bind anonymous callers", caller(Anonymous), Policies{Resource: everyone, SCPs: [][]*Policy{no}}, Allowed, NoClass},

		{"RCP denies", caller(User), Policies{Identity: identity, RCPs: [][]*Policy{rcp}}, ExplicitDeny, RCPClass},
		{"RCPFullAWSAccess changes nothing", caller(User), Policies{Identity: identity, RCPs: [][]*Policy{rcpFull, {}}}, Allowed, NoClass},
		{"RCPs grant nothing", caller(User), Policies{RCPs: [][]*Policy{rcpFull}}, ImplicitDeny, IdentityClass},
		{"RCP denies against a direct grant", caller(User), Policies{Resource: everyone, RCPs: [][]*Policy{rcpFull, rcp}}, ExplicitDeny, RCPClass},
		{"RCPs bind anonymous callers", caller(Anonymous), Policies{Resource: everyone, RCPs: [][]*Policy{rcp}}, ExplicitDeny, RCPClass},
		{"RCPs bind services", caller(Service), Policies{Resource: everyone, RCPs: [][]*Policy{rcp}}, ExplicitDeny, RCPClass},
		{"management account is exempt from RCPs", caller(User), Policies{Identity: identity, RCPs: [][]*Policy{rcp}, ManagementAccount: account}, Allowed, NoClass},
		{"other management account", caller(User), Policies{Identity: identity, RCPs: [][]*Policy{rcp}, ManagementAccount: other}, ExplicitDeny, RCPClass},
		{"service-linked role is exempt from RCPs", linked, Policies{Identity: identity, RCPs: [][]*Policy{rcp}}, Allowed, NoClass},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := Request{test.caller, pull, repoARN, nil}
			checkDecision(t, &test.policies, &r, test.want, test.blocked)
		})
	}
}

// Callers without identity policies.
func TestCallersOutsideAccounts(t *testing.T) {
	service, provider := `{"Service":"replication.ecr.amazonaws.com"}`, `{"Federated":"accounts.google.com"}`
	for _, test := range []struct {
		name, principal string
		kind            PrincipalKind
		want            Decision
	}{
		{"anonymous, everyone", `"*"`, Anonymous, Allowed},
		{"anonymous, everyone, long form", `{"AWS":"*"}`, Anonymous, Allowed},
		{"anonymous, account", `{"AWS":"123456789012"}`, Anonymous, ImplicitDeny},
		{"service", service, Service, Allowed},
		{"service, everyone", `"*"`, Service, Allowed},
		{"service, other", `{"Service":"ecs.amazonaws.com"}`, Service, ImplicitDeny},
		{"service, other case", `{"Service":"Replication.ecr.amazonaws.com"}`, Service, ImplicitDeny},
		{"service, account", `{"AWS":"123456789012"}`, Service, ImplicitDeny},
		{"provider", provider, FederatedProvider, Allowed},
		{"provider, everyone", `"*"`, FederatedProvider, ImplicitDeny},
		{"provider, other", `{"Federated":"cognito-identity.amazonaws.com"}`, FederatedProvider, ImplicitDeny},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := Policies{Resource: granting(t, test.principal), Identity: deny(t, IdentityPolicy), Boundary: deny(t, PermissionsBoundary), Session: deny(t, SessionPolicy)}
			r := Request{caller(test.kind), pull, repoARN, nil}
			if got := p.Evaluate(&r); got != test.want {
				t.Errorf("%v, want %v", got, test.want)
			}
			p.Resource = append(p.Resource, deny(t, RegistryPolicy)...)
			if got := p.Evaluate(&r); got != ExplicitDeny {
				t.Errorf("with a Deny for everyone: %v", got)
			}
		})
	}
}

// Source: IAM User Guide, "AWS JSON policy elements: NotPrincipal" and
// "Permissions boundaries for IAM entities".
func TestNotPrincipal(t *testing.T) {
	for _, test := range []struct {
		name, listed string
		kind         PrincipalKind
		want         Decision
	}{
		{"the caller", userARN, User, Allowed},
		{"the caller's account", account, User, Allowed},
		{"the session's role", roleARN, AssumedRole, Allowed},
		{"the session", sessionARN, AssumedRole, Allowed},
		{"somebody else", "arn:aws:iam::123456789012:user/bob", User, ExplicitDeny},
		{"other account", other, User, ExplicitDeny},
		{"id of a deleted user", "AIDACKCEVSQ6C2EXAMPLE", User, ExplicitDeny},
		{"everyone", "*", User, Allowed},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := Policies{
				Identity: allow(t, IdentityPolicy),
				Resource: []*Policy{mustCompile(t, RepositoryPolicy, `{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS":"`+test.listed+`"},"Action":"ecr:*"}}`)},
			}
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

func TestActions(t *testing.T) {
	for _, test := range []struct {
		element, action string
		want            bool
	}{
		{`"Action":"ecr:BatchGetImage"`, "ecr:BatchGetImage", true},
		{`"Action":"ECR:batchgetimage"`, "ecr:BatchGetImage", true},
		{`"Action":"ecr:BatchGetImage"`, "ECR:BATCHGETIMAGE", true},
		{`"Action":"ecr:Batch*"`, "ecr:BatchGetImage", true},
		{`"Action":"ecr:*Image"`, "ecr:BatchGetImage", true},
		{`"Action":"ecr:?atchGetImag?"`, "ecr:BatchGetImage", true},
		{`"Action":"ecr:Batch?"`, "ecr:BatchGetImage", false},
		{`"Action":"ecr:Batch"`, "ecr:BatchGetImage", false},
		{`"Action":"ecr-public:*"`, "ecr:BatchGetImage", false},
		{`"Action":"*"`, "ecr:BatchGetImage", true},
		{`"Action":["s3:*","ecr:Get*","ecr:BatchGetImage"]`, "ecr:BatchGetImage", true},
		{`"Action":"ecr:BatchGetImage "`, "ecr:BatchGetImage", false},
		{`"NotAction":"s3:*"`, "ecr:BatchGetImage", true},
		{`"NotAction":["s3:*","ecr:Batch*"]`, "ecr:BatchGetImage", false},
		{`"NotAction":"*"`, "ecr:BatchGetImage", false},
		{`"Action":"*"`, "ecr", false},
		{`"Action":"*"`, "ecr:", false},
		{`"Action":"*"`, ":Get", false},
		{`"Action":"*"`, "", false},
		{`"Action":"*"`, "*", false},
		{`"Action":"*"`, "ecr:*", false},
		{`"Action":"*"`, "ecr:Batch:Get", false},
		{`"Action":"*"`, "ecr:Batch Get", false},
		{`"Action":"*"`, "ecr:B\u00e4tch", false},
		{`"NotAction":"s3:*"`, "", false},
	} {
		p := Policies{Identity: []*Policy{mustCompile(t, IdentityPolicy, identityStatement(`"Effect":"Allow","Resource":"*",`+test.element))}}
		r := Request{caller(User), test.action, repoARN, nil}
		if got := p.Evaluate(&r) == Allowed; got != test.want {
			t.Errorf("%s allows %q: %v", test.element, test.action, got)
		}
	}
}

func TestResources(t *testing.T) {
	const team = "arn:aws:ecr:eu-central-1:123456789012:repository/team/app"
	context := Context{{Key: "aws:username", Value: "team"}, {Key: "aws:PrincipalTag/star", Value: "*"}, {Key: "aws:TagKeys", Values: []string{"team"}, Multi: true}}
	for _, test := range []struct {
		name, element, resource string
		allow, deny             bool // whether the statement applies, by effect
	}{
		{"everything", `"Resource":"*"`, team, true, true},
		{"everything, without a resource", `"Resource":"*"`, "*", true, true},
		{"any ARN, without a resource", `"Resource":"arn:aws:ecr:*:*:*"`, "*", false, false},
		{"any ARN, short, without a resource", `"Resource":"arn:aws:ecr:*"`, "*", false, false},
		{"repositories", `"Resource":"arn:aws:ecr:*:*:repository/team/*"`, team, true, true},
		{"one of several", `"Resource":["arn:aws:s3:::x","arn:aws:ecr:*:*:repository/*/app"]`, team, true, true},
		{"case counts", `"Resource":"arn:aws:ecr:*:*:repository/Team/*"`, team, false, false},
		{"short ARN is filled up", `"Resource":"arn:aws:ecr:*"`, team, true, true},
		{"short ARN with a region", `"Resource":"arn:aws:ecr:us-*"`, team, false, false},
		{"any resource of an account", `"Resource":"arn:aws:ecr:eu-central-1:123456789012:*"`, team, true, true},
		{"partition by wildcard", `"Resource":"arn:*:ecr:*:*:*"`, team, true, true},
		{"service by wildcard", `"Resource":"arn:aws:ec?:*:*:repository/*"`, team, false, true},
		{"any service", `"Resource":"arn:aws:*:*:*:*"`, team, false, true},
		{"type by wildcard", `"Resource":"arn:aws:ecr:*:*:repo*/app"`, team, false, true},
		{"type without its slash", `"Resource":"arn:aws:ecr:*:*:repository*"`, team, false, true},
		{"question mark for the type", `"Resource":"arn:aws:ecr:*:*:?*"`, team, false, true},
		{"variable as the type", `"Resource":"arn:aws:ecr:*:*:${aws:userid, 'repository'}/team/app"`, team, false, true},
		{"variable", `"Resource":"arn:aws:ecr:*:*:repository/${aws:username}/*"`, team, true, true},
		{"variable before the fifth colon", `"Resource":"arn:aws:ecr:*:${aws:userid, '123456789012'}:repository/*"`, team, false, false},
		{"variable's star is literal", `"Resource":"arn:aws:ecr:*:*:repository/${aws:PrincipalTag/star}"`, team, false, false},
		{"missing variable", `"Resource":"arn:aws:ecr:*:*:repository/${aws:userid}*"`, team, false, false},
		{"multivalued variable", `"Resource":"arn:aws:ecr:*:*:repository/${aws:TagKeys}/*"`, team, false, false},
		{"missing variable with a default", `"Resource":"arn:aws:ecr:*:*:repository/${aws:userid, 'team'}/*"`, team, true, true},
		{"missing variable beside a match", `"Resource":["arn:aws:ecr:*:*:repository/${aws:userid}","arn:aws:ecr:*:*:repository/*"]`, team, true, true},
		{"all but", `"NotResource":"arn:aws:ecr:*:*:repository/other/*"`, team, true, true},
		{"all but this", `"NotResource":"arn:aws:ecr:*:*:repository/team/*"`, team, false, false},
		{"all but everything", `"NotResource":"*"`, team, false, false},
		{"all but repositories, without a resource", `"NotResource":"arn:aws:ecr:*:*:repository/*"`, "*", true, true},
		{"all but a missing variable", `"NotResource":"arn:aws:ecr:*:*:repository/${aws:userid}"`, team, false, true},
		{"all but this and a missing variable", `"NotResource":["arn:aws:ecr:*:*:repository/team/*","arn:aws:ecr:*:*:repository/${aws:userid}"]`, team, false, true},
		{"all but a type by wildcard", `"NotResource":"arn:aws:ecr:*:*:repo*/app"`, team, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			for effect, want := range map[Effect]bool{Allow: test.allow, Deny: test.deny} {
				p := mustCompile(t, IdentityPolicy, identityStatement(fmt.Sprintf(`"Effect":%q,"Action":"*",`, effect)+test.element))
				q, ok := new(Policies).newQuery(&Request{caller(User), pull, test.resource, context})
				if got := p.Statements[0].applies(&q); !ok || got != want {
					t.Errorf("%v applies: %v, want %v", effect, got, want)
				}
			}
		})
	}
}

// A statement without Resource is about its own repository, and only
// identity policies allow what has no resource (Amazon ECR User Guide,
// "Private registry authentication").
func TestRequestsWithoutResource(t *testing.T) {
	const token = "ecr:GetAuthorizationToken"
	r := Request{caller(User), token, "*", nil}
	checkDecision(t, &Policies{Identity: allow(t, IdentityPolicy)}, &r, Allowed, NoClass)
	checkDecision(t, &Policies{Resource: granting(t, `"*"`)}, &r, ImplicitDeny, IdentityClass)
	checkDecision(t, &Policies{Resource: allow(t, RepositoryPolicy)}, &r, ImplicitDeny, IdentityClass)
	checkDecision(t, &Policies{Resource: allow(t, RegistryPolicy)}, &r, ImplicitDeny, IdentityClass)
	checkDecision(t, &Policies{Identity: allow(t, IdentityPolicy), Resource: deny(t, RepositoryPolicy)}, &r, Allowed, NoClass)
	checkDecision(t, &Policies{Identity: allow(t, IdentityPolicy), Resource: deny(t, RegistryPolicy)}, &r, ExplicitDeny, ResourceClass)
}

// Whatever is wrong with a request, it is never allowed, and never a panic.
func TestHostileRequests(t *testing.T) {
	everything := list(t, IdentityPolicy, "Allow", "*")
	p := Policies{Identity: everything, Session: everything, Resource: granting(t, `"*"`)}
	good := Request{caller(User), pull, repoARN, nil}
	if p.Evaluate(&good) != Allowed {
		t.Fatal("the good request is refused")
	}
	user := func(arn, account string) *Principal { return &Principal{Kind: User, ARN: arn, Account: account} }
	session := func(role string) *Principal {
		return &Principal{Kind: AssumedRole, ARN: sessionARN, Account: account, RoleARN: role}
	}
	for name, r := range map[string]*Request{
		"no request":                     nil,
		"zero request":                   {},
		"no principal":                   {nil, pull, repoARN, nil},
		"zero principal":                 {&Principal{}, pull, repoARN, nil},
		"principal of an unknown kind":   {&Principal{Kind: 200, ARN: userARN, Account: account}, pull, repoARN, nil},
		"user without an ARN":            {user("", account), pull, repoARN, nil},
		"user with the ARN of a session": {user(sessionARN, account), pull, repoARN, nil},
		"user with the ARN of a role":    {user(roleARN, account), pull, repoARN, nil},
		"user with a wildcard":           {user("arn:aws:iam::123456789012:user/*", account), pull, repoARN, nil},
		"user of two accounts":           {user(userARN, other), pull, repoARN, nil},
		"service without a name":         {&Principal{Kind: Service}, pull, repoARN, nil},
		"session of another role":        {session("arn:aws:iam::123456789012:role/admin"), pull, repoARN, nil},
		"session of a foreign role":      {session("arn:aws:iam::999999999999:role/team/ci"), pull, repoARN, nil},
		"session of no role":             {session(userARN), pull, repoARN, nil},
		"no action":                      {caller(User), "", repoARN, nil},
		"no resource":                    {caller(User), pull, "", nil},
		"resource is no ARN":             {caller(User), pull, "repository/a", nil},
		"resource is a short ARN":        {caller(User), pull, "arn:aws:ecr:eu-central-1:123456789012", nil},
		"resource is empty":              {caller(User), pull, "arn:aws:ecr:eu-central-1:123456789012:", nil},
		"resource with a line break":     {caller(User), pull, repoARN + "\n", nil},
		"resource with a blank":          {caller(User), pull, repoARN + " b", nil},
		"two stars":                      {caller(User), pull, "**", nil},
	} {
		if got := p.Evaluate(r); got != ImplicitDeny {
			t.Errorf("%s: %v", name, got)
		}
		if got := p.Explain(r); got.Decision != ImplicitDeny {
			t.Errorf("%s: explained as %v", name, got.Decision)
		}
	}
	var none *Policies
	if got := none.Evaluate(&good); got != ImplicitDeny {
		t.Errorf("no policies: %v", got)
	}
	p.Resource = list(t, RepositoryPolicy, "Deny", "*")
	if got := p.Evaluate(&Request{caller(User), "", "", nil}); got != ExplicitDeny {
		t.Errorf("a Deny is lost on a malformed request: %v", got)
	}
}

func TestZeroValuesDeny(t *testing.T) {
	var d Decision
	var e Effect
	var k PrincipalKind
	if d == Allowed || e == Allow || k != UnknownPrincipal {
		t.Error("a zero value allows")
	}
	if d.String() != "implicitDeny" || ExplicitDeny.String() != "explicitDeny" || Allowed.String() != "allowed" {
		t.Error("decisions are not in the simulator's words")
	}
}
