package identity

import (
	"strings"
	"testing"

	"extauthz/iam"
	"extauthz/iam/iamtest"
	"extauthz/identity/sts"
)

// boundTo returns files in which the job of gitlab is bound by b. A role can be assumed
// only if trusting.
func boundTo(t testing.TB, trusting bool, b Binding, change func(*Issuer)) principals {
	t.Helper()
	b.Kind, b.Issuer, b.Claims = TokenClaims, "gitlab", map[string]string{"sub": "job"}
	w := principals{
		entities: []sts.Entity{{ARN: aliceARN}, {ARN: role + "ci"}},
		issuers:  []Issuer{{Name: "gitlab", Verifier: signerAt(gitlabURL).verifier(t)}},
		bindings: []Binding{b},
	}
	if trusting {
		w.entities = append(w.entities, sts.Entity{ARN: role + "deploy", Trust: iamtest.Trust(t, `{"AWS":"`+aliceARN+`"}`, `["sts:AssumeRole","sts:TagSession"]`, "")})
	}
	change(&w.issuers[0])
	return w
}

// TestIssuerLimitsBoundSessions checks that the tags and session policies of an issuer
// apply to the sessions of its bound tokens.
func TestIssuerLimitsBoundSessions(t *testing.T) {
	limit := iamtest.Policy(t, iam.SessionPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:Get*","Resource":"*"}}`)
	w := boundTo(t, false, Binding{Principal: assumedRole + "ci/build", TagClaims: map[string]string{"tier": "tier"}}, func(i *Issuer) {
		i.SessionPolicies, i.TagClaims = []*iam.Policy{limit}, map[string]string{"ref": "ref"}
	})
	caller, f := authenticate(t, w.build(t), config(), Credentials{Authorization: bearer(signerAt(gitlabURL).token(t, claims{"ref": "main", "tier": "gold"}))})
	want{arn: assumedRole + "ci/build"}.check(t, caller, f)
	iamtest.CheckKeys(t, caller.Context, map[string]string{"aws:PrincipalTag/ref": "main", "aws:PrincipalTag/tier": "gold"})
	if len(caller.SessionPolicies) != 1 || caller.SessionPolicies[0] != limit {
		t.Errorf("session policies %v, want the issuer's", caller.SessionPolicies)
	}
}

// TestIssuerOfBoundTokensRefuses checks the errors of issuers whose options contradict
// their bindings.
func TestIssuerOfBoundTokensRefuses(t *testing.T) {
	limits := []*iam.Policy{iamtest.Policy(t, iam.SessionPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)}
	ci, alice := Binding{Principal: assumedRole + "ci/build"}, Binding{Principal: aliceARN}
	limited := ci
	limited.SessionPolicies = limits
	tagged := ci
	tagged.TagClaims = map[string]string{"REF": "tier"}
	for _, c := range []struct {
		name     string
		binding  Binding
		issuer   func(*Issuer)
		trusting bool   // there is a role that the principal could assume
		want     string // "" is accepted
	}{
		{"session policies twice", limited, func(i *Issuer) { i.SessionPolicies = limits }, true, "together they would allow what either allows"},
		{"session policies of a user", alice, func(i *Issuer) { i.SessionPolicies = limits }, true, "has no session that policies could limit"},
		{"a tag twice", tagged, func(i *Issuer) { i.TagClaims = map[string]string{"ref": "ref"} }, true, "are the same"},
		{"tags of a user who can assume no role", alice, func(i *Issuer) { i.TagClaims = map[string]string{"ref": "ref"} }, false, "has no session that could have tags"},
		{"tags of a user who can assume a role", alice, func(i *Issuer) { i.TagClaims = map[string]string{"ref": "ref"} }, true, ""},
		{"the name of sessions that there are not", ci, func(i *Issuer) { i.SessionName = "job" }, false, "no role can be assumed"},
		{"the name of sessions that there are", ci, func(i *Issuer) { i.SessionName = "job" }, true, ""},
		{"nothing", ci, func(*Issuer) {}, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := boundTo(t, c.trusting, c.binding, c.issuer).try(t)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// TestExactTokenIsAnException checks that an exact binding is an exception from a
// pattern only if it has all claims of the pattern.
func TestExactTokenIsAnException(t *testing.T) {
	auth := bindable(t,
		Binding{Kind: TokenClaims, Issuer: "gitlab", Claims: map[string]string{"sub": "{x}", "ref": "main"}, Principal: assumedRole + "ci/{x}"},
		Binding{Kind: TokenClaims, Issuer: "gitlab", Claims: map[string]string{"sub": "admin", "ref": "main", "tier": "gold"}, Principal: aliceARN},
		Binding{Kind: TokenClaims, Issuer: "gitlab", Claims: map[string]string{"sub": "admin", "ref": "dev"}, Principal: aliceARN},
	).build(t)
	for _, c := range []struct {
		claims claims
		want   want
	}{
		{claims{"sub": "admin", "ref": "main", "tier": "gold"}, want{arn: aliceARN}},
		{claims{"sub": "admin", "ref": "main"}, want{arn: assumedRole + "ci/admin"}},
		{claims{"sub": "admin", "ref": "dev"}, want{arn: aliceARN}},
		{claims{"sub": "build", "ref": "dev"}, want{reason: "no principal is bound"}},
	} {
		caller, f := authenticate(t, auth, config(), Credentials{Authorization: bearer(signerAt(gitlabURL).token(t, c.claims))})
		c.want.check(t, caller, f)
	}
}
