package identity

import (
	"maps"
	"strings"
	"testing"

	_ "extauthz/goldentest" // accept -update
	"extauthz/iam"
	"extauthz/iam/iamtest"
	"extauthz/identity/sts"
)

// Claims of AWS's.
const (
	tagsClaim           = "https://aws.amazon.com/tags"
	flatTagPrefix       = "https://aws.amazon.com/tags/principal_tags/"
	sourceIdentityClaim = "https://aws.amazon.com/source_identity"
)

const web = `"sts:AssumeRoleWithWebIdentity"`

// assuming returns files in which tokens of gitlab assume roles with different trust
// policies.
func assuming(t testing.TB) principals {
	t.Helper()
	provider := `{"Federated":"` + gitlabProvider + `"}`
	all := `["sts:AssumeRoleWithWebIdentity","sts:TagSession","sts:SetSourceIdentity"]`
	roles := map[string]*iam.Policy{
		"plain":     iamtest.Trust(t, provider, web, ""),
		"all":       iamtest.Trust(t, provider, all, ""),
		"elsewhere": iamtest.Trust(t, `{"Federated":"arn:aws:iam::999999999999:oidc-provider/gitlab.example.com"}`, all, ""),
		"address":   iamtest.Trust(t, provider, all, `{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}`),
		"session":   iamtest.Trust(t, provider, all, `{"StringEquals":{"sts:RoleSessionName":"gitlab"}}`),
		"blue":      iamtest.Trust(t, provider, all, `{"StringEquals":{"aws:RequestTag/Ref":"blue"}}`),
	}
	w := principals{issuers: []Issuer{{Name: "gitlab", Verifier: signerAt(gitlabURL).verifier(t), TagClaims: map[string]string{"Ref": "ref"}}}}
	for name, policy := range roles {
		w.entities = append(w.entities, sts.Entity{ARN: role + name, ID: "AROAEXAMPLE" + strings.ToUpper(name), Trust: policy, Tags: []sts.Tag{{Key: "Team", Value: "none"}, {Key: "stage", Value: "prod"}}})
	}
	return w
}

// TestWhatTrustPoliciesSee checks that trust policies see the condition keys of the
// request, the issuer and the token.
func TestWhatTrustPoliciesSee(t *testing.T) {
	auth, s := assuming(t).build(t), signerAt(gitlabURL)
	here := iam.Context{{Key: "aws:SourceIp", Value: "192.0.2.7"}, {Key: "aws:ResourceAccount", Value: "999999999999"}}
	for _, c := range []struct {
		name, role string
		claims     claims
		context    iam.Context
		reason     string // "" where the role is assumed
	}{
		{name: "trusted", role: "plain"},
		{name: "the provider of another account", role: "elsewhere", reason: "is not authorized to perform: sts:AssumeRoleWithWebIdentity"},
		{name: "the request's own keys", role: "address", context: here},
		{name: "without them", role: "address", reason: "is not authorized"},
		{name: "the session's name", role: "session"},
		{name: "a tag of the operator's", role: "blue", claims: claims{"ref": "blue"}},
		{name: "another value", role: "blue", claims: claims{"ref": "red"}, reason: "is not authorized"},
		{name: "a tag of the operator's, without sts:TagSession", role: "plain", claims: claims{"ref": "main"}, reason: "sts:TagSession"},
		{name: "a claim of a tag that is a number", role: "all", claims: claims{"ref": 7}, reason: "not a string"},
		{name: "a tag of the operator's and of the token's", role: "all", claims: claims{"ref": "main", flatTagPrefix + "ref": "dev"}, reason: "are the same"},
		{name: "a source identity", role: "plain", claims: claims{sourceIdentityClaim: "alice"}, reason: "sts:SetSourceIdentity"},
	} {
		t.Run(c.name, func(t *testing.T) {
			caller, f := authenticate(t, auth, config(), Credentials{Authorization: basicHeader("123456789012/"+c.role, s.token(t, c.claims)), Context: c.context})
			if c.reason != "" {
				want{reason: c.reason}.check(t, caller, f)
				return
			}
			want{arn: assumedRole + c.role + "/gitlab"}.check(t, caller, f)
		})
	}
}

