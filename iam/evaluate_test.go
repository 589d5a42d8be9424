package iam

import "testing"

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
	case RootUser, UnnamedPrincipal:
		return &Principal{Kind: kind, ARN: rootARN, Account: account}
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
	if kind.HasPrincipal() {
		principal = `"Principal":"*",`
	}
	return []*Policy{mustCompile(t, kind, identityStatement(principal+`"Effect":"`+effect+`","Action":"`+action+`","Resource":"*"`))}
}

// allow and deny are documents that allow and deny pulls; mute is a document about
// another action.
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
		// is also a boundary, a session policy about another action, or an identity
		// policy that allows
		alone, boundary, session, identity Decision
	}{
		{"everyone, user", `"*"`, User, Allowed, Allowed, Allowed, Allowed},
		{"everyone, long form, session", `{"AWS":"*"}`, AssumedRole, Allowed, Allowed, Allowed, Allowed},
		{"everyone, federated user", `"*"`, FederatedUser, Allowed, Allowed, Allowed, Allowed},
		{"everyone, principal without a name", `"*"`, UnnamedPrincipal, Allowed, Allowed, Allowed, Allowed},
		{"user", `{"AWS":"` + userARN + `"}`, User, Allowed, Allowed, Allowed, Allowed},
		{"user, as who federated", `{"AWS":"` + userARN + `"}`, FederatedUser, ImplicitDeny, ImplicitDeny, ImplicitDeny, Allowed},
		{"session", `{"AWS":"` + sessionARN + `"}`, AssumedRole, Allowed, Allowed, Allowed, Allowed},
		{"federated user", `{"AWS":"` + fedARN + `"}`, FederatedUser, Allowed, Allowed, Allowed, Allowed},
		{"role", `{"AWS":"` + roleARN + `"}`, AssumedRole, Allowed, ImplicitDeny, ImplicitDeny, Allowed},
		{"role without its path", `{"AWS":"arn:aws:iam::123456789012:role/ci"}`, AssumedRole, Allowed, ImplicitDeny, ImplicitDeny, Allowed},
		{"role in another case", `{"AWS":"arn:aws:iam::123456789012:role/CI"}`, AssumedRole, Allowed, ImplicitDeny, ImplicitDeny, Allowed},
		{"account", `{"AWS":"123456789012"}`, User, ImplicitDeny, ImplicitDeny, ImplicitDeny, Allowed},
		{"account root", `{"AWS":"` + rootARN + `"}`, AssumedRole, ImplicitDeny, ImplicitDeny, ImplicitDeny, Allowed},
		{"account, principal without a name", `{"AWS":"` + rootARN + `"}`, UnnamedPrincipal, ImplicitDeny, ImplicitDeny, ImplicitDeny, Allowed},
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

// The decisions within one account, and the class that refused.
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
		{"identity policy about another action", User, Policies{Identity: mute(t, IdentityPolicy)}, ImplicitDeny, IdentityClass},
		{"boundary alone grants nothing", User, Policies{Boundary: allow(t, PermissionsBoundary)}, ImplicitDeny, IdentityClass},
		{"identity within the boundary", User, Policies{Identity: allow(t, IdentityPolicy), Boundary: allow(t, PermissionsBoundary)}, Allowed, NoClass},
		{"identity beyond the boundary", User, Policies{Identity: allow(t, IdentityPolicy), Boundary: mute(t, PermissionsBoundary)}, ImplicitDeny, BoundaryClass},
		{"identity beyond the session policy", AssumedRole, Policies{Identity: allow(t, IdentityPolicy), Session: mute(t, SessionPolicy)}, ImplicitDeny, SessionClass},
		{"identity within one of the session policies", AssumedRole, Policies{Identity: allow(t, IdentityPolicy), Session: append(mute(t, SessionPolicy), allow(t, SessionPolicy)...)}, Allowed, NoClass},
		{"session policy alone grants nothing", AssumedRole, Policies{Session: allow(t, SessionPolicy)}, ImplicitDeny, IdentityClass},
		{"role without a session policy", AssumedRole, Policies{Identity: allow(t, IdentityPolicy)}, Allowed, NoClass},
		{"federated user without a session policy", FederatedUser, Policies{Identity: allow(t, IdentityPolicy)}, ImplicitDeny, SessionClass},
		{"federated user with one", FederatedUser, Policies{Identity: allow(t, IdentityPolicy), Session: allow(t, SessionPolicy)}, Allowed, NoClass},
		{"principal without a name", UnnamedPrincipal, Policies{}, ImplicitDeny, IdentityClass},
		{"principal without a name, with policies", UnnamedPrincipal, Policies{Identity: allow(t, IdentityPolicy)}, Allowed, NoClass},
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

// checkDecision compares the results of Evaluate and Explain with the expected ones.
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
