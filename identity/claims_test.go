package identity

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"extauthz/identity/sts"
)

// grouped returns an authenticator whose tokens are bound by their groups, as Keycloak,
// Entra, Okta and Dex send them, and the issuer of the tokens.
func grouped(t testing.TB) (*Authenticator, *signer) {
	t.Helper()
	s := signerAt(gitlabURL)
	claim := func(pattern string, further ...string) map[string]string {
		all := map[string]string{"groups": pattern}
		for i := 0; i < len(further); i += 2 {
			all[further[i]] = further[i+1]
		}
		return all
	}
	w := principals{
		entities: []sts.Entity{{ARN: role + "dev"}, {ARN: role + "ops"}, {ARN: role + "teams"}, {ARN: role + "lead"}, {ARN: role + "gold"}},
		issuers:  []Issuer{{Name: "idp", Verifier: s.verifier(t), Metadata: "idp"}},
		bindings: []Binding{
			{Kind: TokenClaims, Issuer: "idp", Claims: claim("developers"), Principal: assumedRole + "dev/user"},
			{Kind: TokenClaims, Issuer: "idp", Claims: claim("operators"), Principal: assumedRole + "ops/user"},
			{Kind: TokenClaims, Issuer: "idp", Claims: claim("administrators"), Principal: assumedRole + "ops/user"},
			{Kind: TokenClaims, Issuer: "idp", Claims: claim("team-{team}"), Principal: assumedRole + "teams/{team}"},
			{Kind: TokenClaims, Issuer: "idp", Claims: claim("team-lead"), Principal: assumedRole + "lead/user"},
			{Kind: TokenClaims, Issuer: "idp", Claims: claim("tier-{tier}", "env", "prod"), Principal: assumedRole + "gold/user"},
		},
	}
	return w.build(t), s
}

func TestClaimsThatAreLists(t *testing.T) {
	auth, s := grouped(t)
	const two, several, none = "the token names two principals", `several elements of the token's claim "groups"`, "no principal is bound"
	for _, c := range []struct {
		name   string
		groups any
		want   want
	}{
		{"one string", "developers", want{arn: assumedRole + "dev/user"}},
		{"one element", []any{"developers"}, want{arn: assumedRole + "dev/user"}},
		{"the first element", []any{"developers", "staff"}, want{arn: assumedRole + "dev/user"}},
		{"the last element", []any{"staff", "developers"}, want{arn: assumedRole + "dev/user"}},
		{"the same element twice", []any{"developers", "developers"}, want{arn: assumedRole + "dev/user"}},
		{"no element", []any{"staff"}, want{reason: none}},
		{"an empty list", []any{}, want{reason: none}},
		{"a part of an element", []any{"developers-evil", "xdevelopers"}, want{reason: none}},
		{"with numbers and booleans", []any{7, true, nil, "developers"}, want{arn: assumedRole + "dev/user"}},
		{"a nested list", []any{[]any{"developers"}}, want{reason: none}},
		{"an object in the list", []any{claims{"name": "developers"}}, want{reason: none}},
		{"an object", claims{"developers": true}, want{reason: none}},
		{"elements of two bindings of one principal", []any{"operators", "administrators"}, want{arn: assumedRole + "ops/user"}},
		{"elements of two bindings of two principals", []any{"developers", "operators"}, want{reason: two}},
		{"the same in the other order", []any{"operators", "developers"}, want{reason: two}},
		{"one captured", []any{"staff", "team-red"}, want{arn: assumedRole + "teams/red"}},
		{"one captured twice", []any{"team-red", "team-red"}, want{arn: assumedRole + "teams/red"}},
		{"two captured", []any{"team-red", "team-blue"}, want{reason: several}},
		{"two captured of which none is used", []any{"tier-1", "tier-2"}, want{reason: several}},
		{"one captured and none used", []any{"tier-1"}, want{arn: assumedRole + "gold/user"}},
		{"an exact binding and a captured element", []any{"developers", "team-red"}, want{reason: two}},
		{"an exception from the pattern", []any{"staff", "team-lead"}, want{arn: assumedRole + "lead/user"}},
		{"an exception and a captured element", []any{"team-lead", "team-red"}, want{reason: several}},
		{"an element longer than a name", []any{"team-" + strings.Repeat("x", 65)}, want{reason: "65 characters"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			token := s.token(t, claims{"groups": c.groups, "env": "prod"})
			caller, f := authenticate(t, auth, config(), Credentials{Authorization: bearer(token)})
			c.want.check(t, caller, f)
			again, g := authenticate(t, auth, config(), Credentials{Authorization: bearer(token), Metadata: map[string]any{"idp": payload(t, token)}})
			if (caller == nil) != (again == nil) || caller != nil && caller.Principal != again.Principal || f != nil && f.Reason != g.Reason {
				t.Errorf("%v %v; from jwt_authn %v %v", caller, f, again, g)
			}
		})
	}
}

