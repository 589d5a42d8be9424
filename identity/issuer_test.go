package identity

import (
	"strings"
	"testing"

	"extauthz/iam"
	"extauthz/oidc"
)

func TestAddIssuerRefuses(t *testing.T) {
	verifier := signerAt(gitlabURL).verifier(t)
	good := Issuer{Name: "gitlab", Verifier: verifier, Metadata: "ci"}
	changed := func(change func(*Issuer)) []Issuer {
		i := Issuer{Name: "other", Verifier: signerAt("https://other.example.com").verifier(t)}
		change(&i)
		return []Issuer{good, i}
	}
	for _, c := range []struct {
		name    string
		issuers []Issuer
		want    string
	}{
		{"no name", changed(func(i *Issuer) { i.Name = "" }), "needs a name"},
		{"no verifier", changed(func(i *Issuer) { i.Verifier = nil }), "has no URL"},
		{"no URL", changed(func(i *Issuer) { i.Verifier = &oidc.Issuer{Keys: verifier.Keys} }), "has no URL"},
		{"nothing verifies", changed(func(i *Issuer) { i.Verifier = &oidc.Issuer{URL: "https://x"} }), "nothing verifies its tokens"},
		{"twice", changed(func(i *Issuer) { i.Name = "gitlab" }), `issuer "gitlab" is there twice`},
		{"one URL", changed(func(i *Issuer) { i.Verifier = verifier }), "have one URL"},
		{"one metadata key", changed(func(i *Issuer) { i.Metadata = "ci" }), `have one metadata key "ci"`},
		{"an empty foreign audience", changed(func(i *Issuer) { i.ForeignAudiences = []string{""} }), "a foreign audience is empty"},
		{"a provider with https", changed(func(i *Issuer) { i.Provider = "https://x" }), "without https://"},
		{"a claim's pattern", changed(func(i *Issuer) { i.Claims = map[string]string{"sub": "{a}{b}"} }), `claim "sub"`},
		{"a tag's claim", changed(func(i *Issuer) { i.TagClaims = map[string]string{"a": ""} }), "has no claim"},
		{"tags that differ in case", changed(func(i *Issuer) { i.TagClaims = map[string]string{"a": "b", "A": "c"} }), "are the same"},
		{"a tag of AWS's", changed(func(i *Issuer) { i.TagClaims = map[string]string{"aws:a": "b"} }), "reserved"},
		{"a session's template", changed(func(i *Issuer) { i.SessionName = "{a}" }), "which nothing captures"},
		{"a session's name of two captures", changed(func(i *Issuer) { i.Claims, i.SessionName = map[string]string{"sub": "{a}/{b}"}, "{a}-{b}" }), "has two captures, so that different names could become one"},
		{"one provider", changed(func(i *Issuer) { i.Provider = "GitLab.example.com" }), `issuers "gitlab" and "other" are one provider "gitlab.example.com"`},
		{"one host by http and https", changed(func(i *Issuer) { i.Verifier = &oidc.Issuer{URL: "http://gitlab.example.com", Keys: verifier.Keys} }), "are one provider"},
		{"a session's name of 1", changed(func(i *Issuer) { i.SessionName = "a" }), "fewer than 2"},
		{"a session's name of 65", changed(func(i *Issuer) { i.SessionName = strings.Repeat("s", 65) }), "65 characters"},
		{"a name that is no session's", changed(func(i *Issuer) { i.Name = "my issuer" }), "other characters"},
		{"a role that is not there", changed(func(i *Issuer) { i.Role = role + "ci" }), "is not among the principals"},
		{"a user", changed(func(i *Issuer) { i.Role = aliceARN }), "is not among the principals"},
		{"a role that trusts nobody", changed(func(i *Issuer) { i.Role = role + "untrusting" }), "has no trust policy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := world{entities: []Entity{{ARN: aliceARN}, {ARN: role + "untrusting"}}, issuers: c.issuers}
			if _, err := w.try(t); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// The provider is what trust policies call the issuer, whatever its URL.
func TestProvider(t *testing.T) {
	for _, c := range []struct{ url, provider, account, want string }{
		{"https://gitlab.example.com", "", role + "ci", gitlabProvider},
		{"https://id.example.com/realms/x/", "", role + "a/b/ci", "arn:aws:iam::123456789012:oidc-provider/id.example.com/realms/x/"},
		{"http://127.0.0.1:8080/x", "ci.example.com", role + "ci", "arn:aws:iam::123456789012:oidc-provider/ci.example.com"},
		{"https://gitlab.example.com", "", "arn:aws-cn:iam::999999999999:role/role/ci", "arn:aws-cn:iam::999999999999:oidc-provider/gitlab.example.com"},
		{"https://accounts.google.com", "", role + "ci", "accounts.google.com"},
		{"https://cognito-identity.amazonaws.com", "", role + "ci", "cognito-identity.amazonaws.com"},
	} {
		i, err := (&Issuer{Name: "issuer", Provider: c.provider, Verifier: &oidc.Issuer{URL: c.url}}).compile(NewEntities(nil))
		if err != nil {
			t.Fatal(err)
		}
		if got := i.providerFor(&Entity{ARN: c.account}); got != c.want {
			t.Errorf("%s: %q, want %q", c.url, got, c.want)
		}
	}
}

func TestAddEntityRefuses(t *testing.T) {
	policy := trust(t, `{"Service":"pods.eks.amazonaws.com"}`, `"sts:AssumeRole"`, "")
	session := document(t, iam.SessionPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)
	for _, c := range []struct {
		name   string
		entity Entity
		want   string
	}{
		{"no ARN", Entity{ARN: "alice"}, "is not an ARN"},
		{"a session", Entity{ARN: ciARN}, "policies attach to users and roles"},
		{"a root user", Entity{ARN: "arn:aws:iam::123456789012:root"}, "policies attach to users and roles"},
		{"a group", Entity{ARN: "arn:aws:iam::123456789012:group/x"}, "policies attach to users and roles"},
		{"a region", Entity{ARN: "arn:aws:iam:eu-central-1:123456789012:user/x"}, "policies attach to users and roles"},
		{"no account", Entity{ARN: "arn:aws:iam:::user/x"}, "12 digits"},
		{"AWS's account", Entity{ARN: "arn:aws:iam::aws:role/x"}, "12 digits"},
		{"no name", Entity{ARN: "arn:aws:iam::123456789012:user/"}, "policies attach to users and roles"},
		{"no name behind a path", Entity{ARN: "arn:aws:iam::123456789012:user/dev/"}, "has fewer than 1"},
		{"an empty segment", Entity{ARN: "arn:aws:iam::123456789012:user//x"}, "a path consists of"},
		{"a star", Entity{ARN: "arn:aws:iam::123456789012:user/*/x"}, "a path consists of"},
		{"a star as name", Entity{ARN: "arn:aws:iam::123456789012:user/*"}, "other characters"},
		{"a colon", Entity{ARN: "arn:aws:iam::123456789012:user/a:b/x"}, "a path consists of"},
		{"a role's name of 65", Entity{ARN: role + strings.Repeat("r", 65)}, "65 characters"},
		{"a user's name of 65", Entity{ARN: "arn:aws:iam::123456789012:user/" + strings.Repeat("u", 65)}, "65 characters"},
		{"twice", Entity{ARN: aliceARN}, "is there twice"},
		{"another path", Entity{ARN: "arn:aws:iam::123456789012:user/alice"}, "two paths"},
		{"another case", Entity{ARN: "arn:aws:iam::123456789012:user/dev/Alice"}, "two paths or spellings"},
		{"a user's trust policy", Entity{ARN: "arn:aws:iam::123456789012:user/x", Trust: policy}, "only a role has a trust policy"},
		{"a policy of another kind", Entity{ARN: role + "x", Trust: session}, "and no trust policy"},
		{"a user's id at a role", Entity{ARN: role + "x", ID: "AIDAEXAMPLE1"}, "the id of a role begins with AROA"},
		{"a role's id at a user", Entity{ARN: "arn:aws:iam::123456789012:user/x", ID: "AROAEXAMPLE1"}, "the id of a user begins with AIDA"},
		{"an id that is there", Entity{ARN: "arn:aws:iam::999999999999:user/x", ID: "AIDAALICE"}, `has the id of "` + aliceARN + `"`},
		{"tags", Entity{ARN: role + "x", Tags: []Tag{{"a", "b"}, {"A", "c"}}}, "are the same"},
	} {
		t.Run(c.name, func(t *testing.T) {
			entities := NewEntities(nil)
			if err := entities.Add(Entity{ARN: aliceARN, ID: "AIDAALICE"}); err != nil {
				t.Fatal(err)
			}
			if err := entities.Add(c.entity); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if c.entity.ARN != aliceARN && entities.Find(c.entity.ARN) != nil {
				t.Error("it is there all the same")
			}
		})
	}
}

func TestEntities(t *testing.T) {
	entities := NewEntities(nil)
	for _, arn := range []string{aliceARN, role + "team/ci", "arn:aws:iam::123456789012:user/ci", "arn:aws:iam::999999999999:role/ci", "arn:aws-cn:iam::123456789012:role/ci"} {
		if err := entities.Add(Entity{ARN: arn}); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ partition, account, name, want string }{
		{"aws", "123456789012", "ci", role + "team/ci"},
		{"aws", "999999999999", "ci", "arn:aws:iam::999999999999:role/ci"},
		{"aws-cn", "123456789012", "ci", "arn:aws-cn:iam::123456789012:role/ci"},
		{"aws", "123456789012", "CI", ""},
		{"aws", "123456789012", "team/ci", ""},
		{"aws", "123456789012", "alice", ""},
		{"", "123456789012", "ci", ""},
	} {
		found := entities.Role(c.partition, c.account, c.name)
		if (found == nil) != (c.want == "") || found != nil && found.ARN != c.want {
			t.Errorf("%v: %v", c, found)
		}
	}
}
