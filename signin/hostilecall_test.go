package signin

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"extauthz/authz"
)

// registryToken returns the session token in an answer of Amazon ECR.
func registryToken(t *testing.T, a *apiAnswer) string {
	t.Helper()
	text, err := base64.StdEncoding.DecodeString(a.works(t).AuthorizationData[0].AuthorizationToken)
	token, found := strings.CutPrefix(string(text), "AWS:")
	if err != nil || !found {
		t.Fatalf("the answer is %s", a.body)
	}
	return token
}

// TestNamesOfManagedPolicies checks that a caller cannot choose the name that the sessions of others
// have for a managed policy, for example one that does not fit into a token.
func TestNamesOfManagedPolicies(t *testing.T) {
	s := start(t, stsFiles)
	const own = "arn:aws:iam::123456789012:policy/pull"
	assume := func(k *key, arn string) *apiAnswer {
		return s.callAs(k, stsCall("AssumeRole", "RoleArn", roleARN+"deploy", "RoleSessionName", "x1", "PolicyArns.member.1.arn", arn))
	}
	assume(bobKey, strings.Replace(own, "policy/", "policy/"+strings.Repeat("x", 8192)+"/", 1)).is(t, http.StatusForbidden, "AccessDenied", "")
	for _, arn := range []string{strings.Replace(own, "arn:aws:", "arn:aws-of-bob:", 1), "arn:aws:iam:bob:aws:policy/AmazonEC2ContainerRegistryReadOnly"} {
		assume(bobKey, arn).is(t, http.StatusForbidden, "AccessDenied", "")
		assume(aliceKey, arn).is(t, http.StatusBadRequest, "ValidationError", "does not exist")
	}
	for _, arn := range []string{own, strings.Replace(own, "policy/", "policy/team/", 1)} {
		claims := claimsOf(t, registryToken(t, s.callAs(assume(aliceKey, arn).works(t).key(), ecrCall("GetAuthorizationToken", "{}"))))
		if got := fmt.Sprint(claims["session_policies"]); got != "[123456789012:"+own+"]" {
			t.Errorf("%s: the session has the policies %.200s", arn, got)
		}
	}
}

// TestHiddenPolicies checks that a caller that may not make the request cannot find out which managed
// policies exist.
func TestHiddenPolicies(t *testing.T) {
	s := start(t, stsFiles)
	for _, c := range []struct {
		name   string
		key    *key // nil for a token
		action string
		more   []string
	}{
		{"AssumeRole", bobKey, "AssumeRole", []string{"RoleArn", roleARN + "deploy", "RoleSessionName", "x1"}},
		{"a role that does not exist", aliceKey, "AssumeRole", []string{"RoleArn", roleARN + "missing", "RoleSessionName", "x1"}},
		{"GetFederationToken", bobKey, "GetFederationToken", []string{"Name", "carol"}},
		{"AssumeRoleWithWebIdentity", nil, "AssumeRoleWithWebIdentity", []string{"RoleArn", roleARN + "deploy", "RoleSessionName", "x1", "WebIdentityToken", s.ciToken(nil)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			answers := map[string]bool{}
			for _, policy := range []string{"pull", "missing"} {
				a := s.callAs(c.key, stsCall(c.action, append(c.more, "PolicyArns.member.1.arn", "arn:aws:iam::123456789012:policy/"+policy)...))
				a.is(t, http.StatusForbidden, "AccessDenied", "")
				answers[a.Message] = true
			}
			if len(answers) != 1 {
				t.Errorf("the answers differ: %v", answers)
			}
		})
	}
}

