package signin

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"extauthz/authz"
	"extauthz/denialmessage"
	"extauthz/identity/oidc/oidctest"
	"extauthz/identity/session"
)

// The access keys of the tests.
var (
	aliceKey = &key{ID: "AKIAIOSFODNN7ALICE23", Secret: "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEALICE"}
	bobKey   = &key{ID: "AKIAIOSFODNN7BOBBOB2", Secret: "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEBOBBO"}
)

const (
	aliceARN = "arn:aws:iam::123456789012:user/alice"
	roleARN  = "arn:aws:iam::123456789012:role/"
	ciARN    = "arn:aws:sts::123456789012:assumed-role/ci/build"
)

// stsFiles adds access keys, and roles with different trust policies.
func stsFiles(files map[string]string) {
	files["access-keys"] = aliceKey.ID + ":" + aliceKey.Secret + "\n" + bobKey.ID + ":" + bobKey.Secret + "\n"
	files["principals.yaml"] = strings.Replace(files["principals.yaml"], "principals:\n", `- {accessKey: `+aliceKey.ID+`, principal: "`+aliceARN+`"}
- {accessKey: `+bobKey.ID+`, principal: "arn:aws:iam::123456789012:user/bob"}
principals:
- {arn: "`+roleARN+`deploy", id: AROADEPLOY, policies: [pull, assume], trust: deploy, maxSessionDuration: 14400, tags: {stage: prod}}
- {arn: "`+roleARN+`next", policies: [pull], trust: next, maxSessionDuration: 14400}
- {arn: "`+roleARN+`partner", policies: [pull], trust: partner}
`, 1)
	files["principals.yaml"] = strings.Replace(files["principals.yaml"], `user/alice", policies: [pull]`, `user/alice", policies: [pull, assume]`, 1)
	files["managed/assume.json"] = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:*","Resource":"*"}}`
	trust := func(name, principal, actions, condition string) {
		files["trust/"+name+".json"] = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":` + principal + `},"Action":` + actions + condition + `}}`
	}
	const all = `["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]`
	trust("deploy", `"123456789012"`, all, "")
	trust("next", `"`+roleARN+`deploy"`, all, "")
	trust("partner", `"123456789012"`, `"sts:AssumeRole"`, `,"Condition":{"StringEquals":{"sts:ExternalId":"customer/7"}}`)
}

// TestCallerIdentity checks who each access key is.
func TestCallerIdentity(t *testing.T) {
	s := start(t, stsFiles)
	deploy := s.callAs(aliceKey, stsCall("AssumeRole", "RoleArn", roleARN+"deploy", "RoleSessionName", "x1")).works(t)
	for _, c := range []struct {
		name string
		key  *key
		arn  string
		id   string
	}{
		{"a user", aliceKey, aliceARN, ""},
		{"a user without any permission", bobKey, "arn:aws:iam::123456789012:user/bob", ""},
		{"the holder of a token", s.ci(), ciARN, ""},
		{"a session of a role", deploy.key(), "arn:aws:sts::123456789012:assumed-role/deploy/x1", "AROADEPLOY:x1"},
		{"a user with temporary credentials", s.callAs(aliceKey, stsCall("GetSessionToken")).works(t).key(), aliceARN, ""},
		{"a federated user", s.callAs(aliceKey, stsCall("GetFederationToken", "Name", "carol")).works(t).key(), "arn:aws:sts::123456789012:federated-user/carol", "123456789012:carol"},
	} {
		t.Run(c.name, func(t *testing.T) {
			clear(s.outcomes)
			a := s.callAs(c.key, stsCall("GetCallerIdentity")).works(t)
			if a.STS.Arn != c.arn || a.STS.Account != "123456789012" || *a.STS.UserID != c.id || s.took() != Answered {
				t.Errorf("the answer is %s", a.body)
			}
			if r := s.last(); r.Operation != "sts:GetCallerIdentity" || r.Decision != authz.Allowed || r.Principal != c.arn || r.KeyID != c.key.ID || r.Source != "accessKey" || a.header.Get("X-Amzn-Requestid") != r.ID {
				t.Errorf("logged %+v", r)
			}
		})
	}
}

