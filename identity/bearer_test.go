package identity

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"extauthz/iam/iamtest"
	"extauthz/identity/oidc"
	"extauthz/identity/sts"
)

// gitlab returns an issuer whose tokens assume the role ci, unless the client names
// another. Its claims arrive from jwt_authn as "ci".
func gitlab(t testing.TB) Issuer {
	t.Helper()
	return Issuer{Name: "gitlab", Verifier: signerAt(gitlabURL).verifier(t), Metadata: "ci", Role: role + "team/ci"}
}

// tokens returns files with three issuers: gitlab has a role, bound has bindings, and
// only Envoy verifies the tokens of envoys.
func tokens(t testing.TB) principals {
	t.Helper()
	web := iamtest.Trust(t, `{"Federated":["`+gitlabProvider+`","arn:aws:iam::123456789012:oidc-provider/envoys.example.com"]}`, `"sts:AssumeRoleWithWebIdentity"`, "")
	return principals{
		entities: []sts.Entity{
			{ARN: role + "team/ci", ID: "AROACIEXAMPLE", Trust: web},
			{ARN: role + "deploy", Trust: web},
			{ARN: role + "untrusting"},
			{ARN: aliceARN},
		},
		issuers: []Issuer{
			gitlab(t),
			{Name: "bound", Verifier: signerAt("https://bound.example.com").verifier(t), Metadata: "bound"},
			{Name: "envoys", Verifier: &oidc.Verifier{URL: "https://envoys.example.com"}, Metadata: "envoys", Role: role + "deploy"},
		},
		bindings: []Binding{
			{Kind: BasicUser, Name: "alice", Principal: aliceARN},
			{Kind: TokenClaims, Issuer: "bound", Claims: map[string]string{"sub": "{name}"}, Principal: "arn:aws:iam::123456789012:user/dev/{name}"},
		},
	}
}

