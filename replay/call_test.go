package replay

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"extauthz/authz"
	"extauthz/decision"
	"extauthz/decisionlog"
	"extauthz/identity"
	"extauthz/identity/basic/basictest"
	"extauthz/mapping"
	"extauthz/policystore"
	"extauthz/policystore/directory/directorytest"
)

const keyOfAlice, keyOfBob = "AKIAIOSFODNN7EXAMPLE", "AKIAI44QH7DHBEXAMPLE"

// loadCallers compiles a directory whose callers sign in: alice may, from an office, and she may
// read policies and messages. bob may do nothing.
func loadCallers(t *testing.T, condition string) *policystore.Snapshot {
	t.Helper()
	dir := t.TempDir()
	directorytest.Write(t, dir, map[string]string{
		"registries.yaml": `sessions: {issuer: "https://main.example.com"}
registries:
- {name: main, hosts: [main.example.com], account: "123456789012", region: eu-central-1}
`,
		"principals.yaml": `credentials:
- {basic: alice, principal: "arn:aws:iam::123456789012:user/alice"}
- {basic: bob, principal: "arn:aws:iam::123456789012:user/bob"}
- {accessKey: ` + keyOfAlice + `, principal: "arn:aws:iam::123456789012:user/alice"}
- {accessKey: ` + keyOfBob + `, principal: "arn:aws:iam::123456789012:user/bob"}
principals:
- {arn: "arn:aws:iam::123456789012:user/alice", policies: [some]}
- {arn: "arn:aws:iam::123456789012:user/bob"}
`,
		"htpasswd":          basictest.Passwords(t, "alice", "bob"),
		"access-keys":       keyOfAlice + ":" + strings.Repeat("a", 40) + "\n" + keyOfBob + ":" + strings.Repeat("b", 40) + "\n",
		"managed/some.json": `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","ecr:DescribeRepositories","ecr:GetRepositoryPolicy","ecr:GetRegistryPolicy","sts:DecodeAuthorizationMessage"],"Resource":["*"],"Condition":{` + condition + `}}}`,
	})
	s, err := policystore.Load(dir, decision.Options{CacheSize: 64})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// calls returns the log of sign-ins and calls of a caller at an address.
func calls(t *testing.T, s *policystore.Snapshot, user, key, address string) []byte {
	t.Helper()
	var text bytes.Buffer
	log := decisionlog.New(decisionlog.Options{Writer: &text, Buffer: 64})
	checker := authz.Checker{Snapshots: func() *policystore.Snapshot { return s }, OmitReasons: true}
	newRequest := func() *authz.CheckRequest {
		return &authz.CheckRequest{HTTPRequest: mapping.HTTPRequest{Method: "POST", Path: "/"}, Host: "main.example.com", Peer: address, Time: at}
	}
	record := func(r *authz.Result) {
		if err := log.Record(t.Context(), r, time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	signIn := newRequest()
	signIn.Headers = []mapping.Header{{Name: "authorization", Value: "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+user+"-secret"))}}
	_, result := checker.SignIn(t.Context(), signIn, "main.example.com")
	record(result)
	signature := &identity.Signature{AccessKeyID: key, Check: func(string) error { return nil }}
	for operation, on := range map[string][]string{
		"ecr:GetAuthorizationToken": nil, "ecr:GetRegistryPolicy": nil, "ecr:GetRepositoryPolicy": {"team/app"},
		"ecr:DescribeRepositories": {"team/app", "team/base"}, "ecr:ListTagsForResource": {"*"},
	} {
		_, result, _ := checker.CallECR(t.Context(), &authz.Call{CheckRequest: newRequest(), Signature: signature, Operation: operation}, on...)
		record(result)
	}
	for _, operation := range []string{authz.DecodeAuthorizationMessage, authz.GetCallerIdentity} {
		_, result, _ := checker.CallSTS(t.Context(), &authz.STSCall{Call: authz.Call{CheckRequest: newRequest(), Signature: signature, Operation: operation}})
		record(result)
	}
	if err := log.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

// TestCalls checks that sign-ins and calls are decided again as they were, and otherwise by other
// policies.
func TestCalls(t *testing.T) {
	const office, home = `"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}`, `"IpAddress":{"aws:SourceIp":"198.51.100.0/24"}`
	old, changed := loadCallers(t, office), loadCallers(t, home)
	var log []byte
	log = append(log, calls(t, old, "alice", keyOfAlice, "192.0.2.7")...)
	log = append(log, calls(t, old, "alice", keyOfAlice, "198.51.100.7")...)
	log = append(log, calls(t, old, "bob", keyOfBob, "192.0.2.7")...)
	same, otherwise := NewComparison(New(old), nil), NewComparison(New(changed), nil)
	for _, e := range entries(t, log) {
		same.Add("log", e)
		otherwise.Add("log", e)
		v, err := New(old).Decide(e)
		if err != nil {
			continue
		}
		if v.Decision != e.Decision || v.Reason != e.Reason || v.Action != e.Operation || len(v.Result.Evaluations) != len(e.Actions) || len(v.Result.Requests) != len(e.Actions) {
			t.Errorf("%s of %s: %s (%s), recorded %s (%s)", e.Operation, e.Principal, v.Decision, v.Reason, e.Decision, e.Reason)
		}
	}
	// GetCallerIdentity needs no permission, and nothing allows ecr:ListTagsForResource.
	if r := same.Report(); r.Replayed != 21 || len(r.NotReplayed) != 1 || r.NotReplayed[0].Cause != string(PartialCall) || r.NotReplayed[0].Requests != 3 || len(r.Differences) > 0 {
		t.Errorf("by the same policies: %+v", r)
	}
	if r := otherwise.Report(); r.LostAccess != 6 || r.NewAccess != 6 || r.Replayed != 21 {
		t.Errorf("by other policies: %+v", r)
	}
}

// TestPartialCalls checks that calls of AWS STS that depend on more than the line has are not decided
// again.
func TestPartialCalls(t *testing.T) {
	for _, operation := range []string{"sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:GetFederationToken", "sts:GetSessionToken"} {
		e := &decisionlog.Entry{Version: decisionlog.Version, Decision: authz.Allowed, Registry: "main", Principal: "arn:aws:iam::123456789012:user/alice", Operation: operation, Context: map[string]string{}}
		if err := CheckEntry(e); !errors.Is(err, PartialCall) {
			t.Errorf("%s: %v", operation, err)
		}
		e.Actions = []decisionlog.Action{{Action: operation, Resource: "*"}}
		if err := CheckEntry(e); !errors.Is(err, PartialCall) {
			t.Errorf("%s with an action: %v", operation, err)
		}
	}
}
