package replay

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"extauthz/authz"
	"extauthz/decision"
	"extauthz/decisionlog"
	_ "extauthz/goldentest" // accept -update
	"extauthz/mapping"
	"extauthz/policystore"
	"extauthz/policystore/directory/directorytest"
)

// conditions are the conditions of the repositories of the test directory: each repository has the
// name of its condition, and may be read if it is fulfilled.
var conditions = map[string]string{
	"free":     ``,
	"address":  `"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}`,
	"tls":      `"Bool":{"aws:SecureTransport":"true"}`,
	"agent":    `"StringLike":{"aws:UserAgent":"crane*"}`,
	"noagent":  `"Null":{"aws:UserAgent":"true"}`,
	"referer":  `"StringEquals":{"aws:referer":""}`,
	"before":   `"DateLessThan":{"aws:CurrentTime":"2026-05-06T09:00:00Z"}`,
	"session":  `"DateGreaterThan":{"aws:TokenIssueTime":"2026-05-06T06:00:00Z"}`,
	"team":     `"StringEquals":{"aws:PrincipalTag/team":"blue"}`,
	"branch":   `"StringEquals":{"aws:PrincipalTag/branch":"main"}`,
	"identity": `"StringEquals":{"aws:SourceIdentity":"carol"}`,
	"provider": `"Null":{"aws:FederatedProvider":"false"}`,
	"latest":   `"StringEquals":{"oci:Reference":"latest"}`,
	"type":     `"StringEquals":{"aws:PrincipalType":"User"}`,
	"org":      `"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}`,
	"for":      `"ArnLike":{"aws:SourceArn":"arn:aws:codebuild:*:*:project/app"}`,
	"tagged":   `"StringEquals":{"aws:ResourceTag/stage":"dev"}`,
}

const (
	account    = "123456789012"
	repository = "arn:aws:ecr:eu-central-1:" + account + ":repository/"
)