// payload returns the metadata that jwt_authn makes from a token.
func payload(t testing.TB, token string) map[string]any {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestTokens(t *testing.T) {
	auth := tokens(t).build(t)
	good, other := signerAt(gitlabURL), signerAt("https://other.example.com")
	bound, envoys := signerAt("https://bound.example.com"), signerAt("https://envoys.example.com")
	token := good.token(t, nil)
	for _, c := range []struct {
		name          string
		authorization []string
		want          want
		source        string
	}{
		{"Bearer", bearer(token), want{arn: assumedRole + "ci/gitlab"}, "bearer"},
		{"scheme in capitals", []string{"BEARER " + token}, want{arn: assumedRole + "ci/gitlab"}, "bearer"},
		{"user AWS", basicHeader("AWS", token), want{arn: assumedRole + "ci/gitlab"}, "basic"},
		{"a role by its name", basicHeader("123456789012/deploy", token), want{arn: assumedRole + "deploy/gitlab"}, "basic"},
		{"a role by its path", basicHeader("123456789012/team/ci", token), want{arn: assumedRole + "ci/gitlab"}, "basic"},
		{"a role without its path", basicHeader("123456789012/ci", token), want{reason: "not among the principals"}, ""},
		{"a role of another account", basicHeader("999999999999/deploy", token), want{reason: "not among the principals"}, ""},
		{"a role in other letters", basicHeader("123456789012/Deploy", token), want{reason: "not among the principals"}, ""},
		{"a role without trust policy", basicHeader("123456789012/untrusting", token), want{reason: "no trust policy"}, ""},
		{"a user is not a role", basicHeader("123456789012/dev/alice", token), want{reason: "not among the principals"}, ""},
		{"user aws", basicHeader("aws", token), want{reason: "longer than 72 bytes"}, ""},
		{"a user of the password file with a token", basicHeader("alice", token), want{reason: "longer than 72 bytes"}, ""},
		{"AWS with a password", basicHeader("AWS", "alice-secret"), want{reason: "token"}, ""},
		{"AWS without password", basicHeader("AWS", ""), want{reason: "token"}, ""},
		{"bound", bearer(bound.token(t, claims{"sub": "alice"})), want{arn: aliceARN}, "bearer"},
		{"bound, user AWS", basicHeader("AWS", bound.token(t, claims{"sub": "alice"})), want{arn: aliceARN}, "basic"},
		{"bound, without a principal", bearer(bound.token(t, claims{"sub": "carol"})), want{reason: "not among the principals"}, ""},
		{"bound, a claim that smuggles", bearer(bound.token(t, claims{"sub": "alice/../bob"})), want{reason: "no principal is bound"}, ""},
		{"bound, a claim that is a number", bearer(bound.token(t, claims{"sub": 1 << 53})), want{reason: "no principal is bound"}, ""},
		{"bound, no claim", bearer(bound.token(t, claims{"sub": nil})), want{reason: "no principal is bound"}, ""},
		{"bound, and a role that does not trust a user", basicHeader("123456789012/deploy", bound.token(t, claims{"sub": "alice"})), want{reason: "is not authorized to perform: sts:AssumeRole on"}, ""},
		{"no token", []string{"Bearer"}, want{reason: "empty"}, ""},
		{"no token, but a blank", []string{"Bearer "}, want{reason: "empty"}, ""},
		{"two blanks", []string{"Bearer  " + token}, want{reason: "token"}, ""},
		{"two tokens", []string{"Bearer " + token + ",Bearer " + token}, want{reason: "token"}, ""},
		{"Basic and then Bearer", []string{"Basic x,Bearer " + token}, want{reason: "base64"}, ""},
		{"FooBearer", []string{"FooBearer " + token}, want{reason: "accepts this kind"}, ""},
		{"repeated", append(bearer(token), bearer(token)...), want{reason: "repeated"}, ""},
		{"Basic and Bearer in two headers", append(basicHeader("alice", "alice-secret"), bearer(token)...), want{reason: "repeated"}, ""},
		{"another issuer", bearer(other.token(t, nil)), want{reason: `issuer "https://other.example.com"`}, ""},
		{"another issuer's key", bearer(other.token(t, claims{"iss": gitlabURL})), want{reason: "signature"}, ""},
		{"only Envoy verifies", bearer(envoys.token(t, nil)), want{reason: "by Envoy's jwt_authn only"}, ""},
		{"another audience", bearer(good.token(t, claims{"aud": "sts.amazonaws.com"})), want{reason: "request that audience"}, ""},
		{"expired", bearer(good.token(t, claims{"exp": now.Unix() - 3600})), want{reason: "expired"}, ""},
		{"no exp", bearer(good.token(t, claims{"exp": nil})), want{reason: "exp"}, ""},
		{"not yet valid", bearer(good.token(t, claims{"nbf": now.Unix() + 3600})), want{reason: "nbf"}, ""},
		{"oversized", bearer(good.token(t, claims{"x": strings.Repeat("x", 10000)})), want{reason: "token"}, ""},
		{"too long a header", bearer(strings.Repeat("x", maxAuthorization)), want{reason: "too long"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			caller, f := authenticate(t, auth, config(), Credentials{Authorization: c.authorization})
			c.want.check(t, caller, f)
			if caller != nil && (caller.Source != c.source || caller.Issuer == "" || caller.KeyID != "k1") {
				t.Errorf("source %q, issuer %q, key %q", caller.Source, caller.Issuer, caller.KeyID)
			}
		})
	}
}

// TestUserNamesThatLookLikeRoles checks user names that look like ARNs and roles. None
// is a user of the password file, and only ACCOUNT/PATH/ROLE has its token verified.
func TestUserNamesThatLookLikeRoles(t *testing.T) {
	auth := tokens(t).build(t)
	token := signerAt(gitlabURL).token(t, nil)
	for _, user := range []string{
		"/", "//", "///", "/deploy", "123456789012/", "123456789012//deploy", "123456789012/deploy/", "123456789012//",
		"12345678901/deploy", "1234567890123/deploy", "12345678901a/deploy", " 123456789012/deploy", "123456789012 /deploy",
		"１２３４５６７８９０１２/deploy", "+23456789012/deploy", "aws/123456789012/deploy",
		"123456789012/*", "123456789012/team/*", "123456789012/te?m/ci", "123456789012/deploy ", "123456789012/ deploy",
		"123456789012/dep%6coy", "123456789012/déploy", "123456789012/team ci/deploy", "AWS/", "/AWS", "alice/", "alice/../alice",
		"123456789012/" + strings.Repeat("r", 65), "123456789012/role/ci{name}",
	} {
		caller, f := authenticate(t, auth, config(), Credentials{Authorization: basicHeader(user, token)})
		if f == nil || !strings.Contains(f.Reason, "does not name a role") && !strings.Contains(f.Reason, "role name") {
			t.Errorf("%q: caller %v, failure %v", user, caller, f)
		}
	}
	for _, user := range []string{"123456789012/../deploy", "123456789012/team/../deploy", "123456789012/./deploy", "123456789012/role/deploy", "000000000000/deploy"} {
		caller, f := authenticate(t, auth, config(), Credentials{Authorization: basicHeader(user, token)})
		want{reason: "not among the principals"}.check(t, caller, f)
	}
	// A colon ends the user name: the ARN's rest is the password.
	caller, f := authenticate(t, auth, config(), Credentials{Authorization: basicHeader("arn:aws:iam::123456789012:role/deploy", "secret-x")})
	want{reason: "unknown user or wrong password"}.check(t, caller, f)
	caller, f = authenticate(t, auth, &Config{Audiences: []string{registryAudience}}, Credentials{Authorization: basicHeader("123456789012/deploy", token)})
	want{reason: "not among the principals"}.check(t, caller, f)
}

// TestMetadata checks when the claims that jwt_authn verified count.
func TestMetadata(t *testing.T) {
	auth := tokens(t).build(t)
	good, envoys := signerAt(gitlabURL), signerAt("https://envoys.example.com")
	token := good.token(t, nil)
	forged := strings.Join(append(strings.Split(token, ".")[:2], "AAAA"), ".") // Envoy has verified the signature
	big := good.token(t, claims{"sub": "9007199254740993", "user": 1 << 53})
	without := good.token(t, claims{"exp": nil})
	stranger := signerAt("https://stranger.example.com").token(t, nil)
	two := map[string]any{"ci": payload(t, token), "bound": payload(t, signerAt("https://bound.example.com").token(t, nil))}
	changed := payload(t, token)
	changed["sub"] = "admin"
	for _, c := range []struct {
		name          string
		authorization []string
		metadata      map[string]any
		want          want
		source        string
	}{
		{"verified by Envoy", bearer(token), map[string]any{"ci": payload(t, token)}, want{arn: assumedRole + "ci/gitlab"}, "jwt_authn"},
		{"a signature that is not looked at again", bearer(forged), map[string]any{"ci": payload(t, forged)}, want{arn: assumedRole + "ci/gitlab"}, "jwt_authn"},
		{"an issuer that Envoy alone verifies", bearer(envoys.token(t, nil)), map[string]any{"envoys": payload(t, envoys.token(t, nil))}, want{arn: assumedRole + "deploy/envoys"}, "jwt_authn"},
		{"no metadata", bearer(token), nil, want{arn: assumedRole + "ci/gitlab"}, "bearer"},
		{"metadata of no issuer", bearer(token), map[string]any{"other": payload(t, token)}, want{arn: assumedRole + "ci/gitlab"}, "bearer"},
		{"no metadata, forged", bearer(forged), nil, want{reason: "signature"}, ""},
		{"a token of the query", nil, map[string]any{"ci": payload(t, token)}, want{kind: Anonymous, reason: "no credential"}, ""},
		{"a token in the query and Basic", basicHeader("alice", "alice-secret"), map[string]any{"ci": payload(t, token)}, want{arn: aliceARN}, "basic"},
		{"a token in the query and a wrong password", basicHeader("alice", "wrong"), map[string]any{"ci": payload(t, token)}, want{reason: "wrong password"}, ""},
		{"a token in the password", basicHeader("AWS", token), map[string]any{"ci": payload(t, token)}, want{arn: assumedRole + "ci/gitlab"}, "basic"},
		{"another token in Authorization", bearer(good.token(t, claims{"sub": "x"})), map[string]any{"ci": payload(t, token)}, want{reason: "not those of the token"}, ""},
		{"claims that are not those of the token", bearer(token), map[string]any{"ci": changed}, want{reason: "not those of the token"}, ""},
		{"no token in Authorization", bearer("opaque"), map[string]any{"ci": payload(t, token)}, want{reason: "token"}, ""},
		{"Bearer twice", append(bearer(token), bearer(token)...), map[string]any{"ci": payload(t, token)}, want{reason: "repeated"}, ""},
		{"Basic and then Bearer", []string{"Basic x,Bearer " + token}, map[string]any{"ci": payload(t, token)}, want{reason: "base64"}, ""},
		{"Bearer, Bearer", []string{"Bearer " + token + ", Bearer " + token}, map[string]any{"ci": payload(t, token)}, want{reason: "token"}, ""},
		{"FooBearer", []string{"FooBearer " + token}, map[string]any{"ci": payload(t, token)}, want{reason: "accepts this kind"}, ""},
		{"no exp", bearer(without), map[string]any{"ci": payload(t, without)}, want{reason: "exp"}, ""},
		{"numbers from 2^53", bearer(big), map[string]any{"ci": payload(t, big)}, want{arn: assumedRole + "ci/gitlab"}, "jwt_authn"},
		{"another issuer's claims", bearer(stranger), map[string]any{"ci": payload(t, stranger)}, want{reason: "another issuer"}, ""},
		{"another issuer's place", bearer(token), map[string]any{"bound": payload(t, token)}, want{reason: "another issuer"}, ""},
		{"two issuers", bearer(token), two, want{reason: "two issuers"}, ""},
		{"no object", bearer(token), map[string]any{"ci": "text"}, want{reason: "another issuer"}, ""},
		{"nothing", bearer(token), map[string]any{"ci": nil}, want{reason: "another issuer"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			caller, f := authenticate(t, auth, config(), Credentials{Authorization: c.authorization, Metadata: c.metadata})
			c.want.check(t, caller, f)
			if caller != nil && caller.Source != c.source {
				t.Errorf("source %q", caller.Source)
			}
			// Without the source the metadata is nothing.
			bare := config()
			bare.Sources = []Source{Bearer, BasicAuth}
			got, f := authenticate(t, auth, bare, Credentials{Authorization: c.authorization, Metadata: c.metadata})
			alone, g := authenticate(t, auth, bare, Credentials{Authorization: c.authorization})
			if (f == nil) != (g == nil) || f == nil && !got.equal(alone) || f != nil && f.Reason != g.Reason {
				t.Errorf("metadata counts without jwt_authn as a source: %v %v, %v %v", got, f, alone, g)
			}
		})
	}
}

// TestNumbersDoNotIdentifyCallers checks that two numbers which jwt_authn rounds to one
// do not become one caller.
func TestNumbersDoNotIdentifyCallers(t *testing.T) {
	w := tokens(t)
	w.bindings[1].Claims = map[string]string{"user_id": "{name}"}
	auth, s := w.build(t), signerAt("https://bound.example.com")
	for _, value := range []any{1 << 53, 1<<53 + 1, 7, true, nil, []int{7}, []any{7, true, nil}, [][]string{{"alice"}}, claims{"a": "alice"}} {
		token := s.token(t, claims{"user_id": value})
		for _, metadata := range []map[string]any{nil, {"bound": payload(t, token)}} {
			caller, f := authenticate(t, auth, config(), Credentials{Authorization: bearer(token), Metadata: metadata})
			want{reason: "no principal is bound"}.check(t, caller, f)
		}
	}
	caller, f := authenticate(t, auth, config(), Credentials{Authorization: bearer(s.token(t, claims{"user_id": "alice"}))})
	want{arn: aliceARN}.check(t, caller, f)
}

// TestForeignAudiences checks that tokens for another service are accepted only if an
// issuer lists its audience.
func TestForeignAudiences(t *testing.T) {
	w := tokens(t)
	foreign := signerAt(gitlabURL).token(t, claims{"aud": []string{"sts.amazonaws.com", "x"}})
	caller, f := authenticate(t, w.build(t), config(), Credentials{Authorization: bearer(foreign)})
	want{reason: "request that audience"}.check(t, caller, f)
	w.issuers[0].ForeignAudiences = []string{"sts.amazonaws.com"}
	auth := w.build(t)
	r := config()
	for range 2 {
		caller, f = authenticate(t, auth, r, Credentials{Authorization: bearer(foreign)})
		want{arn: assumedRole + "ci/gitlab"}.check(t, caller, f)
	}
	if !slices.Equal(r.Audiences, []string{registryAudience}) {
		t.Errorf("the registry's audiences are %q now", r.Audiences)
	}
	caller, f = authenticate(t, auth, config(), Credentials{Authorization: bearer(signerAt("https://bound.example.com").token(t, claims{"aud": "sts.amazonaws.com", "sub": "alice"}))})
	want{reason: "request that audience"}.check(t, caller, f)
	caller, f = authenticate(t, auth, &Config{Partition: "aws"}, Credentials{Authorization: bearer(signerAt(gitlabURL).token(t, nil))})
	want{reason: "request that audience"}.check(t, caller, f)
}

// TestCachedTokens checks that a cached token belongs to its own issuer, although
// another issuer has the same keys, and that its audience and time are checked each
// time.
func TestCachedTokens(t *testing.T) {
	const otherURL = "https://other.example.com"
	s := signerAt(gitlabURL)
	other := &signer{otherURL, s.Signer}
	auth := principals{
		entities: []sts.Entity{{ARN: aliceARN}, {ARN: "arn:aws:iam::123456789012:user/bob"}},
		issuers:  []Issuer{{Name: "gitlab", Verifier: s.verifier(t)}, {Name: "other", Verifier: &oidc.Verifier{URL: otherURL, Keys: s.verifier(t).Keys}}},
		bindings: []Binding{
			{Kind: TokenClaims, Issuer: "gitlab", Claims: map[string]string{"sub": "job"}, Principal: aliceARN},
			{Kind: TokenClaims, Issuer: "other", Claims: map[string]string{"sub": "job"}, Principal: "arn:aws:iam::123456789012:user/bob"},
		},
	}.build(t)
	elsewhere := config()
	elsewhere.Audiences = []string{"elsewhere.example.com"}
	for range 3 {
		for _, c := range []struct {
			name  string
			token string
			rules *Config
			at    time.Time
			want  want
		}{
			{"gitlab's", s.token(t, nil), config(), now, want{arn: aliceARN}},
			{"other's", other.token(t, nil), config(), now, want{arn: "arn:aws:iam::123456789012:user/bob"}},
			{"of a registry elsewhere", s.token(t, nil), elsewhere, now, want{reason: "the token is for"}},
			{"when it has expired", s.token(t, nil), config(), now.Add(time.Hour), want{reason: "the token expired"}},
			{"a third's, with the same keys", (&signer{"https://third.example.com", s.Signer}).token(t, nil), config(), now, want{reason: "whose tokens are not accepted"}},
		} {
			caller, f := authenticate(t, auth, c.rules, Credentials{Authorization: bearer(c.token), Time: c.at})
			c.want.check(t, caller, f)
		}
	}
}

// TestIssuerClaims checks that every token of an issuer must have the claims that the
// issuer requires, whichever role the client names.
func TestIssuerClaims(t *testing.T) {
	w := tokens(t)
	w.issuers[0].Claims = map[string]string{"sub": "project:{group}/{project}:ref:main", "tier": "gold"}
	w.issuers[0].SessionName = "app@{group}"
	auth, s := w.build(t), signerAt(gitlabURL)
	good := claims{"sub": "project:acme/app:ref:main", "tier": "gold"}
	for _, c := range []struct {
		name    string
		changes claims
		want    want
	}{
		{"as demanded", nil, want{arn: assumedRole + "deploy/app@acme"}},
		{"another ref", claims{"sub": "project:acme/app:ref:dev"}, want{reason: "are not those that tokens"}},
		{"a slash more", claims{"sub": "project:acme/x/app:ref:main"}, want{reason: "are not those that tokens"}},
		{"one claim missing", claims{"tier": nil}, want{reason: "are not those that tokens"}},
		{"one claim is a list with the value", claims{"tier": []string{"new", "gold"}}, want{arn: assumedRole + "deploy/app@acme"}},
		{"one claim is a list without the value", claims{"tier": []string{"silver"}}, want{reason: "are not those that tokens"}},
		{"one claim is an empty list", claims{"tier": []string{}}, want{reason: "are not those that tokens"}},
		{"sub is a list", claims{"sub": []string{"project:acme/app:ref:main"}}, want{reason: "are not those that tokens"}},
		{"a session's name of 64", claims{"sub": "project:" + strings.Repeat("g", 60) + "/web:ref:main"}, want{arn: assumedRole + "deploy/app@" + strings.Repeat("g", 60)}},
		{"a session's name of 65", claims{"sub": "project:" + strings.Repeat("g", 61) + "/app:ref:main"}, want{reason: "65 characters"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			changed := maps.Clone(good)
			maps.Copy(changed, c.changes)
			caller, f := authenticate(t, auth, config(), Credentials{Authorization: basicHeader("123456789012/deploy", s.token(t, changed))})
			c.want.check(t, caller, f)
		})
	}
}

// TestIssuerWithoutRole checks an issuer that has neither a role nor bindings: clients
// must name a role.
func TestIssuerWithoutRole(t *testing.T) {
	w := tokens(t)
	w.issuers[0].Role = ""
	auth, token := w.build(t), signerAt(gitlabURL).token(t, nil)
	for _, authorization := range [][]string{bearer(token), basicHeader("AWS", token)} {
		caller, f := authenticate(t, auth, config(), Credentials{Authorization: authorization})
		want{reason: "log in as ACCOUNT/ROLE"}.check(t, caller, f)
	}
	caller, f := authenticate(t, auth, config(), Credentials{Authorization: basicHeader("123456789012/deploy", token)})
	want{arn: assumedRole + "deploy/gitlab"}.check(t, caller, f)
}

// TestKeysUnavailable checks that a token is not refused as invalid if the keys cannot
// be fetched.
func TestKeysUnavailable(t *testing.T) {
	keys, err := oidc.NewKeyCache(oidc.KeyCacheOptions{}).KeySet("http://127.0.0.1:1/keys", nil)
	if err != nil {
		t.Fatal(err)
	}
	w := tokens(t)
	w.issuers[0].Verifier = &oidc.Verifier{URL: gitlabURL, Keys: keys}
	auth := w.build(t)
	for _, authorization := range [][]string{bearer(signerAt(gitlabURL).token(t, nil)), basicHeader("AWS", signerAt(gitlabURL).token(t, nil))} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		caller, f := auth.Authenticate(ctx, config(), &Credentials{Authorization: authorization, Time: now})
		want{kind: Unavailable, reason: "keys"}.check(t, caller, f)
	}
}