// TestAssumeRole checks who assumes which role, and what the answer has.
func TestAssumeRole(t *testing.T) {
	s := start(t, stsFiles)
	const pullOnly = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:BatchGetImage","Resource":"*"}}`
	deploy := func(parameters ...string) apiCall {
		return stsCall("AssumeRole", append([]string{"RoleArn", roleARN + "deploy", "RoleSessionName", "x1"}, parameters...)...)
	}
	chained := s.callAs(aliceKey, deploy("Tags.member.1.Key", "team", "Tags.member.1.Value", "blue", "TransitiveTagKeys.member.1", "team", "SourceIdentity", "alice")).works(t)
	next := func(parameters ...string) apiCall {
		return stsCall("AssumeRole", append([]string{"RoleArn", roleARN + "next", "RoleSessionName", "x2"}, parameters...)...)
	}
	for _, c := range []struct {
		name   string
		key    *key
		call   apiCall
		status int // 0 for success
		code   string
		reason string
		lasts  time.Duration
	}{
		{name: "a user", key: aliceKey, call: deploy(), lasts: time.Hour},
		{name: "for a duration", key: aliceKey, call: deploy("DurationSeconds", "900"), lasts: 15 * time.Minute},
		{name: "for the role's maximum", key: aliceKey, call: deploy("DurationSeconds", "14400"), lasts: 4 * time.Hour},
		{name: "with a policy", key: aliceKey, call: deploy("Policy", pullOnly), lasts: time.Hour},
		{name: "with managed policies", key: aliceKey, call: deploy("PolicyArns.member.1.arn", "arn:aws:iam::123456789012:policy/pull", "PolicyArns.member.2.arn", "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"), lasts: time.Hour},
		{name: "with an external id", key: aliceKey, call: stsCall("AssumeRole", "RoleArn", roleARN+"partner", "RoleSessionName", "x1", "ExternalId", "customer/7"), lasts: time.Hour},
		{name: "in a chain", key: chained.key(), call: next(), lasts: time.Hour},
		{name: "the calling session's source identity", key: chained.key(), call: next("SourceIdentity", "alice"), lasts: time.Hour},

		{name: "longer than the role's maximum", key: aliceKey, call: deploy("DurationSeconds", "14401"), status: 400, code: "ValidationError", reason: "exceeds the MaxSessionDuration set for this role"},
		{name: "shorter than any", key: aliceKey, call: deploy("DurationSeconds", "899"), status: 400, code: "ValidationError", reason: "Member must have value greater than or equal to 900"},
		{name: "longer than any", key: aliceKey, call: deploy("DurationSeconds", "43201"), status: 400, code: "ValidationError", reason: "less than or equal to 43200"},
		{name: "a duration that is no number", key: aliceKey, call: deploy("DurationSeconds", "1h"), status: 400, code: "MalformedInput", reason: "not a number"},
		{name: "longer than an hour in a chain", key: chained.key(), call: next("DurationSeconds", "3601"), status: 400, code: "ValidationError", reason: "1 hour session limit for roles assumed by role chaining"},
		{name: "another external id", key: aliceKey, call: stsCall("AssumeRole", "RoleArn", roleARN+"partner", "RoleSessionName", "x1", "ExternalId", "customer/8"), status: 403, code: "AccessDenied", reason: "is not authorized to perform: sts:AssumeRole"},
		{name: "a user without the permission", key: bobKey, call: deploy(), status: 403, code: "AccessDenied", reason: "User: arn:aws:iam::123456789012:user/bob is not authorized to perform: sts:AssumeRole on resource: " + roleARN + "deploy"},
		{name: "a role that does not exist", key: aliceKey, call: stsCall("AssumeRole", "RoleArn", roleARN+"missing", "RoleSessionName", "x1"), status: 403, code: "AccessDenied", reason: "is not authorized to perform: sts:AssumeRole on resource: " + roleARN + "missing"},
		{name: "a role that only tokens assume", key: aliceKey, call: stsCall("AssumeRole", "RoleArn", roleARN+"ci", "RoleSessionName", "x1"), status: 403, code: "AccessDenied", reason: "sts:AssumeRole"},
		{name: "tags without sts:TagSession", key: aliceKey, call: stsCall("AssumeRole", "RoleArn", roleARN+"partner", "RoleSessionName", "x1", "ExternalId", "customer/7", "Tags.member.1.Key", "a", "Tags.member.1.Value", "b"), status: 403, code: "AccessDenied", reason: "sts:TagSession"},
		{name: "another source identity in a chain", key: chained.key(), call: next("SourceIdentity", "mallory"), status: 400, code: "ValidationError", reason: "is not that of the calling session"},
		{name: "an inherited tag in a chain", key: chained.key(), call: next("Tags.member.1.Key", "Team", "Tags.member.1.Value", "red"), status: 400, code: "InvalidParameterValue", reason: "conflicts with a transitive tag key"},
		{name: "a session name that is too short", key: aliceKey, call: stsCall("AssumeRole", "RoleArn", roleARN+"deploy", "RoleSessionName", "x"), status: 400, code: "ValidationError", reason: "fewer than 2"},
		{name: "a transitive key without a tag", key: aliceKey, call: deploy("TransitiveTagKeys.member.1", "team"), status: 400, code: "ValidationError", reason: "is transitive"},
		{name: "a reserved tag", key: aliceKey, call: deploy("Tags.member.1.Key", "aws:a", "Tags.member.1.Value", "b"), status: 400, code: "ValidationError", reason: "reserved"},
		{name: "a policy that is not one", key: aliceKey, call: deploy("Policy", `{"Version":"2012-10-17"}`), status: 400, code: "MalformedPolicyDocument"},
		{name: "a policy that is too long", key: aliceKey, call: deploy("Policy", strings.Repeat(" ", 2049)), status: 400, code: "ValidationError", reason: "it has 2049 characters, and IAM allows 2048"},
		{name: "a managed policy that does not exist", key: aliceKey, call: deploy("PolicyArns.member.1.arn", "arn:aws:iam::123456789012:policy/missing"), status: 400, code: "ValidationError", reason: "does not exist"},
		{name: "a managed policy of another account", key: aliceKey, call: deploy("PolicyArns.member.1.arn", "arn:aws:iam::999999999999:policy/pull"), status: 400, code: "ValidationError", reason: "does not exist"},
		{name: "a managed policy by its name", key: aliceKey, call: deploy("PolicyArns.member.1.arn", "pull"), status: 400, code: "ValidationError", reason: "does not exist"},
		{name: "an MFA device", key: aliceKey, call: deploy("SerialNumber", "arn:aws:iam::123456789012:mfa/alice", "TokenCode", "123456"), status: 400, code: "ValidationError", reason: "multi-factor"},
		{name: "a parameter that is not known", key: aliceKey, call: deploy("Restrict", "true"), status: 400, code: "ValidationError", reason: "not supported"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := s.callAs(c.key, c.call)
			if c.status != 0 {
				a.is(t, c.status, c.code, c.reason)
				return
			}
			checkExpiration(t, a.works(t), c.lasts)
			if a.STS.AssumedRoleUser == nil || !strings.HasPrefix(a.STS.AssumedRoleUser.Arn, "arn:aws:sts::123456789012:assumed-role/") {
				t.Fatalf("the answer is %s", a.body)
			}
			if r := s.results[len(s.results)-1]; r.IssuedTo != a.STS.AssumedRoleUser.Arn || r.IssuedKeyID != a.STS.Credentials.AccessKeyID {
				t.Errorf("the result has credentials %s of %q", r.IssuedKeyID, r.IssuedTo)
			}
		})
	}
	if chained.STS.SourceIdentity != "alice" || chained.STS.PackedPolicySize == 0 {
		t.Errorf("the answer is %s", chained.body)
	}
}