// TestWebIdentitySession checks that the condition keys of the caller are those of the
// session, as in AWS.
func TestWebIdentitySession(t *testing.T) {
	w := assuming(t)
	limit := iamtest.Policy(t, iam.SessionPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*","Resource":"*"}}`)
	w.issuers[0].SessionPolicies = []*iam.Policy{limit}
	auth, s := w.build(t), signerAt(gitlabURL)
	caller, f := authenticate(t, auth, config(), Credentials{Authorization: basicHeader("123456789012/all", s.token(t, claims{
		"ref": "main", sourceIdentityClaim: "alice", tagsClaim: claims{"principal_tags": claims{"TEAM": []any{"blue"}}}}))})
	if f != nil {
		t.Fatal(f)
	}
	iamtest.CheckKeys(t, contextOf(caller), map[string]string{
		"aws:PrincipalArn": role + "all", "aws:PrincipalType": "AssumedRole", "aws:PrincipalAccount": "123456789012",
		"aws:userid": "AROAEXAMPLEALL:gitlab", "aws:username": "", "aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false",
		"aws:PrincipalTag/Team": "blue", "aws:PrincipalTag/stage": "prod", "aws:PrincipalTag/Ref": "main",
		"aws:SourceIdentity": "alice", "aws:FederatedProvider": gitlabProvider, "aws:MultiFactorAuthPresent": "false",
		"aws:TokenIssueTime": "2026-03-01T11:59:00Z", "gitlab.example.com:sub": "", "sts:RoleSessionName": "",
	})
	if caller.Principal.RoleARN != role+"all" || caller.Issuer != "gitlab" || len(caller.SessionPolicies) != 1 || caller.SessionPolicies[0] != limit {
		t.Errorf("caller %+v", caller)
	}
}

// TestSessionsBeginWithTheirTokens checks that a session begins when its token was
// issued. A session of a token without that time is old, so that a policy which revokes
// sessions by age denies it.
func TestSessionsBeginWithTheirTokens(t *testing.T) {
	auth, s := assuming(t).build(t), signerAt(gitlabURL)
	for _, c := range []struct {
		claims claims
		want   string
	}{
		{nil, "2026-03-01T11:59:00Z"},
		{claims{"nbf": now.Unix() - 30}, "2026-03-01T11:59:00Z"},
		{claims{"iat": nil, "nbf": now.Unix() - 30}, "2026-03-01T11:59:30Z"},
		{claims{"iat": nil}, "1970-01-01T00:00:00Z"},
		{claims{"iat": 0}, "1970-01-01T00:00:00Z"},
	} {
		caller, f := authenticate(t, auth, config(), Credentials{Authorization: basicHeader("123456789012/plain", s.token(t, c.claims))})
		if f != nil {
			t.Fatal(f)
		}
		iamtest.CheckKeys(t, contextOf(caller), map[string]string{"aws:TokenIssueTime": c.want, "aws:PrincipalTag/Ref": "", "aws:SourceIdentity": ""})
	}
}

// chained returns files in which tokens are bound, to the user in sub or, without sub,
// to the session of the role runner. All assume roles by sts:AssumeRole.
func chained(t testing.TB, boundary, limit string) principals {
	t.Helper()
	identityPolicy := iamtest.Policy(t, iam.IdentityPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:*","Resource":"`+role+`*"}}`)
	user := sts.Entity{ARN: aliceARN, Identity: []*iam.Policy{identityPolicy}, Tags: []sts.Tag{{Key: "team", Value: "blue"}}}
	if boundary != "" {
		user.Boundary = []*iam.Policy{iamtest.Policy(t, iam.PermissionsBoundary, boundary)}
	}
	runner := Binding{Kind: TokenClaims, Issuer: "gitlab", Claims: map[string]string{"job": "{job}"},
		Principal: assumedRole + "runner/{job}", SourceIdentity: "{job}", Tags: map[string]string{"job": "{job}"}}
	if limit != "" {
		runner.SessionPolicies = []*iam.Policy{iamtest.Policy(t, iam.SessionPolicy, limit)}
	}
	all := `["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]`
	account := `{"AWS":"arn:aws:iam::123456789012:root"}`
	return principals{
		entities: []sts.Entity{
			user,
			{ARN: "arn:aws:iam::123456789012:user/dev/bob"},
			{ARN: role + "runner", Identity: []*iam.Policy{identityPolicy}},
			{ARN: role + "delegated", Trust: iamtest.Trust(t, account, all, "")},
			{ARN: role + "named", Trust: iamtest.Trust(t, `{"AWS":["`+aliceARN+`","arn:aws:iam::123456789012:user/dev/bob","`+role+`runner"]}`, all, "")},
			{ARN: role + "blue", Trust: iamtest.Trust(t, account, all, `{"StringEquals":{"aws:PrincipalTag/team":"blue"}}`)},
			{ARN: role + "nosource", Trust: iamtest.Trust(t, account, `"sts:AssumeRole"`, "")},
			{ARN: role + "open", Trust: iamtest.Trust(t, `"*"`, all, "")},
			{ARN: role + "web", Trust: iamtest.Trust(t, `{"Federated":"`+gitlabProvider+`"}`, web, "")},
			{ARN: "arn:aws:iam::999999999999:role/abroad", Trust: iamtest.Trust(t, `{"AWS":"`+aliceARN+`"}`, all, "")},
		},
		issuers: []Issuer{{Name: "gitlab", Verifier: signerAt(gitlabURL).verifier(t), SessionName: "chained", TagClaims: map[string]string{"ref": "ref"}}},
		bindings: []Binding{
			{Kind: TokenClaims, Issuer: "gitlab", Claims: map[string]string{"user": "{name}"}, Principal: "arn:aws:iam::123456789012:user/dev/{name}"},
		},
	}.with(runner)
}

// with adds a binding of tokens that the other bindings do not match.
func (w principals) with(b Binding) principals {
	b.Claims = maps.Clone(b.Claims)
	b.Claims["kind"] = "job"
	w.bindings[0].Claims["kind"] = "user"
	w.bindings = append(w.bindings, b)
	return w
}

func TestAssumeRole(t *testing.T) {
	const (
		allowAll   = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
		allowECR   = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*","Resource":"*"}}`
		denyAssume = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"sts:AssumeRole","Resource":"*"}]}`
		denied     = "is not authorized to perform: sts:AssumeRole"
		toNamed    = assumedRole + "named/chained"
	)
	alice, bob, job := claims{"user": "alice", "kind": "user"}, claims{"user": "bob", "kind": "user"}, claims{"job": "build", "kind": "job"}
	for _, c := range []struct {
		name, boundary, session, role string
		claims                        claims
		want                          want
	}{
		{"trusts the user", "", "", "123456789012/named", alice, want{arn: toNamed}},
		{"trusts the account, and the user's policies allow", "", "", "123456789012/delegated", alice, want{arn: assumedRole + "delegated/chained"}},
		{"trusts the account, and the user's policies do not", "", "", "123456789012/delegated", bob, want{reason: denied}},
		{"trusts the user, whose policies do not matter", "", "", "123456789012/named", bob, want{arn: toNamed}},
		{"the boundary allows", allowAll, "", "123456789012/delegated", alice, want{arn: assumedRole + "delegated/chained"}},
		{"the boundary does not allow", allowECR, "", "123456789012/delegated", alice, want{reason: denied}},
		{"the boundary does not allow, but the user is named", allowECR, "", "123456789012/named", alice, want{arn: toNamed}},
		{"the boundary denies, though the user is named", denyAssume, "", "123456789012/named", alice, want{reason: denied}},
		{"a tag of the user", "", "", "123456789012/blue", alice, want{arn: assumedRole + "blue/chained"}},
		{"a tag of another's", "", "", "123456789012/blue", job, want{reason: denied}},
		{"another account, which trusts the user", "", "", "999999999999/abroad", alice, want{reason: denied}},
		{"trusts the provider, but the token is bound", "", "", "123456789012/web", alice, want{reason: denied}},
		{"a session", "", "", "123456789012/delegated", job, want{arn: assumedRole + "delegated/chained"}},
		{"a session, whose role is named", "", "", "123456789012/named", job, want{arn: toNamed}},
		{"the session's policy allows", "", allowAll, "123456789012/named", job, want{arn: toNamed}},
		{"the session's policy does not allow", "", allowECR, "123456789012/named", job, want{reason: denied}},
		{"the role trusts everyone", "", "", "123456789012/open", alice, want{arn: assumedRole + "open/chained"}},
		{"the role trusts everyone, and the boundary does not allow", allowECR, "", "123456789012/open", alice, want{reason: denied}},
		{"the role trusts everyone, and the session's policy does not allow", "", allowECR, "123456789012/open", job, want{reason: denied}},
		{"the source identity has to be set again", "", "", "123456789012/nosource", job, want{reason: "sts:SetSourceIdentity"}},
		{"no source identity", "", "", "123456789012/nosource", alice, want{arn: assumedRole + "nosource/chained"}},
		{"tags are passed", "", "", "123456789012/nosource", claims{"user": "alice", "kind": "user", "ref": "main"}, want{reason: "sts:TagSession"}},
		{"another source identity", "", "", "123456789012/named", claims{"job": "build", "kind": "job", sourceIdentityClaim: "other"}, want{reason: "is not that of the calling session"}},
		{"the same source identity", "", "", "123456789012/named", claims{"job": "build", "kind": "job", sourceIdentityClaim: "build"}, want{arn: toNamed}},
		{"a role that does not exist", "", "", "123456789012/missing", alice, want{reason: "not among the principals"}},
		{"not bound", "", "", "123456789012/named", claims{"kind": "user"}, want{reason: "no principal is bound"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			auth := chained(t, c.boundary, c.session).build(t)
			caller, f := authenticate(t, auth, config(), Credentials{Authorization: basicHeader(c.role, signerAt(gitlabURL).token(t, c.claims))})
			c.want.check(t, caller, f)
		})
	}
}

// TestAssumeRoleSession checks that the second session of a chain inherits the source
// identity, and nothing else.
func TestAssumeRoleSession(t *testing.T) {
	auth := chained(t, "", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`).build(t)
	job := claims{"job": "build", "kind": "job", "ref": "main"}
	caller, f := authenticate(t, auth, config(), Credentials{Authorization: bearer(signerAt(gitlabURL).token(t, job))})
	want{arn: assumedRole + "runner/build"}.check(t, caller, f)
	iamtest.CheckKeys(t, contextOf(caller), map[string]string{
		"aws:SourceIdentity": "build", "aws:PrincipalTag/job": "build", "aws:PrincipalTag/ref": "main", "aws:TokenIssueTime": "2026-03-01T11:59:00Z", "aws:FederatedProvider": ""})
	if len(caller.SessionPolicies) != 1 {
		t.Errorf("%d session policies", len(caller.SessionPolicies))
	}
	caller, f = authenticate(t, auth, config(), Credentials{Authorization: basicHeader("123456789012/delegated", signerAt(gitlabURL).token(t, job))})
	want{arn: assumedRole + "delegated/chained"}.check(t, caller, f)
	iamtest.CheckKeys(t, contextOf(caller), map[string]string{
		"aws:SourceIdentity": "build", "aws:PrincipalTag/job": "", "aws:PrincipalTag/ref": "main", "aws:TokenIssueTime": "2026-03-01T11:59:00Z", "aws:FederatedProvider": "", "aws:PrincipalArn": role + "delegated"})
	if len(caller.SessionPolicies) != 0 || caller.Issuer != "gitlab" {
		t.Errorf("%d session policies, issuer %q", len(caller.SessionPolicies), caller.Issuer)
	}
}

