package generate

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"extauthz/authz"
	"extauthz/decision"
	"extauthz/decisionlog"
	"extauthz/iam"
	"extauthz/mapping"
	"extauthz/policystore"
	"extauthz/policystore/directory/directorytest"
	"extauthz/replay"
)

const registries = `registries:
- {name: main, hosts: [main], account: "123456789012", region: eu-central-1, sources: [header], header: x-user}
`

// broad is a directory whose users and roles may do more than they do.
var broad = map[string]string{
	"registries.yaml": registries,
	"principals.yaml": `credentials:
- {header: alice, principal: "arn:aws:iam::123456789012:user/alice"}
- {header: bob, principal: "arn:aws:iam::123456789012:user/dev/bob"}
- {header: "ci-{n}", principal: "arn:aws:sts::123456789012:assumed-role/ci/ci-{n}"}
principals:
- {arn: "arn:aws:iam::123456789012:user/alice", policies: [all]}
- {arn: "arn:aws:iam::123456789012:user/dev/bob", policies: [all, office]}
- {arn: "arn:aws:iam::123456789012:role/ci", policies: [all]}
`,
	"managed/all.json":    `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*","Resource":"*"}}`,
	"managed/office.json": `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"ecr:PutImage","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":"192.0.2.0/24"}}}}`,
}

