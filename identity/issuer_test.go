package identity

import (
	"strings"
	"testing"

	"extauthz/diag"
	"extauthz/identity/oidc"
	"extauthz/identity/sts"
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
		{"no name", changed(func(i *Issuer) { i.Name = "" }), "the issuer has no name; add name, which credentials refer to"},
		{"no verifier", changed(func(i *Issuer) { i.Verifier = nil }), "has no URL"},
		{"no URL", changed(func(i *Issuer) { i.Verifier = &oidc.Verifier{Keys: verifier.Keys} }), "has no URL"},
		{"nothing verifies", changed(func(i *Issuer) { i.Verifier = &oidc.Verifier{URL: "https://x"} }), "its tokens cannot be verified"},
		{"twice", changed(func(i *Issuer) { i.Name = "gitlab" }), `issuer "gitlab" is listed twice`},
		{"one URL", changed(func(i *Issuer) { i.Verifier = verifier }), "have the same issuer URL; remove one"},
		{"one metadata key", changed(func(i *Issuer) { i.Metadata = "ci" }), `have the same metadata key "ci"`},
		{"an empty foreign audience", changed(func(i *Issuer) { i.ForeignAudiences = []string{""} }), "a foreign audience is empty"},
		{"a provider with https", changed(func(i *Issuer) { i.Provider = "https://x" }), "without https://"},
		{"a claim's pattern", changed(func(i *Issuer) { i.Claims = map[string]string{"sub": "{a}{b}"} }), `claim "sub"`},
		{"a tag's claim", changed(func(i *Issuer) { i.TagClaims = map[string]string{"a": ""} }), "has no claim"},
		{"tags that differ in case", changed(func(i *Issuer) { i.TagClaims = map[string]string{"a": "b", "A": "c"} }), "are the same"},
		{"a tag of AWS's", changed(func(i *Issuer) { i.TagClaims = map[string]string{"aws:a": "b"} }), "reserved"},
		{"a session's template", changed(func(i *Issuer) { i.SessionName = "{a}" }), "which is not captured"},
		{"a session's name of two captures", changed(func(i *Issuer) { i.Claims, i.SessionName = map[string]string{"sub": "{a}/{b}"}, "{a}-{b}" }), "has two captures, so that different names could become one"},
		{"one provider", changed(func(i *Issuer) { i.Provider = "GitLab.example.com" }), `issuers "gitlab" and "other" are one provider "gitlab.example.com"`},
		{"one host by http and https", changed(func(i *Issuer) { i.Verifier = &oidc.Verifier{URL: "http://gitlab.example.com", Keys: verifier.Keys} }), "are one provider"},
		{"a session's name of 1", changed(func(i *Issuer) { i.SessionName = "a" }), "fewer than 2"},
		{"a session's name of 65", changed(func(i *Issuer) { i.SessionName = strings.Repeat("s", 65) }), "65 characters"},
		{"a name that is not valid for a session", changed(func(i *Issuer) { i.Name = "my issuer" }), "characters other than"},
		{"a role that does not exist", changed(func(i *Issuer) { i.Role = role + "ci" }), "is not among the principals"},
		{"a user", changed(func(i *Issuer) { i.Role = aliceARN }), "is not among the principals"},
		{"a role without a trust policy", changed(func(i *Issuer) { i.Role = role + "untrusting" }), "has no trust policy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := principals{entities: []sts.Entity{{ARN: aliceARN}, {ARN: role + "untrusting"}}, issuers: c.issuers}
			if _, err := w.try(t); err == nil || !strings.Contains(err.Error(), c.want) || diag.Of(err)[0].Remedy == "" {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// TestProvider checks that the provider in trust policies can differ from the URL.
func TestProvider(t *testing.T) {
	for _, c := range []struct{ url, provider, want string }{
		{"https://gitlab.example.com", "", "gitlab.example.com"},
		{"https://id.example.com/realms/x/", "", "id.example.com/realms/x/"},
		{"http://127.0.0.1:8080/x", "ci.example.com", "ci.example.com"},
	} {
		i, err := (&Issuer{Name: "issuer", Provider: c.provider, Verifier: &oidc.Verifier{URL: c.url}}).compile(sts.NewEntities(nil, nil))
		if err != nil {
			t.Fatal(err)
		}
		if got := i.provider.URL; got != c.want {
			t.Errorf("%s: %q, want %q", c.url, got, c.want)
		}
	}
}
