package access_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"extauthz/access"
	"extauthz/authz"
	"extauthz/iam"
	"extauthz/identity"
	"extauthz/identity/sts"
	"extauthz/mapping"
	"extauthz/policystore"
)

// random generates policy directories in which few names occur, and requests for them.
type random struct{ *rand.Rand }

func oneOf[T any](g random, from ...T) T { return from[g.IntN(len(from))] }

const (
	account    = "123456789012"
	prefix     = "arn:aws:ecr:eu-central-1:123456789012:repository/"
	alice      = "arn:aws:iam::123456789012:user/alice"
	carol      = "arn:aws:iam::999999999999:user/carol"
	ciRole     = "arn:aws:iam::123456789012:role/team/ci"
	devRole    = "arn:aws:iam::123456789012:role/dev"
	devSession = "arn:aws:sts::123456789012:assumed-role/dev/named"
	ciSession  = "arn:aws:sts::123456789012:assumed-role/ci/build"
)

// principals maps credentials to each kind of principal.
const principals = `credentials:
- {uri: "spiffe://x/alice", principal: "arn:aws:iam::123456789012:user/alice"}
- {uri: "spiffe://x/u/{name}", principal: "arn:aws:iam::123456789012:user/{name}"}
- {uri: "spiffe://x/carol", principal: "arn:aws:iam::999999999999:user/carol"}
- {uri: "spiffe://x/ci", principal: "arn:aws:sts::123456789012:assumed-role/ci/build", tags: {team: a}}
- {uri: "spiffe://x/t/{team}", principal: "arn:aws:sts::123456789012:assumed-role/ci/tagged", tags: {team: "{team}"}}
- {uri: "spiffe://x/dev/{name}", principal: "arn:aws:sts::123456789012:assumed-role/dev/{name}"}
- {uri: "spiffe://x/limited/{name}", principal: "arn:aws:sts::123456789012:assumed-role/dev/{name}", sessionPolicies: [session]}
- {uri: "spiffe://x/roles/{role}", principal: "arn:aws:sts::123456789012:assumed-role/{role}/rr", path: /team/}
- {uri: "spiffe://x/f/{name}", principal: "arn:aws:sts::123456789012:federated-user/{name}", federatedBy: "arn:aws:iam::123456789012:user/alice", sessionPolicies: [session]}
- {uri: "spiffe://x/fed", principal: "arn:aws:sts::123456789012:federated-user/fixed", federatedBy: "arn:aws:iam::123456789012:user/bob"}
- {uri: "spiffe://x/root", principal: "arn:aws:iam::123456789012:root"}
- {uri: "spiffe://x/service", principal: "replication.ecr.amazonaws.com"}
- {uri: "spiffe://x/lambda/{name}", principal: "lambda.amazonaws.com", sourceArn: "arn:aws:lambda:eu-central-1:123456789012:function:{name}"}
principals:
- {arn: "arn:aws:iam::123456789012:user/alice", policies: [one, two], tags: {team: a}, id: AIDACKCEVSQ6C2ALICE0}
- {arn: "arn:aws:iam::123456789012:user/bob", policies: [three], boundary: limit, id: AIDACKCEVSQ6C2EXAMPLE}
- {arn: "arn:aws:iam::999999999999:user/carol", policies: [two], id: AIDACKCEVSQ6C2CAROL0}
- {arn: "arn:aws:iam::123456789012:role/team/ci", policies: [two, three], tags: {team: b}, id: AROACKCEVSQ6C2EXAMP1}
- {arn: "arn:aws:iam::123456789012:role/dev", policies: [one], boundary: limit, id: AROACKCEVSQ6C2EXAMP2}
`

// holder is a credential of principals.yaml, by the number of its line.
type holder struct {
	line int
	uri  string
}

func (g random) holder() holder { return oneOf(g, allHolders...) }

var allHolders = []holder{
	{2, "alice"}, {3, "u/alice"}, {3, "u/bob"}, {4, "carol"}, {5, "ci"}, {6, "t/a"}, {6, "t/b"},
	{7, "dev/named"}, {7, "dev/other"}, {8, "limited/named"}, {8, "limited/xx"}, {9, "roles/ci"},
	{10, "f/xx"}, {10, "f/named"}, {11, "fed"}, {12, "root"}, {13, "service"}, {14, "lambda/a"}, {14, "lambda/b"}, {0, ""},
}

