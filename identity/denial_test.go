package identity

import (
	"strings"
	"testing"

	"extauthz/iam"
	"extauthz/iam/iamtest"
	"extauthz/identity/sts"
)

// TestDenials checks that the operator sees the position of what keeps a valid token
// from mapping to a principal, and the client sees the rest.
func TestDenials(t *testing.T) {
	const any = `{"AWS":"*"}`
	deny := iamtest.Policy(t, iam.TrustPolicy, `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":`+any+`,"Action":"sts:AssumeRole"},
		{"Sid":"NotFromHere","Effect":"Deny","Principal":`+any+`,"Action":"sts:*"}]}`)
	gitlab := signerAt(gitlabURL)
	auth := principals{
		entities: []sts.Entity{
			{ARN: aliceARN, Identity: []*iam.Policy{iamtest.Policy(t, iam.IdentityPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"`+role+`d*"}}`)}},
			{ARN: role + "elsewhere", Trust: iamtest.Trust(t, `{"AWS":"arn:aws:iam::123456789012:root"}`, `"sts:AssumeRole"`, "")},
			{ARN: role + "dark", Trust: iamtest.Trust(t, `{"AWS":"arn:aws:iam::999999999999:root"}`, `"sts:AssumeRole"`, "")},
			{ARN: role + "dead", Trust: deny},
			{ARN: role + "dumb", Trust: iamtest.Trust(t, any, `"sts:AssumeRoleWithWebIdentity"`, "")},
		},
		issuers:  []Issuer{{Name: "gitlab", Verifier: gitlab.verifier(t)}},
		bindings: []Binding{{Kind: TokenClaims, Issuer: "gitlab", Claims: map[string]string{"sub": "alice", "ref": "{branch}"}, Principal: aliceARN}},
	}.build(t)
	alice := claims{"sub": "alice", "ref": "main"}
	const denied = `User: ` + aliceARN + ` is not authorized to perform: sts:AssumeRole on resource: ` + role
	const unbound = `no principal is bound to the claims of this token of issuer "gitlab"`
	for _, c := range []struct {
		name, user     string
		claims         claims
		reason, detail string
	}{
		{"no binding", "AWS", claims{"sub": "bob", "ref": "a/b"}, unbound, `no credential with token: gitlab matches ref "a/b", sub "bob"`},
		{"no such claim", "AWS", claims{"sub": 7}, unbound, `matches no ref, a sub that is not a string`},
		{"a long claim", "AWS", claims{"sub": strings.Repeat("a", 4000)}, unbound, `matches no ref, sub "` + strings.Repeat("a", 128) + `"`},
		{"control characters", "AWS", claims{"sub": "a\nb"}, unbound, `matches no ref, sub "a\nb"`},
		{"nothing allows the caller", "123456789012/elsewhere", alice, denied + "elsewhere", "test.json:1:37 is about other resources"},
		{"the role trusts others", "123456789012/dark", alice, denied + "dark", `test.json:1:37 is about other principals than "` + aliceARN + `"`},
		{"the role denies it", "123456789012/dead", alice, denied + "dead", `test.json:3:3 "NotFromHere" denies it`},
		{"the role is for tokens", "123456789012/dumb", alice, denied + "dumb", "test.json:1:37 does not allow sts:AssumeRole"},
		{"no role", "123456789012/none", alice, denied + "none", "the role is not among the principals"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, f := authenticate(t, auth, config(), Credentials{Authorization: basicHeader(c.user, gitlab.token(t, c.claims))})
			if f == nil || f.Reason != c.reason || !strings.HasSuffix(f.Detail, c.detail) || f.Full() != c.reason+": "+f.Detail || f.Issuer != "gitlab" || f.KeyID != "k1" {
				t.Errorf("got  %+v\nwant %s: %s", f, c.reason, c.detail)
			}
		})
	}
	_, f := authenticate(t, auth, config(), Credentials{Authorization: bearer(signerAt(gitlabURL+"/").token(t, nil))})
	if f == nil || f.Reason != `the token is of issuer "`+gitlabURL+`/", whose tokens are not accepted` || !strings.Contains(f.Detail, `issuer "gitlab" is "`+gitlabURL+`", which differs by the slash`) {
		t.Errorf("another slash: %+v", f)
	}
	_, f = authenticate(t, auth, config(), Credentials{Authorization: bearer(gitlab.token(t, claims{"exp": 1}))})
	if f == nil || f.Issuer != "gitlab" || f.KeyID != "" || f.Detail != "" {
		t.Errorf("a token that does not hold: %+v", f)
	}
}

// TestDenialsDoNotRevealRoles checks that a token that may not assume a role gets the
// same answer whether or not the role exists. Otherwise the owner of a token could find
// out which roles exist.
func TestDenialsDoNotRevealRoles(t *testing.T) {
	bound := func(principal string) func(*principals) {
		return func(w *principals) {
			w.issuers[0].TagClaims = nil
			w.entities = append(w.entities, sts.Entity{ARN: aliceARN})
			w.bindings = []Binding{{Kind: TokenClaims, Issuer: "gitlab", Claims: map[string]string{"sub": "{who}"}, Principal: principal}}
		}
	}
	for _, c := range []struct {
		name   string
		claims claims
		change func(*principals)
	}{
		{"a token as it should be", nil, func(*principals) {}},
		{"tags of another form", claims{"https://aws.amazon.com/tags": "x"}, func(*principals) {}},
		{"a source identity too short", claims{"https://aws.amazon.com/source_identity": "x"}, func(*principals) {}},
		{"a session name too long", claims{"sub": strings.Repeat("s", 65)}, func(w *principals) {
			w.issuers[0].Claims, w.issuers[0].SessionName = map[string]string{"sub": "{s}"}, "{s}"
		}},
		{"bound to a user", nil, bound(aliceARN)},
		{"bound to a root user", nil, bound("arn:aws:iam::123456789012:root")},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := assuming(t)
			c.change(&w)
			auth, token := w.build(t), signerAt(gitlabURL).token(t, c.claims)
			reasonFor := func(role string) string {
				caller, f := authenticate(t, auth, config(), Credentials{Authorization: basicHeader("123456789012/"+role, token)})
				if f == nil {
					t.Fatalf("role %s: assumed as %s", role, caller.Principal.ARN)
				}
				return strings.ReplaceAll(f.Reason, role, "ROLE")
			}
			if there, absent := reasonFor("elsewhere"), reasonFor("nosuchone"); there != absent {
				t.Errorf("a role that is there: %s\none that is not: %s", there, absent)
			}
		})
	}
}

// TestDenialsDoNotRevealTemplates checks that a client whose name maps to a principal
// that does not exist does not see the name of that principal.
func TestDenialsDoNotRevealTemplates(t *testing.T) {
	s := signerAt(gitlabURL)
	auth := principals{
		entities: []sts.Entity{{ARN: role + "apps/k8s-prod"}},
		issuers:  []Issuer{{Name: "gitlab", Verifier: s.verifier(t)}},
		bindings: []Binding{
			{Kind: TokenClaims, Issuer: "gitlab", Claims: map[string]string{"sub": "{n}"}, Principal: assumedRole + "k8s-{n}/pod", Path: "/apps/"},
			{Kind: URI, Name: "spiffe://{n}/x", Principal: assumedRole + "k8s-{n}/pod", Path: "/apps/"},
		},
	}.build(t)
	const name = "spiffe://none/x"
	for what, e := range map[string]Credentials{
		"token":       {Authorization: bearer(s.token(t, claims{"sub": "none"}))},
		"certificate": {Principal: name, Certificate: []byte(certificate(t, certificateNames{uris: []string{name}}))},
	} {
		caller, f := authenticate(t, auth, config(), e)
		if f == nil {
			t.Fatalf("%s: taken for %s", what, caller.Principal.ARN)
		}
		if strings.Contains(f.Reason, "k8s-") || strings.Contains(f.Reason, "/apps/") || strings.Contains(f.Reason, "123456789012") {
			t.Errorf("%s: the client receives %q", what, f.Reason)
		}
		if !strings.Contains(f.Detail, `role "k8s-none"`) || !strings.Contains(f.Detail, "/apps/") {
			t.Errorf("%s: the log has %q", what, f.Detail)
		}
	}
}