// TestAmbiguousListIsExplained checks that the operator sees which elements are
// ambiguous, and the client does not.
func TestAmbiguousListIsExplained(t *testing.T) {
	auth, s := grouped(t)
	_, f := authenticate(t, auth, config(), Credentials{Authorization: bearer(s.token(t, claims{"groups": []string{"team-red", "team-blue"}}))})
	if f == nil || strings.Contains(f.Reason, "red") || !strings.Contains(f.Detail, `{groups: team-{team}} matches "team-red" and "team-blue"; narrow the pattern`) {
		t.Errorf("%+v", f)
	}
	_, f = authenticate(t, auth, config(), Credentials{Authorization: bearer(s.token(t, claims{"groups": []any{"staff", 7}, "env": "test"}))})
	if f == nil || !strings.Contains(f.Detail, `matches env "test", groups ["staff",7]`) {
		t.Errorf("%+v", f)
	}
}

// TestOrderOfListsDoesNotMatter checks that neither the order of a list nor a repeated
// element changes the caller.
func TestOrderOfListsDoesNotMatter(t *testing.T) {
	auth, s := grouped(t)
	elements := []any{"developers", "operators", "administrators", "team-red", "team-blue", "team-lead", "tier-1", "staff", 7, nil, []any{"developers"}}
	random := rand.New(rand.NewPCG(1, 2))
	who := func(groups []any) string {
		caller, f := authenticate(t, auth, config(), Credentials{Authorization: bearer(s.token(t, claims{"groups": groups, "env": "prod"}))})
		if f != nil {
			return "no caller"
		}
		return caller.Principal.ARN
	}
	found := map[string]int{}
	for range 500 {
		var groups []any
		for range 1 + random.IntN(4) {
			groups = append(groups, elements[random.IntN(len(elements))])
		}
		first := who(groups)
		found[first]++
		shuffled := slices.Concat(groups, groups[:1])
		random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if again := who(shuffled); again != first {
			t.Fatalf("%v is %s, and %v is %s", groups, first, shuffled, again)
		}
	}
	if len(found) != 7 {
		t.Errorf("%v, want six callers and none", found)
	}
}

// TestLongList checks that the length of a token bounds the length of a list.
func TestLongList(t *testing.T) {
	auth, s := grouped(t)
	var groups []string
	for i := range 300 {
		groups = append(groups, fmt.Sprintf("group-%03d", i))
	}
	caller, f := authenticate(t, auth, config(), Credentials{Authorization: bearer(s.token(t, claims{"groups": append(groups, "developers")}))})
	want{arn: assumedRole + "dev/user"}.check(t, caller, f)
	for len(groups) < 2000 {
		groups = append(groups, groups...)
	}
	caller, f = authenticate(t, auth, config(), Credentials{Authorization: bearer(s.token(t, claims{"groups": append(groups, "developers")}))})
	want{reason: "header is too long"}.check(t, caller, f)
}

func TestTagsFromLists(t *testing.T) {
	for name, value := range map[string]any{"several": []string{"a", "b"}, "one": []string{"a"}, "none": []string{}, "numbers": []int{1}} {
		t.Run(name, func(t *testing.T) {
			auth := bindable(t, Binding{Kind: TokenClaims, Issuer: "gitlab", Claims: map[string]string{"sub": "{x}"}, Principal: assumedRole + "ci/{x}", TagClaims: map[string]string{"team": "groups"}}).build(t)
			_, f := authenticate(t, auth, config(), Credentials{Authorization: bearer(signerAt(gitlabURL).token(t, claims{"groups": value}))})
			if f == nil || !strings.Contains(f.Reason, `session tag "team" needs a string, but claim "groups" is a list; use another claim`) {
				t.Errorf("%+v", f)
			}
		})
	}
}

// TestIssuerClaimsThatAreLists checks that the claims which all tokens of an issuer
// must have can be lists, whose captures can be in the names of sessions.
func TestIssuerClaimsThatAreLists(t *testing.T) {
	w := tokens(t)
	w.issuers[0].Claims = map[string]string{"groups": "ci-{group}"}
	w.issuers[0].SessionName = "{group}"
	auth, s := w.build(t), signerAt(gitlabURL)
	for _, c := range []struct {
		groups any
		want   want
	}{
		{[]any{"staff", "ci-web"}, want{arn: assumedRole + "deploy/web"}},
		{[]any{"ci-web", "ci-web"}, want{arn: assumedRole + "deploy/web"}},
		{[]any{"ci-web", "ci-app"}, want{reason: `several elements of the token's claim "groups"`}},
		{[]any{"staff"}, want{reason: "are not those that tokens"}},
		{[]any{}, want{reason: "are not those that tokens"}},
	} {
		caller, f := authenticate(t, auth, config(), Credentials{Authorization: basicHeader("123456789012/deploy", s.token(t, claims{"groups": c.groups}))})
		c.want.check(t, caller, f)
	}
}