func (g random) conditions() map[string]any {
	operators := map[string]any{}
	for range g.IntN(3) {
		not, key := oneOf(g, "", "Not"), oneOf(g, "aws:PrincipalTag/team", "aws:principaltag/TEAM", "aws:username", "ecr:ResourceTag/team", "aws:userid", "aws:UserAgent", "oci:Reference", "aws:SourceArn", "aws:PrincipalArn")
		switch g.IntN(7) {
		case 0, 1:
			operators["String"+not+"Equals"+oneOf(g, "", "IfExists")] = map[string]any{key: oneOf(g, "a", "b", "alice", "${aws:username}", "${aws:PrincipalTag/team}")}
		case 2:
			operators["String"+not+"Like"] = map[string]any{key: []string{oneOf(g, "a*", "*b", "${aws:username}*"), oneOf(g, "*dev*", "AIDA*")}}
		case 3:
			operators[not+"IpAddress"] = map[string]any{"aws:SourceIp": oneOf(g, "10.0.0.0/8", "192.0.2.1")}
		case 4:
			operators["Bool"] = map[string]any{oneOf(g, "aws:SecureTransport", "aws:MultiFactorAuthPresent"): oneOf(g, "true", "false")}
		case 5:
			operators[oneOf(g, "DateLessThan", "DateGreaterThan")] = map[string]any{oneOf(g, "aws:CurrentTime", "aws:TokenIssueTime"): "2026-06-01T12:00:00Z"}
		case 6:
			operators["Null"] = map[string]any{key: oneOf(g, "true", "false")}
		}
	}
	return operators
}

// names are repositories; the policies of a directory have patterns that match them.
var names = []string{"a", "b", "team/a", "team/b", "alice", "new"}