// TestWhoCannotAssumeRoles checks the principals that have no policies to assume roles
// with.
func TestWhoCannotAssumeRoles(t *testing.T) {
	for _, principal := range []string{"arn:aws:iam::123456789012:root", "ci.amazonaws.com", "arn:aws:sts::123456789012:federated-user/carol"} {
		w := chained(t, "", "")
		b := Binding{Kind: TokenClaims, Issuer: "gitlab", Claims: map[string]string{"other": "x"}, Principal: principal}
		if strings.Contains(principal, "federated") {
			b.FederatedBy = aliceARN
		}
		w = w.with(b)
		w.bindings = w.bindings[2:]
		auth, token := w.build(t), signerAt(gitlabURL).token(t, claims{"other": "x", "kind": "job"})
		caller, f := authenticate(t, auth, config(), Credentials{Authorization: bearer(token)})
		want{arn: principal}.check(t, caller, f)
		caller, f = authenticate(t, auth, config(), Credentials{Authorization: basicHeader("123456789012/delegated", token)})
		want{reason: "cannot assume roles"}.check(t, caller, f)
	}
}

// member has one account in an organization.
func member(account string) (string, []string, bool) {
	return "o-a1b2c3d4e5", []string{"o-a1b2c3d4e5/r-ab12/"}, account == "123456789012"
}