// TestEmptyParameters checks that an empty parameter is not one that is absent: an empty session
// policy would be no limit.
func TestEmptyParameters(t *testing.T) {
	s := start(t, stsFiles)
	role := []string{"RoleArn", roleARN + "deploy", "RoleSessionName", "x1"}
	for _, name := range []string{"Policy", "ExternalId", "SourceIdentity"} {
		s.callAs(aliceKey, stsCall("AssumeRole", append(role, name, "")...)).is(t, http.StatusBadRequest, "ValidationError", "Value '' at")
	}
	s.callAs(aliceKey, stsCall("GetFederationToken", "Name", "carol", "Policy", "")).is(t, http.StatusBadRequest, "ValidationError", "Value '' at 'policy'")
	s.callAs(aliceKey, stsCall("AssumeRole", append(role, "PolicyArns.member.1.arn", "")...)).is(t, http.StatusBadRequest, "MalformedInput", "PolicyArns")
	s.callAs(aliceKey, stsCall("AssumeRole", append(role, "Tags.member.1.Key", "a", "Tags.member.1.Value", "1",
		"TransitiveTagKeys.member.1", "a", "TransitiveTagKeys.member.1.", "b")...)).is(t, http.StatusBadRequest, "MalformedInput", "TransitiveTagKeys")
}

// TestFederatingUserCreatedAgain checks that sessions of a federated user end when the user who
// federates is created again.
func TestFederatingUserCreatedAgain(t *testing.T) {
	withID := func(files map[string]string, id string) {
		stsFiles(files)
		files["principals.yaml"] = strings.Replace(files["principals.yaml"], `user/alice", policies`, `user/alice", id: `+id+`, policies`, 1)
	}
	s := start(t, func(files map[string]string) { withID(files, "AIDACKCEVSQ6C2EXAMPLE") })
	const all = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*","Resource":"*"}}`
	federated := s.callAs(aliceKey, stsCall("GetFederationToken", "Name", "carol", "Policy", all)).works(t).key()
	token := "Bearer " + registryToken(t, s.callAs(federated, ecrCall("GetAuthorizationToken", "{}")))
	if r := s.pull("main", "registry.example.com", token); r.Decision != authz.Allowed {
		t.Errorf("a pull is %v: %s", r.Decision, r.Reason)
	}
	again := files(s.issuer)
	withID(again, "AIDACKCEVSQ6C2EXAMPL2")
	s.edit(map[string]string{"principals.yaml": again["principals.yaml"]})
	s.callAs(federated, stsCall("GetCallerIdentity")).is(t, http.StatusForbidden, "InvalidClientTokenId", "")
	if r := s.pull("main", "registry.example.com", token); r.Decision != authz.Unauthenticated {
		t.Errorf("then a pull is %v", r.Decision)
	}
}

// TestCallsContinueWithoutIssuer checks that calls which wait for the keys of an issuer delay no
// signed call, also if they have a signature that no one reads.
func TestCallsContinueWithoutIssuer(t *testing.T) {
	s := start(t, stsFiles)
	var waiting atomic.Int64
	blocked := make(chan struct{})
	release := sync.OnceFunc(func() { close(blocked) })
	server := httptest.NewServer(newPatient(Options{
		SignIn: s.checker.SignIn, CallECR: s.checker.CallECR, Keys: s.keys.Keys,
		CallSTS: func(ctx context.Context, call *authz.STSCall) (*authz.STSAnswer, *authz.Result, error) {
			if call.WebIdentityToken != "" {
				waiting.Add(1)
				<-blocked
			}
			return s.checker.CallSTS(ctx, call)
		},
	}))
	defer server.Close()
	defer release()
	s.url = server.URL
	var senders sync.WaitGroup
	for i := range maxTokens + maxWaiting {
		signer := []*key{nil, aliceKey}[i%2]
		senders.Go(func() {
			s.callAs(signer, stsCall("AssumeRoleWithWebIdentity", "RoleArn", roleARN+"ci", "RoleSessionName", "build", "WebIdentityToken", "x"))
		})
	}
	for end := time.Now().Add(time.Minute); waiting.Load() < maxTokens; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d wait", waiting.Load())
		}
	}
	s.callAs(aliceKey, stsCall("GetCallerIdentity")).works(t)
	s.callAs(aliceKey, ecrCall("GetAuthorizationToken", "{}")).works(t)
	release()
	senders.Wait()
}