func (g random) document(kind iam.Kind) string {
	var statements []any
	for range 1 + g.IntN(3) {
		s := map[string]any{"Effect": oneOf(g, "Allow", "Allow", "Allow", "Deny"), "Action": oneOf(g, "ecr:*", "ecr:PutImage", "ecr:Batch*", "*")}
		if g.IntN(2) == 0 {
			s["Condition"] = g.conditions()
		}
		var resources []string
		for range 1 + g.IntN(2) {
			resources = append(resources, oneOf(g, "*", prefix+"*", prefix+"a", prefix+"team/*", prefix+"*/?", prefix+"${aws:username}", prefix+"team/${aws:PrincipalTag/team}", "arn:aws:ecr:*:*:repository/b", "arn:aws:ecr:eu-*:*:*/a"))
		}
		s[oneOf(g, "Resource", "Resource", "Resource", "NotResource")] = resources
		switch kind {
		case iam.RepositoryPolicy, iam.RegistryPolicy:
			element := "Principal"
			if s["Effect"] == "Deny" && g.IntN(3) == 0 {
				element = "NotPrincipal"
			}
			s[element] = oneOf[any](g, "*", map[string]any{"AWS": alice}, map[string]any{"AWS": []string{ciRole, account}}, map[string]any{"AWS": []string{devSession, devRole, account}}, map[string]any{"AWS": "arn:aws:sts::123456789012:federated-user/named"},
				map[string]any{"AWS": []string{"999999999999", ciSession}}, map[string]any{"Service": []string{"replication.ecr.amazonaws.com", "lambda.amazonaws.com"}})
			if kind == iam.RepositoryPolicy && g.IntN(2) == 0 {
				delete(s, "Resource")
				delete(s, "NotResource")
			}
		}
		statements = append(statements, s)
	}
	if kind != iam.RepositoryPolicy && kind != iam.RegistryPolicy && g.IntN(2) == 0 {
		statements = append(statements, map[string]any{"Effect": "Allow", "Action": "*", "Resource": "*"})
	}
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// directory returns the files of a random directory.
func (g random) directory() map[string]string {
	const registry = "accounts/123456789012/eu-central-1/"
	sessions := oneOf(g, "", "", "sessions: {issuer: \"https://h\"}\n")
	files := map[string]string{
		"registries.yaml": sessions + "registries:\n- {name: main, hosts: [h], account: \"123456789012\", region: eu-central-1, anonymous: true, tls: " + oneOf(g, "true", "false") + "}\n",
		"principals.yaml": principals,
	}
	for _, p := range []struct { // in an order, so that a seed always gives the same directory
		name string
		kind iam.Kind
	}{{"one", iam.IdentityPolicy}, {"two", iam.IdentityPolicy}, {"three", iam.IdentityPolicy}, {"limit", iam.PermissionsBoundary}, {"session", iam.SessionPolicy}} {
		files["managed/"+p.name+".json"] = g.document(p.kind)
	}
	for _, name := range names[:4] {
		if g.IntN(2) == 0 {
			files[registry+"repositories/"+name+"/_policy.json"] = g.document(iam.RepositoryPolicy)
		}
		files[registry+"repositories/"+name+"/_tags.json"] = `{"tags":[` + oneOf(g, "", `{"Key":"team","Value":"a"}`, `{"Key":"team","Value":"b"}`) + `]}`
	}
	if g.IntN(2) == 0 {
		files[registry+"registry-policy.json"] = g.document(iam.RegistryPolicy)
	}
	if g.IntN(3) == 0 {
		files["organization.yaml"] = "id: o-a1b2c3d4e5\naccounts: {\"123456789012\": o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/, \"999999999999\": o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/}\n"
		files["organization/scp/123456789012/scp.json"] = g.document(iam.ServiceControlPolicy)
	}
	return files
}

// world is a random directory with the answers to all questions about it.
type world struct {
	*testing.T
	random
	seed     uint64
	files    map[string]string
	snapshot *policystore.Snapshot
	registry *policystore.Registry
	dir      *access.Directory
	callers  map[holder]*identity.Caller
	whoCan   map[[2]string]*access.WhoCan // by action and resource
}

// newWorld returns nil for a directory that cannot be loaded.
func newWorld(t *testing.T, seed uint64) *world {
	t.Helper()
	g := random{rand.New(rand.NewPCG(seed, 11))}
	return newWorldOf(t, g, seed, g.directory())
}

// caller returns the caller of a credential, which no request changes.
func (w *world) caller(h holder) *identity.Caller {
	w.Helper()
	if known := w.callers[h]; known != nil {
		return known
	}
	var caller *identity.Caller
	var err error
	at := &identity.Credentials{Time: time.Now()}
	if h.uri == "" {
		var failure *identity.Failure
		if caller, failure = w.snapshot.Callers.Authenticate(w.Context(), &w.registry.Authentication, at); failure != nil {
			err = failure
		}
	} else {
		caller, err = w.snapshot.Callers.AuthenticateOffline(&w.registry.Authentication, &identity.OfflineCredential{Kind: identity.URI, Name: "spiffe://x/" + h.uri}, at)
	}
	if err != nil {
		w.Fatalf("seed %d: %s: %v", w.seed, h.uri, err)
	}
	w.callers[h] = caller
	return caller
}

// request returns a random HTTP request, as far as policies see it.
func (w *world) request() *authz.CheckRequest {
	r := &authz.CheckRequest{Host: "h", Peer: oneOf(w.random, "10.1.1.1", "192.0.2.1", "2001:db8::1"), Time: time.Date(2026, oneOf(w.random, time.May, time.July), 1, 0, 0, 0, 0, time.UTC), SNI: oneOf(w.random, "", "h")}
	if w.IntN(2) == 0 {
		r.Headers = []mapping.Header{{Name: "user-agent", Value: oneOf(w.random, "a", "ab", "")}}
	}
	return r
}

// decide returns a random request of a holder for an action, and whether it is allowed.
func (w *world) decide(h holder, action, resource string) (*iam.Request, *identity.Caller, bool) {
	w.Helper()
	check := w.request()
	caller := w.caller(h)
	if w.snapshot.AcceptsSessions() && !sts.HasSession(caller.Principal.Kind) && h.line > 0 && w.IntN(2) == 0 {
		signedIn := *caller
		signedIn.Context = append(slices.Clip(caller.Context), iam.ContextEntry{Key: "aws:MultiFactorAuthPresent", Value: "false"},
			iam.ContextEntry{Key: "aws:TokenIssueTime", Value: check.Time.Format(time.RFC3339)})
		caller = &signedIn
	}
	r := authz.NewIAMRequest(check, w.registry, caller, action, resource)
	if w.IntN(2) == 0 {
		r.Context = append(slices.Clip(r.Context), iam.ContextEntry{Key: iam.KeyReference, Value: oneOf(w.random, "a", "b", "sha256:a")})
	}
	return r, caller, w.snapshot.Decisions.Decide(r, caller.SessionPolicies) == iam.Allowed
}

// isAbout reports whether a grant is about the caller of a holder.
func isAbout(g *access.Grant, h holder, p *iam.Principal) bool {
	authenticates := func(c access.Credential) bool {
		return c.Place == "registries.yaml" && h.line == 0 || strings.HasPrefix(c.Place, fmt.Sprintf("principals.yaml:%d:", h.line))
	}
	if !slices.ContainsFunc(g.Credentials, authenticates) || slices.Contains(g.Except, p.ARN) {
		return false
	}
	switch g.Kind {
	case access.Role:
		return g.Principal == p.RoleARN
	case access.Anonymous:
		return p.Kind == iam.Anonymous
	case access.FederatedUser:
		return g.Principal == p.ARN || strings.HasSuffix(g.Principal, "{name}") && p.Kind == iam.FederatedUser
	}
	return g.Principal == p.ARN
}

// checkWhoCan checks an answer for one request.
func (w *world) checkWhoCan(h holder, action, resource string, counts map[string]int) {
	w.Helper()
	key := [2]string{action, resource}
	if w.whoCan[key] == nil {
		w.whoCan[key] = w.dir.WhoCan(w.registry, action, resource)
	}
	r, caller, isAllowed := w.decide(h, action, resource)
	conditional, unconditional := 0, 0
	for i := range w.whoCan[key].Grants {
		if g := &w.whoCan[key].Grants[i]; isAbout(g, h, &caller.Principal) {
			switch g.Access {
			case access.Conditional:
				conditional++
			case access.Unconditional:
				unconditional++
			case access.None:
				w.Fatalf("seed %d: %+v is listed without access", w.seed, g)
			}
		}
	}
	counts[fmt.Sprintf("who-can, allowed %v, conditional %v, unconditional %v", isAllowed, conditional > 0, unconditional > 0)]++
	if isAllowed && conditional+unconditional == 0 || !isAllowed && unconditional > 0 {
		w.fatal(r, isAllowed, w.whoCan[key])
	}
}

func (w *world) fatal(r *iam.Request, isAllowed bool, answer any) {
	w.Helper()
	text, err := json.MarshalIndent(answer, "", " ")
	if err != nil {
		w.Fatal(err)
	}
	w.Fatalf("seed %d: allowed is %v for %+v of %+v\n%v\n%s", w.seed, isAllowed, r, r.Principal, w.files, text)
}

// checkWhatCan checks an answer for one request.
func (w *world) checkWhatCan(h holder, action, resource string, counts map[string]int) {
	w.Helper()
	r, caller, isAllowed := w.decide(h, action, resource)
	name := caller.Principal.ARN
	if h.line == 0 {
		name = "anonymous"
	}
	answer, err := w.dir.WhatCan(w.registry, name)
	if err != nil {
		w.Fatalf("seed %d: %v", w.seed, err)
	}
	about := slices.DeleteFunc(slices.Clone(answer.Grants), func(g access.Grant) bool {
		return !isAbout(&g, h, &caller.Principal) || !slices.Contains(g.Actions, action) || !matches(g.Resource, resource)
	})
	if exact := slices.DeleteFunc(slices.Clone(about), func(g access.Grant) bool { return g.Resource != resource }); len(exact) > 0 {
		about = exact
	}
	has := func(a access.Access) bool {
		return slices.ContainsFunc(about, func(g access.Grant) bool { return g.Access == a })
	}
	none, conditional, unconditional := has(access.None), has(access.Conditional), has(access.Unconditional)
	counts[fmt.Sprintf("what-can, allowed %v, conditional %v, unconditional %v", isAllowed, conditional, unconditional)]++
	if none && unconditional || isAllowed && (none || !conditional && !unconditional) || !isAllowed && unconditional {
		w.fatal(r, isAllowed, answer)
	}
}

// matches reports whether a resource with wildcards matches a repository.
func matches(pattern, resource string) bool {
	if pattern == resource {
		return true
	}
	p, err := iam.NewARNPattern(pattern)
	return err == nil && p.Matches(resource)
}

func checkWorld(t *testing.T, seed uint64, counts map[string]int) {
	t.Helper()
	w := newWorld(t, seed)
	if w == nil {
		counts["not loaded"]++
		return
	}
	for range 400 {
		action, resource := oneOf(w.random, "ecr:BatchGetImage", "ecr:PutImage", "ecr:CreateRepository"), prefix+oneOf(w.random, names...)
		if w.IntN(8) == 0 {
			action, resource = "ecr:GetAuthorizationToken", "*"
		}
		w.checkWhoCan(w.holder(), action, resource, counts)
	}
	for range 40 {
		w.checkWhatCan(w.holder(), oneOf(w.random, "ecr:BatchGetImage", "ecr:PutImage", "ecr:CreateRepository"), prefix+oneOf(w.random, names...), counts)
	}
}

// TestAnswers compares the answers about random directories with the decisions on random requests.
func TestAnswers(t *testing.T) {
	counts := map[string]int{}
	for seed := range uint64(12) {
		checkWorld(t, seed, counts)
	}
	t.Log(counts)
	for _, outcome := range []string{"allowed true, conditional true, unconditional false", "allowed false, conditional true, unconditional false", "allowed true, conditional false, unconditional true", "allowed false, conditional false, unconditional false"} {
		for _, question := range []string{"who-can", "what-can"} {
			if counts[question+", "+outcome] < 20 {
				t.Errorf("%s, %s: only %d requests", question, outcome, counts[question+", "+outcome])
			}
		}
	}
}

// FuzzAnswers is TestAnswers for any seed.
func FuzzAnswers(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { checkWorld(t, seed, map[string]int{}) })
}