// checkExpiration checks how long credentials last.
func checkExpiration(t *testing.T, a *apiAnswer, want time.Duration) {
	t.Helper()
	expires, err := time.Parse(time.RFC3339, a.STS.Credentials.Expiration)
	if err != nil || !a.lasts(expires, want) {
		t.Errorf("expires at %s, error %v; the call at %s is for %v", a.STS.Credentials.Expiration, err, a.sent.UTC(), want)
	}
}

// TestDecisionOnRole checks which decision the log has if a role cannot be assumed.
func TestDecisionOnRole(t *testing.T) {
	s := start(t, func(files map[string]string) {
		stsFiles(files)
		files["trust/next.json"] = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:*"},{"Effect":"Deny","Principal":"*","Action":"sts:TagSession"}]}`
	})
	for _, c := range []struct {
		name       string
		parameters []string
		want       authz.Outcome
	}{
		{"allowed", []string{"RoleArn", roleARN + "next"}, authz.Allowed},
		{"a Deny of the trust policy", []string{"RoleArn", roleARN + "next", "Tags.member.1.Key", "team", "Tags.member.1.Value", "blue"}, authz.ExplicitDeny},
		{"no Allow of the trust policy", []string{"RoleArn", roleARN + "ci"}, authz.ImplicitDeny},
		{"a role that does not exist", []string{"RoleArn", roleARN + "none"}, authz.ImplicitDeny},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := s.callAs(aliceKey, stsCall("AssumeRole", append(c.parameters, "RoleSessionName", "x1")...))
			if c.want == authz.Allowed {
				a.works(t)
			} else {
				a.is(t, 403, "AccessDenied", "is not authorized to perform: sts:")
			}
			if r := s.last(); r.Decision != c.want {
				t.Errorf("logged %v: %s", r.Decision, r.Reason)
			}
		})
	}
}

