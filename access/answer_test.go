package access_test

import (
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"extauthz/access"
	"extauthz/goldentest"
	"extauthz/policystore"
	"extauthz/policystore/directory/directorytest"
)

// example is a directory with each kind of principal and of policy.
var example = map[string]string{
	"registries.yaml": `registries:
- {name: main, hosts: [h], account: "123456789012", region: eu-central-1, anonymous: true, tls: true}
- {name: plain, hosts: [p], account: "123456789012", region: eu-central-1}
- {name: other, hosts: [o], account: "999999999999", region: eu-central-1}
`,
	"jwks/keys.json": `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`,
	"principals.yaml": `issuers:
- {name: github, issuer: "https://token.actions.githubusercontent.com", jwks: jwks/keys.json, role: "arn:aws:iam::123456789012:role/ci"}
- {name: corp, issuer: "https://corp.example.com", jwks: jwks/keys.json, sessionPolicies: [session]}
credentials:
- {uri: "spiffe://x/alice", principal: "arn:aws:iam::123456789012:user/alice"}
- {header: "{name}", principal: "arn:aws:iam::123456789012:user/{name}"}
- {uri: "spiffe://x/{name}", principal: "arn:aws:sts::123456789012:assumed-role/dev/{name}"}
- {token: corp, claims: {sub: alice}, principal: "arn:aws:sts::123456789012:assumed-role/dev/alice"}
principals:
- {arn: "arn:aws:iam::123456789012:user/alice", policies: [developer], tags: {team: app}}
- {arn: "arn:aws:iam::123456789012:user/bob", policies: [developer], boundary: office}
- {arn: "arn:aws:iam::999999999999:user/carol", policies: [developer]}
- {arn: "arn:aws:iam::123456789012:role/ci", policies: [developer], trust: github}
- {arn: "arn:aws:iam::123456789012:role/dev", policies: [developer]}
- {arn: "arn:aws:iam::123456789012:role/admin", policies: [admin], trust: dev}
- {arn: "arn:aws:iam::123456789012:role/unused"}
`,
	"managed/developer.json": `{"Version":"2012-10-17","Statement":[
 {"Sid":"Login","Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"},
 {"Sid":"Team","Effect":"Allow","Action":["ecr:BatchGetImage","ecr:PutImage"],"Resource":"arn:aws:ecr:*:123456789012:repository/${aws:PrincipalTag/team}/*"}]}`,
	"managed/admin.json": `{"Version":"2012-10-17","Statement":[
 {"Effect":"Allow","Action":"ecr:*","Resource":"*"},
 {"Effect":"Deny","Action":"*","Resource":"arn:aws:ecr:*:*:repository/secret/*"},
 {"Effect":"Deny","Action":"ecr:*","Resource":"*","Condition":{"NumericGreaterThan":{"aws:EpochTime":"1900000000"}}}]}`,
	"managed/office.json":  `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","192.0.2.0/24"]}}}}`,
	"managed/session.json": `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["ecr:BatchGet*","sts:AssumeRole"],"Resource":"*"}}`,
	"trust/github.json": `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"},
 "Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringLike":{"token.actions.githubusercontent.com:sub":"repo:example/app:*"}}}}`,
	"trust/dev.json": `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/dev"},"Action":"sts:AssumeRole"}}`,
	"accounts/123456789012/eu-central-1/repositories/app/web/_policy.json": `{"Version":"2012-10-17","Statement":[
 {"Sid":"Other accounts","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::999999999999:user/carol","222222222222","arn:aws:iam::999999999999:role/remote"]},"Action":"ecr:BatchGetImage"},
 {"Sid":"Replication","Effect":"Allow","Principal":{"Service":"replication.ecr.amazonaws.com"},"Action":"ecr:BatchGetImage","Condition":{"StringEquals":{"aws:SourceAccount":"123456789012"}}},
 {"Sid":"Build","Effect":"Allow","Principal":{"AWS":["arn:aws:sts::123456789012:assumed-role/dev/build","arn:aws:iam::123456789012:user/gone"]},"Action":"ecr:BatchGetImage"},
 {"Sid":"NotPlain","Effect":"Deny","Principal":"*","Action":"ecr:*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`,
	"accounts/123456789012/eu-central-1/repositories/public/_policy.json":  `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"ecr:BatchGetImage"}}`,
	"accounts/123456789012/eu-central-1/repositories/app/old/_policy.json": `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"ecr:PutImage"}}`,
}

