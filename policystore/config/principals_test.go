package config

import (
	"testing"

	"extauthz/diag"
)

// TestParsePrincipals checks that all faults are reported, and that what is correct is
// returned.
func TestParsePrincipals(t *testing.T) {
	const text = `issuers:
- {name: github, issuer: https://token.example.com, jwks: jwks/github.json, provider: p}
- {name: broken, issuer: "http://token.example.com?a=b", jwks: "https://u:p@h/keys"}
- {name: plain, issuer: "http://token.example.com", jwks: jwks/a.json, ca: ca/own.pem}
- {name: local, issuer: "http://127.0.0.1:8080"}
credentials:
- {basic: alice, uri: spiffe://a, principal: x}
- {principal: x}
- {dns: a.example.com, principal: x, sessionPolicies: [a, b]}
principals:
- {arn: alice, id: x, tags: {"aws:a": b}}
- arn: arn:aws:iam::123456789012:user/bob
  policies: [a]
- {arn: [x]}
groups:
- {name: "a b", members: [x, x]}
- {name: developers, members: [x]}
`
	const want = `principals.yaml:3:26: issuer is not the URL of an issuer; write the iss of its tokens, such as https://token.actions.githubusercontent.com, without user, query and fragment
principals.yaml:3:64: jwks is not a valid URL; write the https URL of a key set, without user and password
principals.yaml:4:25: issuer "http://token.example.com" does not use https; write a URL that begins with https://
principals.yaml:4:76: ca is only for keys that are fetched from a URL; remove it
principals.yaml:7:3: the credential has both basic and uri; keep one
principals.yaml:8:3: the credential has no name; write one of uri, dns, subject, token, basic, header or accessKey
principals.yaml:11:9: "alice" is not an ARN; write arn:partition:service:region:account:resource
principals.yaml:11:20: id "x" is not the unique id of a user or role; write it, such as AIDACKCEVSQ6C2EXAMPLE
principals.yaml:11:29: the key or the value of the tag "aws:a" begins with aws:, which is reserved for AWS; use another
principals.yaml:14:9: a list is given where a string is expected; write a string
principals.yaml:16:10: group name "a b" is not valid; use 1 to 128 letters, digits and +=,.@_-
principals.yaml:16:30: group "a b": member "x" is listed twice; keep one`
	all, err := ParsePrincipals([]byte(text))
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	if !all.MissesPrincipals || all.MissesIssuers || len(all.Issuers) != 4 || len(all.Credentials) != 3 || len(all.Principals) != 3 || len(all.Groups) != 2 {
		t.Fatalf("%+v", all)
	}
	if g := all.Groups; !g[0].HasFaultyName || g[1].HasFaultyName || len(g[0].Members) != 1 {
		t.Errorf("%+v", g)
	}
	if i := all.Issuers; i[0].IsIncomplete || i[1].IsIncomplete || !i[1].HasFaultyURL || !i[1].HasFaultyKeys || i[2].HasFaultyURL || i[2].IsIncomplete || i[3].IsIncomplete {
		t.Errorf("%+v", i)
	}
	if c := all.Credentials; !c[0].IsIncomplete || !c[1].IsIncomplete || c[2].IsIncomplete {
		t.Errorf("%+v", c)
	}
	if p := all.Principals[0]; !p.MissesID || p.MissesTrust || p.ID.Text != "" || p.Tags.Map != nil {
		t.Errorf("%+v", p)
	}
	if p := all.Principals[1]; p.At != (diag.Point{Line: 12, Column: 3}) || p.ARN.At != (diag.Point{Line: 12, Column: 8}) || p.Policies[0].At != (diag.Point{Line: 13, Column: 14}) {
		t.Errorf("%+v", p)
	}
	if a, b := all.Issuers[0].ProviderName(), all.Issuers[3].ProviderName(); a != "p" || b != "127.0.0.1:8080" {
		t.Errorf("providers %q and %q", a, b)
	}
	if kind, name, err := all.Credentials[2].Get(); kind != "dns" || name != "a.example.com" || err != nil {
		t.Errorf("%s %s, error %v", kind, name, err)
	}
}