// TestUserCredentials checks who gets a federation token and a session token, and what these can
// be used for.
func TestUserCredentials(t *testing.T) {
	s := start(t, stsFiles)
	temporary := s.callAs(aliceKey, stsCall("GetSessionToken", "DurationSeconds", "129600")).works(t)
	checkExpiration(t, temporary, 36*time.Hour)
	federated := s.callAs(aliceKey, stsCall("GetFederationToken", "Name", "carol", "Policy", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*","Resource":"*"}}`,
		"Tags.member.1.Key", "team", "Tags.member.1.Value", "blue")).works(t)
	checkExpiration(t, federated, 12*time.Hour)
	if federated.STS.FederatedUser.FederatedUserID != "123456789012:carol" || federated.STS.PackedPolicySize == 0 {
		t.Errorf("the answer is %s", federated.body)
	}
	deploy := []string{"RoleArn", roleARN + "deploy", "RoleSessionName", "x1"}
	for _, c := range []struct {
		name   string
		key    *key
		call   apiCall
		status int
		code   string
		reason string
	}{
		{"a user without a permission gets a session token", bobKey, stsCall("GetSessionToken"), 200, "", ""},
		{"a user without a permission federates no one", bobKey, stsCall("GetFederationToken", "Name", "carol"), 403, "AccessDenied", "sts:GetFederationToken on resource: arn:aws:sts::123456789012:federated-user/carol because no identity-based policy allows"},
		{"a name that is too long", aliceKey, stsCall("GetFederationToken", "Name", strings.Repeat("c", 33)), 400, "ValidationError", "IAM allows 32"},
		{"a name with a slash", aliceKey, stsCall("GetFederationToken", "Name", "a/b"), 400, "ValidationError", "characters other than"},
		{"a session token for too long", aliceKey, stsCall("GetSessionToken", "DurationSeconds", "129601"), 400, "ValidationError", "less than or equal to 129600"},
		{"no MFA device exists", aliceKey, stsCall("GetSessionToken", "SerialNumber", "x", "TokenCode", "123456"), 400, "ValidationError", "multi-factor"},

		{"a session token assumes a role", temporary.key(), stsCall("AssumeRole", deploy...), 200, "", ""},
		{"a session token gets no other", temporary.key(), stsCall("GetSessionToken"), 403, "AccessDenied", "Cannot call GetSessionToken with session credentials"},
		{"a session token federates no one", temporary.key(), stsCall("GetFederationToken", "Name", "carol"), 403, "AccessDenied", "Cannot call GetFederationToken with session credentials"},
		{"a session token decodes nothing", temporary.key(), stsCall("DecodeAuthorizationMessage", "EncodedMessage", "x"), 403, "AccessDenied", "Cannot call DecodeAuthorizationMessage"},
		{"a federated user assumes no role", federated.key(), stsCall("AssumeRole", deploy...), 403, "AccessDenied", "Cannot call AssumeRole with federation credentials"},
		{"a federated user gets no session token", federated.key(), stsCall("GetSessionToken"), 403, "AccessDenied", "Cannot call"},
		{"a session of a role gets no session token", s.ci(), stsCall("GetSessionToken"), 403, "AccessDenied", "Cannot call GetSessionToken with session credentials"},
		{"a session of a role federates no one", s.ci(), stsCall("GetFederationToken", "Name", "carol"), 403, "AccessDenied", "Cannot call GetFederationToken with session credentials"},
		{"a federated user signs in", federated.key(), ecrCall("GetAuthorizationToken", "{}"), 200, "", ""},
		{"a federated user without a policy does not", s.callAs(aliceKey, stsCall("GetFederationToken", "Name", "carol")).works(t).key(), ecrCall("GetAuthorizationToken", "{}"), 400, "AccessDeniedException", "no session policy allows"},
	} {
		t.Run(c.name, func(t *testing.T) { s.callAs(c.key, c.call).is(t, c.status, c.code, c.reason) })
	}
}