// directory returns the texts of the test directory.
func directory() map[string]string {
	texts := map[string]string{
		"registries.yaml": `registries:
- {name: main, hosts: [main.example.com], account: "123456789012", region: eu-central-1, sources: [header, jwt_authn], header: x-user, audiences: [main], anonymous: true}
- {name: proxied, hosts: [proxied.example.com], account: "123456789012", region: eu-central-1, sources: [header], header: x-user, trustedHops: 1, tls: true, authorizationTokenOnlyAtLogin: true}
`,
		"organization.yaml": "id: o-a1b2c3d4e5\naccounts: {\"123456789012\": \"o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/\"}\n",
		"principals.yaml": `issuers:
- {name: mesh, issuer: "https://mesh.example.com", metadata: mesh, role: "arn:aws:iam::123456789012:role/ci/builder", session: build, tags: {branch: ref}}
credentials:
- {header: alice, principal: "arn:aws:iam::123456789012:user/alice"}
- {header: bob, principal: "arn:aws:iam::123456789012:user/dev/bob"}
- {header: root, principal: "arn:aws:iam::123456789012:root"}
- {header: guest, principal: "arn:aws:sts::123456789012:federated-user/guest", federatedBy: "arn:aws:iam::123456789012:user/alice", sessionPolicies: [read]}
- {header: carol, principal: "arn:aws:sts::123456789012:assumed-role/builder/carol", sourceIdentity: carol, tags: {branch: main}}
- {header: dave, principal: "arn:aws:sts::123456789012:assumed-role/builder/dave", tags: {team: blue}, sessionPolicies: [read]}
- {header: build, principal: codebuild.amazonaws.com, sourceArn: "arn:aws:codebuild:eu-central-1:123456789012:project/app"}
principals:
- {arn: "arn:aws:iam::123456789012:user/alice", policies: [login, read, write], tags: {team: blue}}
- {arn: "arn:aws:iam::123456789012:user/dev/bob", policies: [login, read], boundary: nowrite}
- {arn: "arn:aws:iam::123456789012:role/ci/builder", policies: [login, read, write], trust: ci, tags: {team: red}}
`,
		"htpasswd":             "",
		"trust/ci.json":        `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/mesh.example.com"},"Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession"]}}`,
		"managed/login.json":   `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"}}`,
		"managed/write.json":   `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["ecr:PutImage","ecr:InitiateLayerUpload","ecr:UploadLayerPart","ecr:CompleteLayerUpload"],"Resource":"` + repository + `free"}}`,
		"managed/nowrite.json": `{"Version":"2012-10-17","Statement":{"Effect":"Allow","NotAction":"ecr:PutImage","Resource":"*"}}`,
		"accounts/123456789012/eu-central-1/repositories/public/_policy.json": `{"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Principal":"*","Action":"ecr:BatchGetImage"},
  {"Effect":"Deny","Principal":"*","Action":"ecr:BatchGetImage","Condition":{"StringEquals":{"aws:PrincipalType":"Anonymous","oci:Reference":"latest"}}}]}`,
		"accounts/123456789012/eu-central-1/repositories/for/_policy.json":  `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"codebuild.amazonaws.com"},"Action":"ecr:BatchGetImage","Condition":{` + conditions["for"] + `}}}`,
		"accounts/123456789012/eu-central-1/repositories/tagged/_tags.json": `{"tags":[{"Key":"stage","Value":"dev"}]}`,
	}
	var statements []string
	for name, condition := range conditions {
		statements = append(statements, `{"Effect":"Allow","Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer","ecr:ListImages"],"Resource":"`+repository+name+`"`+
			map[bool]string{true: "", false: `,"Condition":{` + condition + `}`}[condition == ""]+`}`)
	}
	texts["managed/read.json"] = `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",\n") + `,{"Effect":"Allow","Action":"ecr:GetAuthorizationToken","Resource":"*"}]}`
	return texts
}

// load compiles a directory with changed texts.
func load(t testing.TB, changes map[string]string) *policystore.Snapshot {
	t.Helper()
	dir, texts := t.TempDir(), directory()
	maps.Copy(texts, changes)
	directorytest.Write(t, dir, texts)
	s, err := policystore.Load(dir, decision.Options{CacheSize: 1024})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// at is the time of the first request.
var at = time.Date(2026, 5, 6, 7, 8, 9, 123456789, time.UTC)

// requests returns requests of every caller of the test directory to every repository, with
// headers, addresses, transports and times that change from request to request.
func requests() (all []*authz.CheckRequest) {
	agents, targets := []string{"crane/1", "docker/27", "", "-"}, []string{
		"GET /v2/", "GET /v2/_catalog", "PUT /v2/free/manifests/v1?tag=v1.1&tag=v1+2", "PUT /v2/public/manifests/v1", "POST /v2/free/blobs/uploads/", "PATCH /v2/free/blobs/uploads/1",
		"PUT /v2/free/blobs/uploads/1?digest=sha256:00", "POST /v2/free/blobs/uploads/?mount=sha256:00&from=team", "POST /v2/free/blobs/uploads/?mount=sha256:00&from=free", "POST /v2/free/blobs/uploads/?digest=sha256:00",
		"GET /v2/public/manifests/v1", "GET /v2/public/manifests/latest", "GET /v2/free/tags/list", "HEAD /v2/free/blobs/sha256:00", "GET /v2/free/blobs/sha256:00", "DELETE /v2/free/manifests/v1", "GET /v2/a/../b/manifests/v1",
	}
	for name := range conditions {
		targets = append(targets, "GET /v2/"+name+"/manifests/latest", "GET /v2/"+name+"/manifests/sha256:00")
	}
	n := 0
	for _, user := range []string{"alice", "bob", "root", "guest", "carol", "dave", "build", "", "stranger", "token"} {
		for _, target := range targets {
			for range 4 {
				all = append(all, newRequest(n, user, target, agents[n%4]))
				n++
			}
		}
	}
	return all
}

// newRequest returns the n-th request.
func newRequest(n int, user, target, agent string) *authz.CheckRequest {
	method, path, _ := strings.Cut(target, " ")
	r := &authz.CheckRequest{
		ID: fmt.Sprint(n), HTTPRequest: mapping.HTTPRequest{Method: method, Path: path}, Host: "main.example.com", Peer: fmt.Sprintf("192.0.%d.7", 2+n%5/4),
		Extensions: authz.Extensions{Registry: "main", TrustedHeader: "x-user"}, Time: at.Add(time.Duration(n) * 7 * time.Second),
	}
	header := func(name, value string) { r.Headers = append(r.Headers, mapping.Header{Name: name, Value: value}) }
	if agent != "-" {
		header("user-agent", agent)
	}
	if n%7 < 3 {
		header("referer", "")
	}
	if n%3 == 0 {
		r.SNI = r.Host
	}
	if n%2 == 0 {
		header("content-length", "0")
	}
	switch {
	case user == "token":
		claims := fmt.Sprintf(`{"iss":"https://mesh.example.com","aud":"main","sub":"x","ref":%q,"iat":%d,"exp":%d}`, []string{"main", "dev"}[n%2], r.Time.Unix()-3600, r.Time.Unix()+60)
		verified := map[string]any{}
		if err := json.Unmarshal([]byte(claims), &verified); err != nil {
			panic(err)
		}
		r.Metadata = map[string]any{"mesh": verified}
		encode := base64.RawURLEncoding.EncodeToString
		header("authorization", "Bearer "+encode([]byte(`{"alg":"RS256"}`))+"."+encode([]byte(claims))+"."+encode([]byte("signature")))
	case user != "":
		header("x-user", user)
		if n%5 == 0 {
			r.Host, r.Extensions.Registry = "proxied.example.com", "proxied"
			header("x-forwarded-for", "198.51.100.1, "+r.Peer)
			header("x-forwarded-proto", []string{"http", "https"}[n%3/2])
		}
	}
	return r
}

// record returns the log of requests that are decided by a snapshot.
func record(t testing.TB, s *policystore.Snapshot, all []*authz.CheckRequest) []byte {
	t.Helper()
	var text bytes.Buffer
	log := decisionlog.New(decisionlog.Options{Writer: &text, Buffer: 2 * len(all)})
	checker := authz.Checker{Snapshots: func() *policystore.Snapshot { return s }}
	for _, r := range all {
		if err := log.Record(t.Context(), checker.Check(t.Context(), r), time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Close(t.Context()); err != nil || log.Lost() > 0 {
		t.Fatal(err, log.Lost())
	}
	return text.Bytes()
}

// entries reads a log.
func entries(t testing.TB, log []byte) (all []*decisionlog.Entry) {
	t.Helper()
	r := decisionlog.NewReader("log", bytes.NewReader(log))
	for r.Next() {
		all = append(all, r.Entry())
	}
	if r.Err() != nil || r.Counts().Bad() > 0 {
		t.Fatal(r.Err(), r.BadLines())
	}
	return all
}
