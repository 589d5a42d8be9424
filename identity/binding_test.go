package identity

import (
	"strings"
	"testing"

	"extauthz/diag"
	"extauthz/iam"
	"extauthz/iam/iamtest"
	"extauthz/identity/sts"
)

// bindable returns files for bindings: alice, bob and the role ci, the issuer gitlab
// without a role, and the issuer fixed with one.
func bindable(t testing.TB, bindings ...Binding) principals {
	t.Helper()
	web := iamtest.Trust(t, `{"Federated":"`+gitlabProvider+`"}`, web, "")
	return principals{
		entities: []sts.Entity{{ARN: aliceARN}, {ARN: "arn:aws:iam::123456789012:user/dev/bob", Tags: []sts.Tag{{Key: "team", Value: "red"}}}, {ARN: role + "team/ci", ID: "AROAEXAMPLE", Trust: web}},
		issuers: []Issuer{
			{Name: "gitlab", Verifier: signerAt(gitlabURL).verifier(t)},
			{Name: "fixed", Verifier: signerAt("https://fixed.example.com").verifier(t), Role: role + "team/ci"},
		},
		bindings: bindings,
	}
}

const functionARN = "arn:aws:lambda:us-east-1:123456789012:function:f"

// TestBindRefuses checks the errors of invalid bindings.
func TestBindRefuses(t *testing.T) {
	policies := []*iam.Policy{iamtest.Policy(t, iam.SessionPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)}
	uri := func(name, principal string) Binding { return Binding{Kind: URI, Name: name, Principal: principal} }
	sub := func(pattern string) Binding {
		return Binding{Kind: TokenClaims, Issuer: "gitlab", Claims: map[string]string{"sub": pattern}, Principal: aliceARN}
	}
	for _, c := range []struct {
		name     string
		bindings []Binding
		want     string
	}{
		{"no kind", []Binding{{Name: "alice", Principal: aliceARN}}, "needs a name"},
		{"a kind that does not exist", []Binding{{Kind: "cookie", Name: "alice", Principal: aliceARN}}, "needs a name"},
		{"no name", []Binding{uri("", aliceARN)}, "needs a name"},
		{"no password", []Binding{{Kind: BasicUser, Name: "carol", Principal: aliceARN}}, `user "carol" has no line in htpasswd`},
		{"twice", []Binding{uri("spiffe://a", ciARN), uri("spiffe://a", aliceARN)}, `uri "spiffe://a" is bound twice`},
		{"twice the same", []Binding{uri("spiffe://a", ciARN), uri("spiffe://a", ciARN)}, "is bound twice"},
		{"a pattern twice", []Binding{uri("spiffe://{a}", ciARN), uri("spiffe://{b}", ciARN)}, "overlap"},
		{"patterns that overlap", []Binding{uri("spiffe://a-{x}", ciARN), uri("spiffe://{x}-b", ciARN)}, `uri "spiffe://a-{x}" and "spiffe://{x}-b" overlap`},
		{"a pattern that cannot be compiled", []Binding{uri("spiffe://{a}{b}", ciARN)}, "has nothing that separates"},
		{"a template that cannot be compiled", []Binding{uri("spiffe://{a}", assumedRole+"ci/{b}")}, "which is not captured"},
		{"two captures in a name", []Binding{uri("spiffe://{a}/{b}", assumedRole+"ci/{a}-{b}")}, "two captures in one segment"},
		{"a captured account", []Binding{uri("spiffe://{a}", "arn:aws:sts::{a}:assumed-role/ci/x1")}, "only the name in an ARN may be a capture"},
		{"a captured kind", []Binding{uri("spiffe://{a}", "arn:aws:iam::123456789012:{a}/x")}, "only the name in an ARN may be a capture"},
		{"no principal", []Binding{uri("spiffe://a", "")}, "empty"},
		{"no ARN", []Binding{uri("spiffe://a", "alice")}, "is not an ARN"},
		{"a role", []Binding{uri("spiffe://a", role+"team/ci")}, "and only sessions of roles are callers"},
		{"a user who does not exist", []Binding{uri("spiffe://a", "arn:aws:iam::123456789012:user/carol")}, "is not among the principals"},
		{"a user without its path", []Binding{uri("spiffe://a", "arn:aws:iam::123456789012:user/alice")}, "is not among the principals"},
		{"a session of a role that does not exist", []Binding{uri("spiffe://a", assumedRole+"cd/build")}, `role "cd" of account 123456789012 is not among the principals`},
		{"a captured session of a role that does not exist", []Binding{uri("spiffe://{a}", assumedRole+"cd/{a}")}, `role "cd" of account 123456789012 is not among the principals`},
		{"a session's name of 65", []Binding{uri("spiffe://a", assumedRole+"ci/"+strings.Repeat("s", 65))}, "65 characters"},
		{"a session's name of 1", []Binding{uri("spiffe://a", assumedRole+"ci/s")}, "fewer than 2"},
		{"a captured session's name with 63 before it", []Binding{uri("spiffe://{a}", assumedRole+"ci/"+strings.Repeat("s", 63)+"{a}")}, "65 characters"},
		{"a captured service", []Binding{uri("spiffe://{a}", "{a}.amazonaws.com")}, "only the name in an ARN may be a capture"},
		{"a service that is not of AWS", []Binding{uri("spiffe://a", "ci.example.com")}, "or a service such as"},
		{"a service without name", []Binding{uri("spiffe://a", "amazonaws.com")}, "or a service such as"},
		{"a federated user without federatedBy", []Binding{uri("spiffe://a", "arn:aws:sts::123456789012:federated-user/carol")}, "write the user who federates it in federatedBy"},
		{"a federated user by a role", []Binding{{Kind: URI, Name: "a", Principal: "arn:aws:sts::123456789012:federated-user/carol", FederatedBy: role + "team/ci"}}, "is not among the principals"},
		{"a federated user by a user who does not exist", []Binding{{Kind: URI, Name: "{a}", Principal: "arn:aws:sts::123456789012:federated-user/{a}", FederatedBy: "arn:aws:iam::123456789012:user/carol"}}, "is not among the principals"},
		{"a federated user of another account", []Binding{{Kind: URI, Name: "a", Principal: "arn:aws:sts::999999999999:federated-user/carol", FederatedBy: aliceARN}}, "is of another account"},
		{"a user who is federated", []Binding{{Kind: URI, Name: "a", Principal: aliceARN, FederatedBy: aliceARN}}, "leave federatedBy out"},
		{"tags of a user", []Binding{{Kind: URI, Name: "a", Principal: aliceARN, Tags: map[string]string{"a": "b"}}}, "has no session that could have tags"},
		{"tags of a service", []Binding{{Kind: URI, Name: "a", Principal: "ci.amazonaws.com", Tags: map[string]string{"a": "b"}}}, "has no session that could have tags"},
		{"a policy of a user's", []Binding{{Kind: URI, Name: "a", Principal: aliceARN, SessionPolicies: policies}}, "has no session that policies"},
		{"a policy of a root user's", []Binding{{Kind: URI, Name: "a", Principal: "arn:aws:iam::123456789012:root", SessionPolicies: policies}}, "has no session that policies"},
		{"a user's source identity", []Binding{{Kind: URI, Name: "a", Principal: aliceARN, SourceIdentity: "alice"}}, "has no source identity"},
		{"a federated user's source identity", []Binding{{Kind: URI, Name: "a", Principal: "arn:aws:sts::123456789012:federated-user/carol", FederatedBy: aliceARN, SourceIdentity: "alice"}}, "has no source identity"},
		{"a source identity of 1", []Binding{{Kind: URI, Name: "a", Principal: ciARN, SourceIdentity: "s"}}, "fewer than 2"},
		{"the source of a user", []Binding{{Kind: URI, Name: "a", Principal: aliceARN, SourceARN: functionARN}}, "allowed only for an AWS service principal; remove them"},
		{"the source's account of a session", []Binding{{Kind: URI, Name: "{a}", Principal: assumedRole + "ci/{a}", SourceAccount: "123456789012"}}, "allowed only for an AWS service principal; remove them"},
		{"a source that is not an ARN", []Binding{{Kind: URI, Name: "a", Principal: "lambda.amazonaws.com", SourceARN: "function:f"}}, "sourceArn is not the ARN of one resource; write one such as arn:aws:lambda:"},
		{"a source of every resource", []Binding{{Kind: URI, Name: "{a}", Principal: "lambda.amazonaws.com", SourceARN: "arn:aws:lambda:us-east-1:123456789012:function:*{a}"}}, "sourceArn is not the ARN of one resource; write one such as arn:aws:lambda:"},
		{"a source of another account", []Binding{{Kind: URI, Name: "a", Principal: "lambda.amazonaws.com", SourceARN: functionARN, SourceAccount: "999999999999"}}, "sourceAccount is not the account in sourceArn"},
		{"a source with a capture that does not exist", []Binding{{Kind: URI, Name: "{a}", Principal: "lambda.amazonaws.com", SourceARN: functionARN + "{b}"}}, "sourceArn: the template"},
		{"a source of two captures without a separator", []Binding{{Kind: URI, Name: "{a}/{b}", Principal: "lambda.amazonaws.com", SourceARN: functionARN + "{a}-{b}"}}, "put / or : between them"},
		{"a source's account that is too long", []Binding{{Kind: URI, Name: "{a}", Principal: "lambda.amazonaws.com", SourceARN: functionARN + "{a}", SourceAccount: "1{a}"}}, "sourceAccount is not an account id; write 12 digits"},
		{"tags that differ in case", []Binding{{Kind: URI, Name: "a", Principal: ciARN, Tags: map[string]string{"a": "b", "A": "c"}}}, "are the same"},
		{"a tag and a claim's tag", []Binding{{Kind: TokenClaims, Issuer: "gitlab", Claims: map[string]string{"sub": "a"}, Principal: ciARN, Tags: map[string]string{"a": "b"}, TagClaims: map[string]string{"A": "c"}}}, "are the same"},
		{"a tag of AWS's", []Binding{{Kind: URI, Name: "a", Principal: ciARN, Tags: map[string]string{"aws:a": "b"}}}, "reserved"},
		{"a tag's template", []Binding{{Kind: URI, Name: "a", Principal: ciARN, Tags: map[string]string{"a": "{b}"}}}, `session tag "a"`},
		{"a claim's tag without claim", []Binding{{Kind: TokenClaims, Issuer: "gitlab", Claims: map[string]string{"sub": "a"}, Principal: ciARN, TagClaims: map[string]string{"A": ""}}}, "has no claim"},
		{"claims of a certificate", []Binding{{Kind: URI, Name: "a", Principal: ciARN, Claims: map[string]string{"sub": "a"}}}, "only a token has"},
		{"a claim's tag of a certificate", []Binding{{Kind: URI, Name: "a", Principal: ciARN, TagClaims: map[string]string{"a": "sub"}}}, "only a token has"},
		{"an issuer of a certificate", []Binding{{Kind: URI, Name: "a", Principal: ciARN, Issuer: "gitlab"}}, "only a token has"},
		{"an issuer that does not exist", []Binding{{Kind: TokenClaims, Issuer: "other", Claims: map[string]string{"sub": "a"}, Principal: ciARN}}, `issuer "other" is not among the issuers`},
		{"an issuer with a role", []Binding{{Kind: TokenClaims, Issuer: "fixed", Claims: map[string]string{"sub": "a"}, Principal: ciARN}}, "has a role, which all its tokens assume"},
		{"a source identity of two captures", []Binding{{Kind: URI, Name: "{a}/{b}", Principal: ciARN, SourceIdentity: "{a}-{b}"}}, "has two captures, so that different names could become one"},
		{"a tag of two captures without a separator", []Binding{{Kind: URI, Name: "{a}/{b}", Principal: ciARN, Tags: map[string]string{"x": "{a}-{b}"}}}, "put / or : between them"},
		{"a domain in capitals", []Binding{{Kind: DNS, Name: "{a}.Example.com", Principal: ciARN}}, "write it in lower case"},
		{"a domain with a capital before a capture", []Binding{{Kind: DNS, Name: "A{a}.example.com", Principal: ciARN}}, "write it in lower case"},
		{"an exact token with fewer claims than a pattern", []Binding{sub("a"), {Kind: TokenClaims, Issuer: "gitlab", Claims: map[string]string{"sub": "{x}", "ref": "main"}, Principal: aliceARN}}, "add every claim of the other to the one without captures"},
		{"the same the other way round", []Binding{{Kind: TokenClaims, Issuer: "gitlab", Claims: map[string]string{"ref": "main", "sub": "{x}"}, Principal: aliceARN}, sub("a")}, "add every claim of the other to the one without captures"},
		{"an exact token with another claim than a pattern", []Binding{sub("{x}"), {Kind: TokenClaims, Issuer: "gitlab", Claims: map[string]string{"ref": "main"}, Principal: aliceARN}}, "overlap"},
		{"a token without claims", []Binding{{Kind: TokenClaims, Issuer: "gitlab", Principal: ciARN}}, "write at least one"},
		{"a token with a name", []Binding{{Kind: TokenClaims, Issuer: "gitlab", Name: "a", Claims: map[string]string{"sub": "a"}, Principal: ciARN}}, "write at least one"},
		{"a claim's pattern", []Binding{sub("{a}{b}")}, `claim "sub"`},
		{"a capture of two claims", []Binding{{Kind: TokenClaims, Issuer: "gitlab", Claims: map[string]string{"sub": "{a}", "ref": "{a}"}, Principal: aliceARN}}, "also captured from another claim"},
		{"tokens twice", []Binding{sub("a"), sub("a")}, "overlap"},
		{"tokens that overlap", []Binding{sub("a-{x}"), sub("{x}-b")}, "{sub: a-{x}}"},
		{"tokens known by different claims", []Binding{sub("a"), {Kind: TokenClaims, Issuer: "gitlab", Claims: map[string]string{"ref": "a"}, Principal: aliceARN}}, "overlap"},
		{"tokens of which one is known by more claims", []Binding{sub("{x}"), {Kind: TokenClaims, Issuer: "gitlab", Claims: map[string]string{"sub": "{x}", "ref": "a"}, Principal: aliceARN}}, "overlap"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := bindable(t, c.bindings...).try(t); err == nil || !strings.Contains(err.Error(), c.want) || diag.Of(err)[0].Remedy == "" {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// TestBindAccepts checks bindings that resemble invalid ones.
func TestBindAccepts(t *testing.T) {
	auth := bindable(t,
		Binding{Kind: URI, Name: "a", Principal: ciARN},
		Binding{Kind: DNS, Name: "a", Principal: aliceARN},
		Binding{Kind: URI, Name: "ns-{x}", Principal: assumedRole + "ci/{x}"},
		Binding{Kind: URI, Name: "ns-admin", Principal: aliceARN},
		Binding{Kind: URI, Name: "sa-{x}", Principal: assumedRole + "ci/{x}"},
		Binding{Kind: BasicUser, Name: "{user}", Principal: "arn:aws:iam::123456789012:user/dev/{user}"},
		Binding{Kind: URI, Name: "root", Principal: "arn:aws:iam::123456789012:root"},
		Binding{Kind: URI, Name: "svc", Principal: "codebuild.amazonaws.com"},
		Binding{Kind: URI, Name: "cn", Principal: "codebuild.amazonaws.com.cn"},
		Binding{Kind: TokenClaims, Issuer: "gitlab", Claims: map[string]string{"sub": "{x}"}, Principal: assumedRole + "ci/{x}"},
		Binding{Kind: TokenClaims, Issuer: "gitlab", Claims: map[string]string{"sub": "a1"}, Principal: aliceARN},
		Binding{Kind: TokenClaims, Issuer: "gitlab", Claims: map[string]string{"sub": "a2"}, Principal: aliceARN},
		Binding{Kind: TokenClaims, Issuer: "gitlab", Claims: map[string]string{"sub": "a/{x}", "ref": "b"}, Principal: aliceARN},
	).build(t)
	if auth.Len() != 13 {
		t.Errorf("%d bindings, want 13", auth.Len())
	}
}

// TestBoundCallers checks the callers of bound names and their condition keys.
func TestBoundCallers(t *testing.T) {
	policy := iamtest.Policy(t, iam.SessionPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)
	auth := bindable(t,
		Binding{Kind: URI, Name: "ci/{x}", Principal: assumedRole + "ci/{x}", Tags: map[string]string{"x": "{x} of ci", "Team": "blue"}, SourceIdentity: "{x}@example.com", SessionPolicies: []*iam.Policy{policy}},
		Binding{Kind: URI, Name: "fed/{x}", Principal: "arn:aws:sts::123456789012:federated-user/{x}", FederatedBy: "arn:aws:iam::123456789012:user/dev/bob", Tags: map[string]string{"x": "{x}"}},
		Binding{Kind: URI, Name: "fedred", Principal: "arn:aws:sts::123456789012:federated-user/red", FederatedBy: "arn:aws:iam::123456789012:user/dev/bob", Tags: map[string]string{"TEAM": "blue"}},
		Binding{Kind: URI, Name: "fn", Principal: "lambda.amazonaws.com", SourceARN: functionARN},
		Binding{Kind: URI, Name: "fn/{account}/{name}", Principal: "lambda.amazonaws.com", SourceARN: "arn:aws:lambda:us-east-1:{account}:function:{name}", SourceAccount: "{account}"},
		Binding{Kind: URI, Name: "fn/{account}/of/{owner}", Principal: "lambda.amazonaws.com", SourceARN: "arn:aws:lambda:us-east-1:{account}:function:f", SourceAccount: "{owner}"},
		Binding{Kind: URI, Name: "{{bob}}", Principal: "arn:aws:iam::123456789012:user/dev/bob"},
		Binding{Kind: URI, Name: "{{{x}}}", Principal: assumedRole + "ci/{x}"},
		Binding{Kind: URI, Name: "bob", Principal: "arn:aws:iam::123456789012:user/dev/bob"},
		Binding{Kind: URI, Name: "root", Principal: "arn:aws:iam::123456789012:root"},
		Binding{Kind: URI, Name: "svc", Principal: "codebuild.amazonaws.com"},
		Binding{Kind: TokenClaims, Issuer: "gitlab", Claims: map[string]string{"sub": "{x}"}, Principal: assumedRole + "ci/{x}", TagClaims: map[string]string{"ref": "ref", "email": "email"}},
		Binding{Kind: TokenClaims, Issuer: "gitlab", Claims: map[string]string{"sub": "admin"}, Principal: aliceARN},
	).build(t)
	token := func(changes claims) Credentials {
		return Credentials{Authorization: bearer(signerAt(gitlabURL).token(t, changes))}
	}
	peer := func(name string) Credentials { return Credentials{Principal: name} }
	const began, issued = "2026-03-01T12:00:00Z", "2026-03-01T11:59:00Z"
	for _, c := range []struct {
		name        string
		credentials Credentials
		want        want
		keys        map[string]string
	}{
		{"a session", peer("ci/build"), want{arn: assumedRole + "ci/build"}, map[string]string{
			"aws:userid": "AROAEXAMPLE:build", "aws:PrincipalArn": role + "team/ci", "aws:PrincipalTag/x": "build of ci", "aws:PrincipalTag/team": "blue",
			"aws:SourceIdentity": "build@example.com", "aws:TokenIssueTime": began, "aws:FederatedProvider": "", "aws:MultiFactorAuthPresent": "false"}},
		{"a federated user", peer("fed/carol"), want{arn: "arn:aws:sts::123456789012:federated-user/carol"}, map[string]string{
			"aws:userid": "123456789012:carol", "aws:PrincipalArn": "arn:aws:sts::123456789012:federated-user/carol", "aws:PrincipalType": "FederatedUser",
			"aws:PrincipalTag/x": "carol", "aws:PrincipalTag/team": "red", "aws:TokenIssueTime": began, "aws:username": "", "aws:MultiFactorAuthPresent": "false"}},
		{"a federated user, whose tags override the user's", peer("fedred"), want{arn: "arn:aws:sts::123456789012:federated-user/red"}, map[string]string{"aws:PrincipalTag/team": "blue"}},
		{"a federated user's name of 32", peer("fed/" + strings.Repeat("f", 32)), want{arn: "arn:aws:sts::123456789012:federated-user/" + strings.Repeat("f", 32)}, nil},
		{"a federated user's name of 33", peer("fed/" + strings.Repeat("f", 33)), want{reason: "33 characters"}, nil},
		{"a session name of 65", peer("ci/" + strings.Repeat("s", 65)), want{reason: "65 characters"}, nil},
		{"a user", peer("bob"), want{arn: "arn:aws:iam::123456789012:user/dev/bob"}, map[string]string{
			"aws:username": "bob", "aws:PrincipalTag/team": "red", "aws:TokenIssueTime": "", "aws:MultiFactorAuthPresent": "", "aws:PrincipalType": "User"}},
		{"a name in braces", peer("{bob}"), want{arn: "arn:aws:iam::123456789012:user/dev/bob"}, nil},
		{"a name captured in braces", peer("{carol}"), want{arn: assumedRole + "ci/carol"}, nil},
		{"a name in doubled braces", peer("{{bob}}"), want{reason: "no principal is bound"}, nil},
		{"a root user", peer("root"), want{arn: "arn:aws:iam::123456789012:root"}, map[string]string{
			"aws:userid": "123456789012", "aws:PrincipalType": "Account", "aws:PrincipalArn": "arn:aws:iam::123456789012:root", "aws:TokenIssueTime": ""}},
		{"a service", peer("svc"), want{arn: "codebuild.amazonaws.com"}, map[string]string{
			"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": "codebuild.amazonaws.com", "aws:PrincipalArn": "", "aws:PrincipalAccount": "", "aws:userid": "", "aws:PrincipalType": ""}},
		{"a service that calls for a resource", peer("fn"), want{arn: "lambda.amazonaws.com"}, map[string]string{
			"aws:SourceArn": functionARN, "aws:SourceAccount": "123456789012", "aws:PrincipalIsAWSService": "true"}},
		{"a service that calls for a captured resource", peer("fn/999999999999/g"), want{arn: "lambda.amazonaws.com"}, map[string]string{
			"aws:SourceArn": "arn:aws:lambda:us-east-1:999999999999:function:g", "aws:SourceAccount": "999999999999"}},
		{"a captured account that is not valid", peer("fn/9999/g"), want{reason: "sourceArn is not the ARN of one resource; write one"}, nil},
		{"a captured account that is not the resource's", peer("fn/999999999999/of/123456789012"), want{reason: "sourceAccount is not the account in sourceArn"}, nil},
		{"a token", token(claims{"sub": "build", "ref": "main"}), want{arn: assumedRole + "ci/build"}, map[string]string{
			"aws:PrincipalTag/ref": "main", "aws:PrincipalTag/email": "", "aws:TokenIssueTime": issued, "aws:FederatedProvider": ""}},
		{"a token that is an exception", token(claims{"sub": "admin"}), want{arn: aliceARN}, map[string]string{"aws:TokenIssueTime": ""}},
		{"a token with tags that are not configured", token(claims{"sub": "build", flatTagPrefix + "team": "x"}), want{arn: assumedRole + "ci/build"}, map[string]string{"aws:PrincipalTag/team": ""}},
		{"a tag that is too long", token(claims{"sub": "build", "ref": strings.Repeat("r", 257)}), want{reason: "257 characters"}, nil},
		{"a tag of other characters", token(claims{"sub": "build", "ref": "a*b"}), want{reason: "characters other than"}, nil},
		{"a tag that is a list", token(claims{"sub": "build", "ref": []string{"main"}}), want{reason: `session tag "ref" needs a string, but claim "ref" is a list`}, nil},
		{"a session's name of 65", token(claims{"sub": strings.Repeat("s", 65)}), want{reason: "65 characters"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := config()
			r.PrincipalKind = URI
			caller, f := authenticate(t, auth, r, c.credentials)
			c.want.check(t, caller, f)
			if caller != nil {
				iamtest.CheckKeys(t, contextOf(caller), c.keys)
			}
			if caller != nil && strings.HasPrefix(c.credentials.Principal, "ci/") != (len(caller.SessionPolicies) == 1) {
				t.Errorf("%d session policies", len(caller.SessionPolicies))
			}
			if again, _ := authenticate(t, auth, r, c.credentials); caller != nil && !caller.equal(again) {
				t.Errorf("first %v, then %v", caller, again)
			}
		})
	}
}

// TestCapturedNamesStayApart checks that names which differ do not become one
// principal.
func TestCapturedNamesStayApart(t *testing.T) {
	auth := bindable(t, Binding{Kind: URI, Name: "sa/{namespace}/{name}", Principal: assumedRole + "ci/{name}", Tags: map[string]string{"namespace": "{namespace}"}}).build(t)
	r := config()
	r.PrincipalKind = URI
	seen := map[string]string{}
	for _, n := range []string{"sa/a/bb", "sa/ab/b1", "sa/a.b/b1", "sa/a/b.b1", "sa/a-b/c1", "sa/a/b-c1", "sa/a@b/c1"} {
		caller, f := authenticate(t, auth, r, Credentials{Principal: n})
		if f != nil {
			t.Fatal(f)
		}
		namespace, _ := caller.Context.Lookup("aws:PrincipalTag/namespace")
		key := caller.Principal.ARN + " " + namespace.Value
		if other, found := seen[key]; found {
			t.Errorf("%q and %q are both %s", other, n, key)
		}
		seen[key] = n
	}
}