// TestWebIdentity checks the holders of tokens.
func TestWebIdentity(t *testing.T) {
	s := start(t, func(files map[string]string) {
		stsFiles(files)
		files["registries.yaml"] += `- {name: cert, hosts: [cert.example.com], account: "123456789012", region: eu-north-1, sources: [mtls, session]}
`
		files["principals.yaml"] = strings.Replace(files["principals.yaml"], "credentials:", `- {name: named, issuer: "https://named.example.com", jwks: jwks/ci.json, session: job, claims: {sub: "good"}}
- {name: limited, issuer: "https://limited.example.com", jwks: jwks/ci.json, sessionPolicies: [login]}
credentials:`, 1)
		files["trust/ci.json"] = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":["arn:aws:iam::123456789012:oidc-provider/ci.example.com","arn:aws:iam::123456789012:oidc-provider/named.example.com","arn:aws:iam::123456789012:oidc-provider/limited.example.com"]},"Action":"sts:AssumeRoleWithWebIdentity"}}`
	})
	of := func(token string, parameters ...string) apiCall {
		return stsCall("AssumeRoleWithWebIdentity", append([]string{"RoleArn", roleARN + "ci", "RoleSessionName", "build", "WebIdentityToken", token}, parameters...)...)
	}
	at := func(host string, c apiCall) apiCall { c.host = host; return c }
	named := map[string]any{"iss": "https://named.example.com", "sub": "good"}
	limited := map[string]any{"iss": "https://limited.example.com"}
	const policy = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	for _, c := range []struct {
		name   string
		call   apiCall
		status int
		code   string
		reason string
		arn    string
	}{
		{"a token", of(s.ciToken(nil)), 200, "", "", ciARN},
		{"a token, for two hours", of(s.ciToken(nil), "DurationSeconds", "7200"), 200, "", "", ciARN},
		{"a name that the operator gives", of(s.ciToken(named)), 200, "", "", "arn:aws:sts::123456789012:assumed-role/ci/job"},
		{"session policies that the operator gives", of(s.ciToken(limited)), 200, "", "", ciARN},

		{"a session policy in addition to the operator's", of(s.ciToken(limited), "Policy", policy), 400, "ValidationError", "others cannot be added", ""},
		{"a managed policy in addition to the operator's", of(s.ciToken(limited), "PolicyArns.member.1.arn", "arn:aws:iam::123456789012:policy/pull"), 400, "ValidationError", "others cannot be added", ""},
		{"an expired token", of(s.ciToken(map[string]any{"exp": time.Now().Add(-time.Hour).Unix()})), 400, "ExpiredTokenException", "the token expired", ""},
		{"a future token", of(s.ciToken(map[string]any{"nbf": time.Now().Add(time.Hour).Unix()})), 400, "InvalidIdentityToken", "", ""},
		{"a token for another audience", of(s.ciToken(map[string]any{"aud": "other"})), 400, "InvalidIdentityToken", "", ""},
		{"a token of another issuer", of(s.ciToken(map[string]any{"iss": "https://other.example.com"})), 400, "InvalidIdentityToken", "not accepted", ""},
		{"a token with another key", of(oidctest.NewSigner("other").Token(t, map[string]any{"iss": "https://ci.example.com", "aud": "registry.example.com", "sub": "x", "exp": time.Now().Add(time.Hour).Unix()})), 400, "InvalidIdentityToken", "", ""},
		{"a token that is none", of("none"), 400, "InvalidIdentityToken", "", ""},
		{"a claim that the operator does not accept", of(s.ciToken(map[string]any{"iss": "https://named.example.com", "sub": "bad"})), 403, "IDPRejectedClaim", "", ""},
		{"a role that does not trust the issuer", stsCall("AssumeRoleWithWebIdentity", "RoleArn", roleARN+"deploy", "RoleSessionName", "build", "WebIdentityToken", s.ciToken(nil)), 403, "AccessDenied", "sts:AssumeRoleWithWebIdentity on resource: " + roleARN + "deploy", ""},
		{"a role that does not exist", stsCall("AssumeRoleWithWebIdentity", "RoleArn", roleARN+"missing", "RoleSessionName", "build", "WebIdentityToken", s.ciToken(nil)), 403, "AccessDenied", "sts:AssumeRoleWithWebIdentity on resource: " + roleARN + "missing", ""},
		{"no token", stsCall("AssumeRoleWithWebIdentity", "RoleArn", roleARN+"ci", "RoleSessionName", "build"), 400, "ValidationError", "webIdentityToken", ""},
		{"longer than the role's maximum", of(s.ciToken(nil), "DurationSeconds", "7201"), 400, "ValidationError", "MaxSessionDuration", ""},
		{"a provider id", of(s.ciToken(nil), "ProviderId", "www.amazon.com"), 400, "ValidationError", "ProviderId", ""},
		{"tags, which only the token passes", of(s.ciToken(nil), "Tags.member.1.Key", "a", "Tags.member.1.Value", "b"), 400, "ValidationError", "not supported", ""},
		{"a session token of the registry", of(s.get(main, basicHeader("alice", "alice-secret")).Token), 400, "InvalidIdentityToken", "", ""},
		{"another registry", at("other.example.com", of(s.ciToken(nil))), 400, "InvalidIdentityToken", "the token is for", ""},
		{"a registry that accepts no tokens", at("cert.example.com", of(s.ciToken(nil))), 400, "ValidationError", "does not accept credentials of the source bearer", ""},
		{"a host of no registry", at("sts.example.com", of(s.ciToken(nil))), 400, "ValidationError", "several registries could be meant", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			clear(s.outcomes)
			a := s.callAs(nil, c.call).is(t, c.status, c.code, c.reason)
			outcome := map[string]Outcome{"": Issued, "AccessDenied": Denied, "ValidationError": Refused}[c.code]
			if outcome == "" {
				outcome = Unauthenticated
			}
			if got := s.took(); got != outcome {
				t.Errorf("the outcome is %s, want %s", got, outcome)
			}
			if c.arn == "" {
				return
			}
			if a.STS.AssumedRoleUser.Arn != c.arn || a.STS.Audience != "registry.example.com" || a.STS.Subject == "" || a.STS.Provider == "" {
				t.Errorf("the answer is %s", a.body)
			}
			if got := s.callAs(a.key(), stsCall("GetCallerIdentity")).works(t); got.STS.Arn != c.arn {
				t.Errorf("the caller is %s", got.body)
			}
		})
	}
}