// TestAssumingSeesTheRoleAndTheOrganization checks that a trust policy, an identity
// policy and a control policy can deny by the role's tags and by the organization of
// either side.
func TestAssumingSeesTheRoleAndTheOrganization(t *testing.T) {
	const (
		deny  = `{"Effect":"Deny","Principal":"*","Action":"sts:*","Condition":`
		limit = `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"sts:*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/stage":"prod"}}}}`
	)
	for _, c := range []struct {
		name, condition string // of a Deny in the trust policy
		web, chain      bool   // whether a token, and whether alice, assumes the role all the same
	}{
		{"a tag of the role", `{"StringEquals":{"aws:ResourceTag/stage":"prod"}}`, false, false},
		{"the same in IAM's key", `{"StringEquals":{"iam:ResourceTag/Stage":"prod"}}`, false, false},
		{"another value", `{"StringEquals":{"aws:ResourceTag/stage":"test"}}`, true, true},
		{"the role's organization", `{"StringEquals":{"aws:ResourceOrgID":"o-a1b2c3d4e5"}}`, false, false},
		{"its paths", `{"ForAnyValue:StringLike":{"aws:ResourceOrgPaths":"o-a1b2c3d4e5/*"}}`, false, false},
		{"the caller's organization, which a token has none of", `{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}`, true, false},
		{"its paths, which a token has none of", `{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-a1b2c3d4e5/*"}}`, true, false},
		{"a control policy", limit, false, false},
	} {
		for _, bound := range []bool{false, true} {
			t.Run(c.name, func(t *testing.T) {
				controls, statement := (*iam.OrganizationPolicies)(nil), deny+c.condition+`},`
				if c.condition == limit {
					controls, statement = &iam.OrganizationPolicies{Default: iam.ControlPolicies{RCPs: [][]*iam.Policy{{iamtest.Policy(t, iam.ResourceControlPolicy, limit)}}}}, ""
				}
				web := iamtest.Policy(t, iam.TrustPolicy, `{"Version":"2012-10-17","Statement":[`+statement+`
					{"Effect":"Allow","Principal":{"Federated":"`+gitlabProvider+`","AWS":"`+aliceARN+`"},"Action":["sts:AssumeRole","sts:AssumeRoleWithWebIdentity"]}]}`)
				w := principals{
					membership: member,
					controls:   controls,
					entities:   []sts.Entity{{ARN: aliceARN}, {ARN: role + "deploy", Trust: web, Tags: []sts.Tag{{Key: "stage", Value: "prod"}}}},
					issuers:    []Issuer{{Name: "gitlab", Verifier: signerAt(gitlabURL).verifier(t)}},
				}
				allowed := c.web
				if bound {
					allowed, w.bindings = c.chain, []Binding{{Kind: TokenClaims, Issuer: "gitlab", Claims: map[string]string{"sub": "job"}, Principal: aliceARN}}
				}
				caller, f := authenticate(t, w.build(t), config(), Credentials{Authorization: basicHeader("123456789012/deploy", signerAt(gitlabURL).token(t, nil))})
				if allowed {
					want{arn: assumedRole + "deploy/gitlab"}.check(t, caller, f)
				} else {
					want{reason: "is not authorized to perform: sts:AssumeRole"}.check(t, caller, f)
				}
			})
		}
	}
}
