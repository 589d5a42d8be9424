package policystore

import (
	"strings"
	"testing"

	"extauthz/diag"
)

// TestPrincipalsRefused checks the position and the remedy of faults in principals.yaml and
// in the files that it refers to.
func TestPrincipalsRefused(t *testing.T) {
	good := whole(t, newSigner(t))
	edit := func(path, old, new string) map[string]string {
		if !strings.Contains(good[path], old) {
			t.Fatalf("%s does not contain %q", path, old)
		}
		return map[string]string{path: strings.Replace(good[path], old, new, 1)}
	}
	in := func(old, new string) map[string]string { return edit("principals.yaml", old, new) }
	for _, c := range []struct {
		name   string
		change map[string]string
		want   string
	}{
		// Mappings.
		{"capture that is not closed", in("sa/{name}", "sa/{name"), "principals.yaml:21:3: …has a { that does not begin a {name}"},
		{"a brace that is not doubled", in("sa/{name}\"", "sa/{name}}\""), "principals.yaml:21:3: …has a } without {; write }} for a literal }"},
		{"a UUID in braces", in("- dns: build.example.com", "- header: \"{11111111-2222}\""), "principals.yaml:27:3: …double a literal brace: {{ or }}"},
		{"a tag whose value has a brace", in(`serviceaccount: "{name}"`, `serviceaccount: "{{{name}}}"`), "principals.yaml:21:3: …has characters other than letters"},
		{"a source of a user", in("- basic: alice\n", "- basic: alice\n  sourceArn: arn:aws:lambda:us-east-1:123456789012:function:f\n"), "principals.yaml:19:3: …sourceArn and sourceAccount are allowed only for an AWS service principal; remove them"},
		{"captures side by side", in("ns/{namespace}/sa/{name}", "ns/{namespace}{name}"), "principals.yaml:21:3: …has nothing that separates {namespace} and {name}"},
		{"capture twice", in("sa/{name}\"", "sa/{namespace}\""), "principals.yaml:21:3: …captures {namespace} twice"},
		{"template with a capture that does not exist", in("assumed-role/{namespace}/pod", "assumed-role/{ns}/pod"), "principals.yaml:21:3: …uses {ns}, which is not captured; use one of {namespace}, {name}"},
		{"two captures in one segment", in("assumed-role/{namespace}/pod", "assumed-role/ci/{namespace}-{name}"), "principals.yaml:21:3: …has two captures in one segment"},
		{"tag with a capture that does not exist", in(`serviceaccount: "{name}"`, `serviceaccount: "{account}"`), "principals.yaml:21:3: …uses {account}, which is not captured"},
		{"overlap", in("- dns: build", "- uri: \"spiffe://cluster.local/ns/prod/sa/{x}\"\n  principal: arn:aws:iam::123456789012:user/dev/alice\n- dns: build"), "principals.yaml:27:3: …overlap: a name can match both"},
		{"name bound twice", in("- subject: CN=root", "- dns: build.example.com"), `principals.yaml:29:3: dns "build.example.com" is bound twice`},
		{"role that does not exist", in("assumed-role/ci/{project}", "assumed-role/cd/{project}"), `principals.yaml:37:3: role "cd" of account 123456789012 is not among the principals`},
		{"user that does not exist", in("user/dev/alice\n- uri", "user/alice\n- uri"), `user "arn:aws:iam::123456789012:user/alice" is not among the principals`},
		{"a federated user without the user who federates", in("  federatedBy: arn:aws:iam::123456789012:user/dev/alice\n", ""), "principals.yaml:33:3: …write the user who federates it in federatedBy"},
		{"federated by a user who does not exist", in("federatedBy: arn:aws:iam::123456789012:user/dev/alice", "federatedBy: arn:aws:iam::123456789012:user/bob"), "principals.yaml:33:3: …is not among the principals; add it there"},
		{"two names", in("- dns: build", "- header: x\n  dns: build"), "principals.yaml:27:3: the credential has both dns and header; keep one"},
		{"a name and a token", in("- token: lab", "- token: lab\n  basic: alice"), "principals.yaml:37:3: the credential has both basic and token; keep one"},
		{"claims without a token", in("- dns: build.example.com", "- dns: build.example.com\n  claims: {sub: a}"), "principals.yaml:27:3: …only a token has an issuer and claims"},
		{"token without claims", in("  claims: {sub: \"project_path:acme/{project}:ref_type:branch:ref:main\"}\n", ""), "principals.yaml:37:3: …is identified by its claims; write at least one"},
		{"token of an unknown issuer", in("- token: lab", "- token: hub"), "principals.yaml:37:3: …issuer \"hub\" is not among the issuers"},
		{"token of an issuer with a role", in("- token: lab", "- token: ci"), "principals.yaml:37:3: …has a role, which all its tokens assume"},
		{"reserved tag", in("serviceaccount:", "aws:x:"), "principals.yaml:21:3: …begins with aws:, which is reserved"},
		{"session policy that does not exist", in("sourceIdentity: \"{name}\"\n  sessionPolicies: [pull]", "sourceIdentity: \"{name}\"\n  sessionPolicies: [pull, none]"), `principals.yaml:26:27: policy "none" does not exist; add managed/none.json`},
		{"session policy of another account", in("[arn:aws:iam::123456789012:policy/pull]", "[arn:aws:iam::999999999999:policy/pull]"), "principals.yaml:36:21: policy"},
		{"session tags of a user", in("- basic: alice\n", "- basic: alice\n  tags: {a: b}\n"), "principals.yaml:19:3: …has no session that could have tags"},
		{"unknown key of a credential", in("sourceIdentity:", "sourceidentity:"), `principals.yaml:25:3: unknown key "sourceidentity"; did you mean "sourceIdentity"?`},
		// Issuers.
		{"issuer without name", in("name: ci\n", "metadata: x\n"), "principals.yaml:2:3: the issuer has no name; add name, which credentials refer to"},
		{"issuer twice", in("name: lab", "name: ci"), `principals.yaml:11:3: issuer "ci" is listed twice`},
		{"issuer's URL twice", in("issuer: https://lab.", "issuer: https://ci."), "principals.yaml:11:3: issuers \"ci\" and \"lab\" have the same issuer URL; remove one"},
		{"issuer without URL", in("issuer: https://lab.example.com\n", "provider: lab\n"), `principals.yaml:11:3: issuer is not the URL of an issuer; write the iss of its tokens, such as https://token.actions.githubusercontent.com, without user, query and fragment`},
		{"http issuer", in("issuer: https://lab", "issuer: http://lab"), `principals.yaml:12:11: issuer "http://lab.example.com" does not use https; write a URL that begins with https://`},
		{"issuer with a password", in("issuer: https://lab", "issuer: https://u:s3cret@lab"), `principals.yaml:12:11: issuer is not the URL of an issuer; write the iss of its tokens, such as https://token.actions.githubusercontent.com, without user, query and fragment`},
		{"http keys", in("jwks: https://", "jwks: http://"), `principals.yaml:13:9: jwks: "http://lab.example.com/keys" does not use https`},
		{"keys at a URL with a password", in("jwks: https://", "jwks: https://u:s3cret@"), "principals.yaml:13:9: jwks is not a valid URL; write the https URL of a key set, without user and password"},
		{"keys from a file URL", in("jwks: https://lab.example.com/keys", "jwks: file:///etc/keys"), "principals.yaml:13:9: jwks: "},
		{"key file that does not exist", in("jwks: jwks/ci.json", "jwks: jwks/cd.json"), `principals.yaml:4:9: jwks "jwks/cd.json" does not exist; add the file jwks/NAME.json, or write an https URL`},
		{"key file elsewhere", in("jwks: jwks/ci.json", "jwks: /etc/passwd"), `principals.yaml:4:9: jwks "/etc/passwd" does not exist; add the file jwks/NAME.json, or write an https URL`},
		{"key file that is another file", in("jwks: jwks/ci.json", "jwks: trust/ci.json"), `principals.yaml:4:9: jwks "trust/ci.json" does not exist; add the file jwks/NAME.json, or write an https URL`},
		{"keys that are not JSON", map[string]string{"jwks/ci.json": "hello"}, "jwks/ci.json:1:1: "},
		{"empty key file", map[string]string{"jwks/ci.json": "\n"}, "jwks/ci.json:"},
		{"no keys", map[string]string{"jwks/ci.json": `{"keys":[]}`}, "jwks/ci.json:1:"},
		{"shared secret for a key", map[string]string{"jwks/ci.json": `{"keys":[{"kty":"oct","kid":"a","k":"s3cret"}]}`}, "jwks/ci.json:1:"},
		{"a broken key file that no issuer refers to", map[string]string{"jwks/other.json": "{"}, "jwks/other.json:1:"},
		{"authority that does not exist", in("ca: ca/lab.pem", "ca: ca/x.pem"), `principals.yaml:14:7: ca "ca/x.pem" does not exist; add the file ca/NAME.pem`},
		{"authority for a key file", in("jwks: jwks/ci.json\n", "jwks: jwks/ci.json\n  ca: ca/lab.pem\n"), "principals.yaml:5:7: ca is only for keys that are fetched from a URL; remove it"},
		{"an authority that is not PEM", map[string]string{"ca/lab.pem": "hello"}, "ca/lab.pem:1: is not a list of PEM certificates"},
		{"broken authority", map[string]string{"ca/lab.pem": "\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}, "ca/lab.pem:1: the certificate cannot be parsed"},
		{"half an authority", map[string]string{"ca/lab.pem": good["ca/lab.pem"] + "-----BEGIN CERTIFICATE-----\nAAAA\n"}, "ca/lab.pem:1: is not a list of PEM certificates"},
		{"a private key after the certificate", map[string]string{"ca/lab.pem": good["ca/lab.pem"] + "-----BEGIN PRIVATE KEY-----\nczNjcmV0\n-----END PRIVATE KEY-----\n"}, "contains a PRIVATE KEY; keep only certificates"},
		{"issuer without keys", in("  metadata: mesh\n", ""), `principals.yaml:15:3: issuer "mesh": its tokens cannot be verified`},
		{"role and credentials", in("- token: lab\n  claims: {sub: \"project_path:acme/{project}:", "- token: ci\n  claims: {sub: \"project_path:acme/{project}:"), "principals.yaml:37:3: …has a role, which all its tokens assume"},
		{"issuer's role that does not exist", in("role: arn:aws:iam::123456789012:role/team/ci\n  claims", "role: arn:aws:iam::123456789012:role/ci\n  claims"), `principals.yaml:2:3: issuer "ci": role "arn:aws:iam::123456789012:role/ci" is not among the principals`},
		{"issuer's role without a trust policy", in("  trust: ci\n", ""), `principals.yaml:2:3: issuer "ci": role "arn:aws:iam::123456789012:role/team/ci" has no trust policy`},
		{"issuer's session with a capture that does not exist", in(`session: "{repo}"`, `session: "{x}"`), `principals.yaml:7:12: issuer "ci": session: the template "{x}" uses {x}, which is not captured; use one of {owner}, {repo}`},
		{"issuer's session where nothing is captured", in("claims: {sub: \"repo:{owner}/{repo}\"}\n", "claims: {sub: x}\n"), `capture it in the name of the credential or, for a token or an issuer, in claims`},
		{"issuer's session policy that does not exist", in("sts.amazonaws.com]\n  sessionPolicies: [pull]", "sts.amazonaws.com]\n  sessionPolicies: [none]"), `principals.yaml:10:21: policy "none" does not exist`},
		{"unknown key of an issuer", in("jwks: jwks", "keys: jwks"), `principals.yaml:4:3: unknown key "keys"; fix its name, or remove it`},
		// Users and roles.
		{"boundary that does not exist", in("boundary: pull", "boundary: push"), `principals.yaml:44:13: policy "push" does not exist`},
		{"trust policy that does not exist", in("trust: ci", "trust: cd"), `principals.yaml:49:10: trust policy "cd" does not exist; add trust/cd.json`},
		{"trust policy of a user", in("boundary: pull\n", "trust: ci\n"), `principals.yaml:42:8: principal "arn:aws:iam::123456789012:user/dev/alice": only a role has a trust policy`},
		{"broken trust policy", map[string]string{"trust/ci.json": trust[:60]}, "trust/ci.json:"},
		{"identity policy as trust policy", map[string]string{"trust/ci.json": pullOnly}, "trust/ci.json:1:"},
		{"broken trust policy that no role has", map[string]string{"trust/other.json": "{}"}, "trust/other.json:1:"},
		{"too long a tag", in("team: blue", "team: "+strings.Repeat("x", 257)), "principals.yaml:45:9: …has 257 characters, and AWS allows 256"},
		{"tags that differ in case", in("{team: blue}", "{team: blue, Team: red}"), "principals.yaml:45:9: …are the same, because AWS ignores their case"},
		{"role name that is too long", in("role/team/ci\n  policies", "role/team/"+strings.Repeat("x", 65)+"\n  policies"), "principals.yaml:46:8: …has 65 characters, and IAM allows 64"},
		{"unknown key of a principal", in("boundary: pull", "limit: pull"), `principals.yaml:44:3: unknown key "limit"; fix its name, or remove it`},
		// aws:userid, in a trust policy too.
		{"a trust policy that uses ids", map[string]string{"trust/ci.json": strings.Replace(trust, `"StringLike"`, `"StringNotLike":{"aws:userid":"AIDA*"},"StringLike"`, 1)}, "trust/ci.json: uses aws:userid"},
		// Stray files.
		{"key file with another ending", map[string]string{"jwks/ci.jwks": "{}"}, "jwks/ci.jwks: not a file of a policy directory"},
		{"authority with another ending", map[string]string{"ca/lab.crt": "x"}, "ca/lab.crt: not a file of a policy directory"},
		{"trust policy in a folder", map[string]string{"trust/a/b.json": trust}, "trust/a/b.json: not a file of a policy directory"},
		{"organization that is broken", map[string]string{"organization.yaml": "id: x\n"}, `organization.yaml:1:5: id "x"`},
	} {
		t.Run(c.name, func(t *testing.T) { refuses(t, good, c.change, c.want) })
	}
}

// refuses checks that the error contains every part of want, which … separates, in a line
// for each fault, and no secret.
func refuses(t *testing.T, good, change map[string]string, want string) {
	t.Helper()
	contents := map[string]string{}
	for path, content := range good {
		contents[path] = content
	}
	for path, content := range change {
		contents[path] = content
	}
	s, err := load(t, contents)
	for part := range strings.SplitSeq(want, "…") {
		if err == nil || s != nil || !strings.Contains(err.Error(), part) {
			t.Fatalf("snapshot %v, error %v; want %q", s, err, want)
		}
	}
	if lines := strings.Count(err.Error(), "\n") + 1; lines != len(diag.Of(err)) {
		t.Errorf("%d lines for %d faults: %q", lines, len(diag.Of(err)), err)
	}
	for _, secret := range []string{"$2a$", "s3cret", "czNjcmV0"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error contains %q: %q", secret, err)
		}
	}
}