// TestDecodeAuthorizationMessage checks who can read a message.
func TestDecodeAuthorizationMessage(t *testing.T) {
	s := start(t, stsFiles)
	call := stsCall("DecodeAuthorizationMessage", "EncodedMessage", "message")
	s.callAs(bobKey, call).is(t, 403, "AccessDenied", "sts:DecodeAuthorizationMessage on resource: *")
	s.callAs(aliceKey, call).is(t, 400, "InvalidAuthorizationMessageException", "extauthz decode")
	s.callAs(aliceKey, stsCall("DecodeAuthorizationMessage")).is(t, 400, "ValidationError", "encodedMessage")

	text, err := os.ReadFile("../denialmessage/testdata/key.txt")
	if err != nil {
		t.Fatal(err)
	}
	keys, err := denialmessage.ParseKeys("key.txt", text)
	if err != nil {
		t.Fatal(err)
	}
	if text, err = os.ReadFile("../denialmessage/testdata/recipients.txt"); err != nil {
		t.Fatal(err)
	}
	recipients, err := denialmessage.ParseRecipients("recipients.txt", text)
	if err != nil {
		t.Fatal(err)
	}
	reads := startWith(t, stsFiles, func(message string) ([]byte, error) {
		m, err := denialmessage.Decode(message, keys)
		if err != nil {
			return nil, err
		}
		return m.JSON()
	})
	reads.checker.Messages = denialmessage.NewEncoder(recipients)
	denied := reads.callAs(bobKey, ecrCall("GetAuthorizationToken", "{}")).is(t, 400, "AccessDeniedException", denialmessage.Sentence)
	_, message, _ := strings.Cut(denied.Message, denialmessage.Sentence)
	decoded := reads.callAs(aliceKey, stsCall("DecodeAuthorizationMessage", "EncodedMessage", message)).works(t).STS.DecodedMessage
	for _, part := range []string{`"allowed": false`, `"action": "ecr:GetAuthorizationToken"`, `"arn": "arn:aws:iam::123456789012:user/bob"`, reads.results[0].ID} {
		if !strings.Contains(decoded, part) {
			t.Errorf("the message is %s, want %s", decoded, part)
		}
	}
	reads.callAs(bobKey, stsCall("DecodeAuthorizationMessage", "EncodedMessage", message)).is(t, 403, "AccessDenied", "sts:DecodeAuthorizationMessage")
	reads.callAs(aliceKey, stsCall("DecodeAuthorizationMessage", "EncodedMessage", message[1:])).is(t, 400, "InvalidAuthorizationMessageException", "")
}

