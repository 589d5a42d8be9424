package identity

import (
	"strings"
	"testing"

	"extauthz/identity/sts"
)

// A token that may not assume a role gets the same answer whether the role exists or
// not. Otherwise the owner of a token could find out which roles exist.
func TestTokensTellNothingOfRoles(t *testing.T) {
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
			told := func(role string) string {
				caller, f := authenticate(t, auth, config(), Credentials{Authorization: basicHeader("123456789012/"+role, token)})
				if f == nil {
					t.Fatalf("role %s: assumed as %s", role, caller.Principal.ARN)
				}
				return strings.ReplaceAll(f.Reason, role, "ROLE")
			}
			if there, absent := told("elsewhere"), told("nosuchone"); there != absent {
				t.Errorf("a role that is there: %s\none that is not: %s", there, absent)
			}
		})
	}
}

// Whoever has a name whose captures lead to nobody is not told where they lead.
func TestCapturesThatLeadNowhereAreNotTold(t *testing.T) {
	s := signerAt(gitlabURL)
	auth := principals{
		entities: []sts.Entity{{ARN: role + "apps/k8s-prod"}},
		issuers:  []Issuer{{Name: "gitlab", Verifier: s.verifier(t)}},
		bindings: []Binding{
			{Kind: TokenClaims, Issuer: "gitlab", Claims: map[string]string{"sub": "{n}"}, Principal: session + "k8s-{n}/pod", Path: "/apps/"},
			{Kind: URI, Name: "spiffe://{n}/x", Principal: session + "k8s-{n}/pod", Path: "/apps/"},
		},
	}.build(t)
	const name = "spiffe://none/x"
	for what, e := range map[string]Credentials{
		"token":       {Authorization: bearer(s.token(t, claims{"sub": "none"}))},
		"certificate": {Principal: name, Certificate: certificate(t, certificateNames{uris: []string{name}})},
	} {
		caller, f := authenticate(t, auth, config(), e)
		if f == nil {
			t.Fatalf("%s: taken for %s", what, caller.Principal.ARN)
		}
		if strings.Contains(f.Reason, "k8s-") || strings.Contains(f.Reason, "/apps/") || strings.Contains(f.Reason, "123456789012") {
			t.Errorf("%s: the client is told %q", what, f.Reason)
		}
		if !strings.Contains(f.Detail, `role "k8s-none"`) || !strings.Contains(f.Detail, "/apps/") {
			t.Errorf("%s: the operator is told %q", what, f.Detail)
		}
	}
}