func loadExample(t *testing.T) (*policystore.Snapshot, *access.Directory) {
	t.Helper()
	root := t.TempDir()
	directorytest.Write(t, root, example)
	s, err := policystore.LoadDocuments(root)
	if err != nil {
		t.Fatal(err)
	}
	d, err := access.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return s, d
}

// TestText compares answers with golden files.
func TestText(t *testing.T) {
	s, d := loadExample(t)
	var text strings.Builder
	for _, q := range []struct{ registry, action, resource string }{
		{"main", "ecr:BatchGetImage", prefix + "app/web"}, {"plain", "ecr:BatchGetImage", prefix + "app/web"}, {"main", "ecr:PutImage", prefix + "app/old"},
		{"main", "ecr:BatchGetImage", prefix + "public"}, {"main", "ecr:GetAuthorizationToken", "*"}, {"other", "ecr:CreateRepository", "arn:aws:ecr:eu-central-1:999999999999:repository/x"},
	} {
		if err := d.WhoCan(s.RegistryNamed(q.registry), q.action, q.resource).WriteText(&text); err != nil {
			t.Fatal(err)
		}
		text.WriteString("\n")
	}
	goldentest.Compare(t, "testdata/who-can.txt", text.String())
	text.Reset()
	for _, principal := range []string{
		"arn:aws:iam::123456789012:user/alice", "arn:aws:iam::123456789012:user/bob", "arn:aws:iam::999999999999:user/carol", "arn:aws:iam::123456789012:role/ci",
		"arn:aws:iam::123456789012:role/admin", "arn:aws:sts::123456789012:assumed-role/dev/some", "arn:aws:iam::123456789012:role/unused", "anonymous",
	} {
		w, err := d.WhatCan(s.RegistryNamed("main"), principal)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.WriteText(&text); err != nil {
			t.Fatal(err)
		}
		text.WriteString("\n")
	}
	goldentest.Compare(t, "testdata/what-can.txt", text.String())
}

// TestFormats checks that JSON and CSV have the grants of an answer.
func TestFormats(t *testing.T) {
	s, d := loadExample(t)
	w := d.WhoCan(s.RegistryNamed("main"), "ecr:BatchGetImage", prefix+"app/web")
	var text strings.Builder
	if err := w.WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	var read access.WhoCan
	if err := json.Unmarshal([]byte(text.String()), &read); err != nil || len(read.Grants) != len(w.Grants) || len(w.Grants) < 8 {
		t.Fatalf("%d grants, want %d: %v", len(read.Grants), len(w.Grants), err)
	}
	text.Reset()
	if err := w.WriteCSV(&text); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(text.String())).ReadAll()
	if err != nil || len(rows) != len(w.Grants)+1 {
		t.Fatalf("%d rows for %d grants: %v", len(rows), len(w.Grants), err)
	}
	for i, g := range read.Grants {
		if rows[i+1][1] != g.Principal || rows[i+1][6] != string(g.Access) {
			t.Errorf("row %q, want %s: %s", rows[i+1], g.Principal, g.Access)
		}
	}
}

// TestUnknownPrincipal checks that a misspelled principal is an error with a suggestion.
func TestUnknownPrincipal(t *testing.T) {
	s, d := loadExample(t)
	const alice = `; did you mean "arn:aws:iam::123456789012:user/alice"?`
	for name, want := range map[string]string{
		"arn:aws:iam::123456789012:user/alicia": alice,
		"alice":                                 alice,
		"bo":                                    `principal "bo" is not in the directory; write `,
	} {
		if _, err := d.WhatCan(s.RegistryNamed("main"), name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", name, err, want)
		}
	}
}

// TestEveryPrincipalIsAsked checks that a service of no credential, and a principal that is not
// in the directory, are listed if a policy names them.
func TestEveryPrincipalIsAsked(t *testing.T) {
	s, d := loadExample(t)
	w := d.WhoCan(s.RegistryNamed("main"), "ecr:BatchGetImage", prefix+"app/web")
	for _, want := range []string{"replication.ecr.amazonaws.com", "arn:aws:iam::123456789012:user/gone", "arn:aws:iam::222222222222:root", "arn:aws:iam::999999999999:role/remote"} {
		if !slices.ContainsFunc(w.Grants, func(g access.Grant) bool { return g.Principal == want && len(g.Credentials) == 0 }) {
			t.Errorf("%s is not listed", want)
		}
	}
}