// TestInvalidCalls checks calls that no one may send.
func TestInvalidCalls(t *testing.T) {
	s := start(t, stsFiles)
	who := stsCall("GetCallerIdentity")
	expired := *aliceKey
	with := func(c apiCall, change func(*apiCall)) apiCall { change(&c); return c }
	for _, c := range []struct {
		name   string
		key    *key
		call   apiCall
		status int
		code   string
		reason string
	}{
		{"unsigned", nil, who, 403, "MissingAuthenticationToken", ""},
		{"an unknown key", &key{ID: "AKIAIOSFODNN7UNKNOWN", Secret: aliceKey.Secret}, who, 403, "InvalidClientTokenId", "invalid"},
		{"another secret", &key{ID: aliceKey.ID, Secret: bobKey.Secret}, who, 403, "SignatureDoesNotMatch", "does not match"},
		{"a session token of another key", &key{aliceKey.ID, aliceKey.Secret, s.ci().Token}, who, 403, "InvalidClientTokenId", "invalid"},
		{"an old signature", &expired, with(who, func(c *apiCall) { c.at = time.Now().Add(-16 * time.Minute) }), 403, "SignatureDoesNotMatch", "Signature expired"},
		{"a future signature", &expired, with(who, func(c *apiCall) { c.at = time.Now().Add(16 * time.Minute) }), 403, "SignatureDoesNotMatch", "not yet current"},
		{"another service", aliceKey, with(who, func(c *apiCall) { c.service = "s3" }), 403, "SignatureDoesNotMatch", "scoped to correct service"},
		{"another body", aliceKey, with(who, func(c *apiCall) {
			c.change = func(r *http.Request) { setBody(r, stsCall("GetSessionToken").body) }
		}), 403, "SignatureDoesNotMatch", "does not match"},
		{"a header that is not signed", aliceKey, with(who, func(c *apiCall) {
			c.change = func(r *http.Request) { r.Header.Set("X-Amz-Target", "x") }
		}), 400, "IncompleteSignature", "must cover"},
		{"no header of Envoy", aliceKey, with(who, func(c *apiCall) {
			c.change = func(r *http.Request) { r.Header.Del("X-Forwarded-For") }
		}), 403, "AccessDenied", "Envoy"},
		{"an unknown action", aliceKey, stsCall("AssumeRoot"), 400, "InvalidAction", ""},
		{"another version", aliceKey, with(who, func(c *apiCall) { c.body = "Action=GetCallerIdentity&Version=2011-06-16" }), 400, "InvalidAction", "version"},
		{"a repeated parameter", aliceKey, with(who, func(c *apiCall) { c.body += "&Action=GetSessionToken" }), 400, "MalformedInput", "repeated"},
		{"a form that is none", aliceKey, with(who, func(c *apiCall) { c.body = "%zz" }), 400, "MalformedInput", ""},
		{"a body that is too large", aliceKey, with(who, func(c *apiCall) { c.body += "&x=" + strings.Repeat("x", 33<<10) }), 413, "RequestEntityTooLarge", ""},
		{"a list with a gap", aliceKey, stsCall("AssumeRole", "RoleArn", roleARN+"deploy", "RoleSessionName", "x1", "Tags.member.2.Key", "a", "Tags.member.2.Value", "b"), 400, "MalformedInput", "numbered"},
		{"too many tags", aliceKey, stsCall("GetFederationToken", append([]string{"Name", "carol"}, manyTags(51)...)...), 400, "ValidationError", "less than or equal to 50"},
		{"tags that do not fit into a token", aliceKey, stsCall("GetFederationToken", append([]string{"Name", "carol"}, manyTags(50)...)...), 400, "PackedPolicyTooLarge", ""},
		{"another content type", aliceKey, with(who, func(c *apiCall) { c.contentType = "text/plain" }), 400, "UnknownOperationException", ""},
	} {
		t.Run(c.name, func(t *testing.T) { s.callAs(c.key, c.call).is(t, c.status, c.code, c.reason) })
	}
	s.callAs(aliceKey, who).works(t)
	if strings.Contains(s.log.String(), aliceKey.Secret) {
		t.Error("the log has a secret")
	}
}

// TestNoKey checks that nothing is issued without a session key, and what needs none.
func TestNoKey(t *testing.T) {
	s := start(t, stsFiles)
	files, err := filepath.Glob(filepath.Join(s.keyDir, "*.pem"))
	if err != nil || len(files) != 1 {
		t.Fatalf("keys %v, %v", files, err)
	}
	before := s.ci()
	if err := errors.Join(os.Remove(files[0]), s.keys.Reload()); err != nil {
		t.Fatal(err)
	}
	s.callAs(aliceKey, stsCall("GetSessionToken")).is(t, 503, "ServiceUnavailable", "no session key signs at this time")
	if r := s.last(); r.Decision != authz.Unavailable503 {
		t.Errorf("logged %v", r.Decision)
	}
	s.callAs(aliceKey, ecrCall("GetAuthorizationToken", "{}")).is(t, 503, "ServerException", "no session key signs at this time")
	s.callAs(before, stsCall("GetCallerIdentity")).is(t, 403, "InvalidClientTokenId", "")
	s.callAs(aliceKey, stsCall("GetCallerIdentity")).works(t)
}