func load(t *testing.T, texts map[string]string) *policystore.Snapshot {
	t.Helper()
	dir := t.TempDir()
	directorytest.Write(t, dir, texts)
	s, err := policystore.Load(dir, decision.Options{CacheSize: 1024})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// decide returns the log of requests.
func decide(t *testing.T, s *policystore.Snapshot, requests []string) (log []*decisionlog.Entry) {
	t.Helper()
	var text bytes.Buffer
	l := decisionlog.New(decisionlog.Options{Writer: &text, Buffer: 2 * len(requests)})
	checker := authz.Checker{Snapshots: func() *policystore.Snapshot { return s }}
	for _, r := range requests {
		user, target, _ := strings.Cut(r, " ")
		method, path, _ := strings.Cut(target, " ")
		result := checker.Check(t.Context(), &authz.CheckRequest{
			HTTPRequest: mapping.HTTPRequest{Method: method, Path: path, Headers: []mapping.Header{{Name: "x-user", Value: user}}},
			Host:        "main", Peer: "192.0.2.7", Time: noon, Extensions: authz.Extensions{Registry: "main", TrustedHeader: "x-user"},
		})
		if err := l.Record(t.Context(), result, time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for r := decisionlog.NewReader("log", &text); r.Next(); {
		log = append(log, r.Entry())
	}
	if len(log) != len(requests) {
		t.Fatalf("%d lines for %d requests", len(log), len(requests))
	}
	return log
}

// everything returns every request that the test knows.
func everything() (all []string) {
	for _, user := range []string{"alice", "bob", "ci-1", "ci-2"} {
		for _, name := range []string{"team/a", "team/b", "team", "other"} {
			for _, target := range []string{
				"GET /v2/%s/manifests/v1", "GET /v2/%s/blobs/sha256:00", "HEAD /v2/%s/blobs/sha256:00", "PUT /v2/%s/manifests/v1", "POST /v2/%s/blobs/uploads/", "PATCH /v2/%s/blobs/uploads/1",
				"PUT /v2/%s/blobs/uploads/1?digest=sha256:00", "DELETE /v2/%s/manifests/v1", "GET /v2/%s/tags/list", "POST /v2/%s/blobs/uploads/?mount=sha256:00&from=team/a",
			} {
				all = append(all, user+" "+fmt.Sprintf(target, name))
			}
		}
		all = append(all, user+" GET /v2/", user+" GET /v2/_catalog")
	}
	return all
}

// TestInPlaceOfBroadPolicies attaches generated policies instead of broad ones. The requests that
// were used stay allowed, and others become allowed only if they need nothing but what was used.
func TestInPlaceOfBroadPolicies(t *testing.T) {
	traffic := []string{
		"alice GET /v2/", "alice GET /v2/team/a/manifests/v1", "alice GET /v2/team/a/blobs/sha256:00", "alice HEAD /v2/team/b/blobs/sha256:00",
		"bob PUT /v2/other/manifests/v1", "bob GET /v2/_catalog", "ci-1 GET /v2/team/manifests/v1", "ci-2 POST /v2/team/b/blobs/uploads/?mount=sha256:00&from=team/a",
	}
	inForce := load(t, broad)
	log := decide(t, inForce, traffic)
	for name, directory := range map[string]*replay.Policies{"by the log": nil, "by the directory": replay.New(inForce)} {
		t.Run(name, func(t *testing.T) {
			c, wanted := NewCollector(directory), map[string]bool{}
			for _, e := range log {
				if err := c.Add(e); err != nil || e.Decision != authz.Allowed {
					t.Fatal(err, e)
				}
				for _, a := range e.Actions {
					o, _ := ownerOf(e)
					wanted[o.ARN()+" "+a.Action+" "+a.Resource] = true
				}
			}
			files, summary := c.Files(decisionlog.Counts{}, 0)
			least := load(t, attach(t, files, summary))
			for i, e := range decide(t, least, traffic) {
				if e.Decision != authz.Allowed {
					t.Errorf("%s is now %s: %s", traffic[i], e.Decision, e.Reason)
				}
			}
			all := everything()
			for i, e := range decide(t, least, all) {
				needs := decide(t, inForce, all[i:i+1])[0]
				want := true
				for _, a := range needs.Actions {
					o, _ := ownerOf(e)
					want = want && (wanted[o.ARN()+" "+a.Action+" "+a.Resource] || a.Optional)
				}
				if strings.Contains(all[i], "HEAD") { // which another permission allows too
					o, _ := ownerOf(e)
					want = want || wanted[o.ARN()+" ecr:GetDownloadUrlForLayer "+needs.Actions[1].Resource]
				}
				if got := e.Decision == authz.Allowed; got != want {
					t.Errorf("%s is %s: %s", all[i], e.Decision, e.Reason)
				}
			}
			if directory != nil {
				checkConditional(t, summary)
			}
		})
	}
}

// attach returns the broad directory with the generated policies instead of its own.
func attach(t *testing.T, files map[string]string, s *Summary) map[string]string {
	t.Helper()
	texts := maps.Clone(files)
	delete(texts, SummaryFile)
	texts["registries.yaml"] = registries
	principals := broad["principals.yaml"][:strings.Index(broad["principals.yaml"], "principals:")] + "principals:\n"
	for _, p := range s.Principals {
		principals += fmt.Sprintf("- {arn: %q, policies: [%s]}\n", strings.Replace(p.ARN, "user/bob", "user/dev/bob", 1), strings.Join(p.Policies, ", "))
	}
	texts["principals.yaml"] = principals
	return texts
}

// checkConditional checks that the push that a condition could deny is listed.
func checkConditional(t *testing.T, s *Summary) {
	t.Helper()
	var got []string
	for _, p := range s.Principals {
		for _, u := range p.Conditional {
			got = append(got, p.ARN+" "+u.Action+" "+u.Resource+" "+strings.Join(u.Keys, " "))
		}
	}
	if want := []string{"arn:aws:iam::123456789012:user/bob ecr:PutImage " + repository + "other aws:SourceIp"}; !slices.Equal(got, want) {
		t.Errorf("conditional: %q, want %q", got, want)
	}
}

// TestNoLongerAllowed checks that use which the directory does not allow any more is left out.
func TestNoLongerAllowed(t *testing.T) {
	log := decide(t, load(t, broad), []string{"alice GET /v2/team/a/manifests/v1", "alice PUT /v2/team/a/manifests/v1"})
	texts := maps.Clone(broad)
	texts["managed/all.json"] = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","NotAction":"ecr:PutImage","Resource":"*"}}`
	c := NewCollector(replay.New(load(t, texts)))
	for _, e := range log {
		if err := c.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	files, s := c.Files(decisionlog.Counts{}, 0)
	policies := compile(t, files, &s.Principals[0])
	if evaluate(policies, "ecr:PutImage", repository+"team/a") == iam.Allowed || evaluate(policies, "ecr:BatchGetImage", repository+"team/a") != iam.Allowed ||
		len(s.LeftOut) != 1 || s.LeftOut[0].Cause != "the policy directory does not allow it (implicitDeny)" {
		t.Errorf("%+v", s.LeftOut)
	}
}
