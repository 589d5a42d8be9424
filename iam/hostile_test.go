package iam

import "testing"

// A malformed request is never allowed, and never causes a panic.
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
	federated := func(user string) *Principal {
		return &Principal{Kind: FederatedUser, ARN: fedARN, Account: account, UserARN: user}
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
		"federated by a foreign user":    {federated("arn:aws:iam::999999999999:user/team/alice"), pull, repoARN, nil},
		"federated by a role":            {federated(roleARN), pull, repoARN, nil},
		"no action":                      {caller(User), "", repoARN, nil},
		"no resource":                    {caller(User), pull, "", nil},
		"resource is not an ARN":         {caller(User), pull, "repository/a", nil},
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