// TestExpiredCredentials checks calls with temporary credentials that have ended or begin later, and
// that others are still accepted.
func TestExpiredCredentials(t *testing.T) {
	s := start(t, stsFiles)
	caller, err := s.store.Snapshot().CallerNamed(ciARN)
	if err != nil {
		t.Fatal(err)
	}
	sealed := func(begin time.Time) *key {
		t.Helper()
		identity := caller.IssuedAt(begin)
		c, err := s.store.Snapshot().Callers.NewCredentials(session.AssumeRole, &identity, begin.Add(15*time.Minute), begin)
		if err != nil {
			t.Fatal(err)
		}
		return &key{c.AccessKeyID, c.SecretAccessKey, c.SessionToken}
	}
	ended, later := sealed(time.Now().Add(-17*time.Minute)), sealed(time.Now().Add(10*time.Minute))
	s.callAs(ended, stsCall("GetCallerIdentity")).is(t, 403, "ExpiredToken", "The security token included in the request is expired")
	s.callAs(ended, ecrCall("GetAuthorizationToken", "{}")).is(t, 400, "ExpiredTokenException", "The security token included in the request is expired")
	s.callAs(later, stsCall("GetCallerIdentity")).is(t, 403, "InvalidClientTokenId", "")
	s.callAs(later, ecrCall("GetAuthorizationToken", "{}")).is(t, 400, "UnrecognizedClientException", "")
	s.callAs(sealed(time.Now()), ecrCall("GetAuthorizationToken", "{}")).works(t)
}

// TestRemovedPolicy checks that a session ends with a managed policy that limits it.
func TestRemovedPolicy(t *testing.T) {
	s := start(t, func(files map[string]string) {
		stsFiles(files)
		files["managed/limit.json"] = pullPolicy
	})
	limited := s.callAs(aliceKey, stsCall("AssumeRole", "RoleArn", roleARN+"deploy", "RoleSessionName", "x1", "PolicyArns.member.1.arn", "arn:aws:iam::123456789012:policy/limit")).works(t).key()
	s.callAs(limited, ecrCall("GetAuthorizationToken", "{}")).works(t)
	if err := errors.Join(os.Remove(filepath.Join(s.dir, "managed", "limit.json")), s.store.Reload()); err != nil {
		t.Fatal(err)
	}
	s.callAs(limited, ecrCall("GetAuthorizationToken", "{}")).is(t, 400, "UnrecognizedClientException", "")
}

// TestManyCalls checks that calls beyond the limit are refused at once, and that nothing is lost
// afterwards.
func TestManyCalls(t *testing.T) {
	s := start(t, stsFiles)
	release := make(chan struct{})
	var running, overloaded atomic.Int64
	server := httptest.NewServer(newPatient(Options{
		SignIn: s.checker.SignIn, CallECR: s.checker.CallECR, Keys: s.keys.Keys,
		CallSTS: func(ctx context.Context, call *authz.STSCall) (*authz.STSAnswer, *authz.Result, error) {
			running.Add(1)
			<-release
			return s.checker.CallSTS(ctx, call)
		},
		Observe: func(o Outcome) {
			if o == Overloaded {
				overloaded.Add(1)
			}
		},
	}))
	defer server.Close()
	s.url = server.URL
	var senders sync.WaitGroup
	var refused, answered atomic.Int64
	for range maxCalls + maxWaiting + 3 {
		senders.Go(func() {
			switch a := s.callAs(aliceKey, stsCall("GetCallerIdentity")); a.Code {
			case "Throttling":
				refused.Add(1)
			case "":
				answered.Add(1)
			}
		})
	}
	for end := time.Now().Add(time.Minute); running.Load() < maxCalls || overloaded.Load() < 3; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d run, %d overloaded", running.Load(), overloaded.Load())
		}
	}
	if a := s.get(main, basicHeader("alice", "alice-secret")); a.status != http.StatusOK {
		t.Errorf("the token endpoint meanwhile: status %d", a.status)
	}
	close(release)
	senders.Wait()
	if refused.Load() != 3 || answered.Load() != maxCalls+maxWaiting {
		t.Errorf("%d refused, %d answered", refused.Load(), answered.Load())
	}
}
