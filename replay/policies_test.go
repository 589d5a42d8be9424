package replay

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"extauthz/authz"
	"extauthz/decisionlog"
)

// TestReplayBySamePolicies checks that a log that is replayed by the policies that wrote it has no
// difference, not even in a reason or a permission.
func TestReplayBySamePolicies(t *testing.T) {
	s := load(t, nil)
	log := entries(t, record(t, s, requests()))
	p, comparison := New(s), NewComparison(New(s), nil)
	allowed, denied := map[string]int{}, map[string]int{}
	for _, e := range log {
		comparison.Add("log", e)
		v, err := p.Decide(e)
		if err != nil {
			continue
		}
		if strings.HasSuffix(e.Principal, ":root") { // may do everything
			continue
		}
		if v.Decision == authz.Allowed {
			allowed[e.Repository]++
		} else {
			denied[e.Repository]++
		}
		if v.Decision != e.Decision || v.Reason != e.Reason {
			t.Errorf("line %d: %s (%s), recorded %s (%s)", e.Line, v.Decision, v.Reason, e.Decision, e.Reason)
		}
		var got []string
		for _, evaluation := range v.Result.Evaluations {
			got = append(got, evaluation.Action+" "+evaluation.Resource+" "+evaluation.Decision.String())
		}
		var want []string
		for _, a := range e.Actions {
			want = append(want, a.Action+" "+a.Resource+" "+a.Decision.String())
		}
		if !slices.Equal(got, want) {
			t.Errorf("line %d: %v, recorded %v", e.Line, got, want)
		}
	}
	for name := range conditions {
		if allowed[name] == 0 || denied[name] == 0 {
			t.Errorf("of the requests to %s, %d are allowed and %d denied, want some of each", name, allowed[name], denied[name])
		}
	}
	for _, principal := range []string{"user/alice", "user/dev/bob", "root", "federated-user/guest", "assumed-role/builder/carol", "assumed-role/builder/dave", "assumed-role/builder/build", "codebuild.amazonaws.com", "anonymous"} {
		if !slices.ContainsFunc(log, func(e *decisionlog.Entry) bool { return strings.HasSuffix(e.Principal, principal) }) {
			t.Errorf("no request of %s", principal)
		}
	}
	r := comparison.Report()
	if r.Replayed < 1500 || r.Replayed+sum(r.NotReplayed) != len(log) || len(r.Differences) > 0 || r.LostAccess+r.NewAccess+r.OtherDenial > 0 {
		t.Errorf("%d of %d requests replayed, differences %+v", r.Replayed, len(log), r)
	}
	var causes []string
	for _, cause := range r.NotReplayed {
		causes = append(causes, cause.Cause)
	}
	slices.Sort(causes)
	if want := []string{string(NoCaller), string(RefusedForAll)}; !slices.Equal(causes, want) {
		t.Errorf("not replayed: %v, want %v", causes, want)
	}
}

func sum(causes []*Cause) (n int) {
	for _, c := range causes {
		n += c.Requests
	}
	return n
}

// TestReplayAgainstItself checks that two equal directories give no difference, whatever was
// recorded.
func TestReplayAgainstItself(t *testing.T) {
	log := entries(t, record(t, load(t, map[string]string{"managed/read.json": directory()["managed/login.json"]}), requests()))
	comparison := NewComparison(New(load(t, nil)), New(load(t, nil)))
	for _, e := range log {
		comparison.Add("log", e)
	}
	if r := comparison.Report(); r.Replayed < 1500 || len(r.Differences) > 0 || r.RecordedOtherwise < 100 {
		t.Errorf("%+v", r)
	}
}

// TestUnable checks the causes for which a line is not decided again.
func TestUnable(t *testing.T) {
	s := load(t, nil)
	line := func(user, target string) decisionlog.Entry {
		return *entries(t, record(t, s, []*authz.CheckRequest{newRequest(1, user, target, "crane/1")}))[0]
	}
	pull := line("alice", "GET /v2/free/manifests/v1")
	for _, c := range []struct {
		name   string
		entry  decisionlog.Entry
		change func(*decisionlog.Entry)
		want   string
	}{
		{"a dry run", line("alice", "GET /dry-run/v2/free/manifests/v1"), nil, string(DryRun)},
		{"a sign-in without a permission", pull, func(e *decisionlog.Entry) { e.Operation, e.Actions = "ecr:GetAuthorizationToken", nil }, string(PartialCall)},
		{"a call of AWS STS", pull, func(e *decisionlog.Entry) { e.Operation = "sts:AssumeRole" }, string(PartialCall)},
		{"an older line", pull, func(e *decisionlog.Entry) { e.Version = 0 }, string(OlderFormat)},
		{"a newer line", pull, func(e *decisionlog.Entry) { e.Version++ }, string(NewerFormat)},
		{"no context", pull, func(e *decisionlog.Entry) { e.Context = nil }, string(OlderFormat)},
		{"omissions", pull, func(e *decisionlog.Entry) { e.Omitted = []string{"aws:UserAgent", "tags"} }, "the line leaves out aws:UserAgent, tags"},
		{"unavailable", pull, func(e *decisionlog.Entry) { e.Decision = authz.Unavailable503 }, string(NotDecided)},
		{"refused", line("alice", "GET /v2/A/manifests/v1"), nil, string(RefusedForAll)},
		{"no caller", line("stranger", "GET /v2/free/manifests/v1"), nil, string(NoCaller)},
		{"an unknown operation", pull, func(e *decisionlog.Entry) { e.Operation = "Get" }, "the line does not describe a request: "},
		{"a principal that is none", pull, func(e *decisionlog.Entry) { e.Principal = "alice" }, "the line does not describe a caller: "},
		{"a source identity that is none", line("carol", "GET /v2/"), func(e *decisionlog.Entry) { e.Context["aws:SourceIdentity"] = "?" }, "the line does not describe a caller: "},
		{"a time that is none", line("carol", "GET /v2/"), func(e *decisionlog.Entry) { e.Context["aws:TokenIssueTime"] = "noon" }, "aws:TokenIssueTime is not a time"},
		{"a session policy that no session has", line("dave", "GET /v2/"), func(e *decisionlog.Entry) { e.SessionPolicies = []string{"managed/gone.json"} }, "no session has the session policy managed/gone.json in the directory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := c.entry
			if c.change != nil {
				c.change(&e)
			}
			v, err := New(s).Decide(&e)
			if unable := Unable(""); !errors.As(err, &unable) || !strings.HasPrefix(string(unable), c.want) || !reflect.DeepEqual(v, Verdict{Decision: v.Decision}) {
				t.Errorf("%+v, %v; want %s", v, err, c.want)
			}
		})
	}
}

// TestCallersOfTheDirectory checks the decisions on callers that the directory does not have.
func TestCallersOfTheDirectory(t *testing.T) {
	s := load(t, nil)
	log := entries(t, record(t, s, []*authz.CheckRequest{
		newRequest(1, "bob", "GET /v2/free/manifests/v1", "crane/1"), newRequest(2, "", "GET /v2/public/manifests/v1", "crane/1"), newRequest(3, "token", "GET /v2/free/manifests/v1", "crane/1"),
	}))
	for _, c := range []struct {
		name    string
		file    string
		replace []string // old and new
		entry   int
		want    authz.Outcome
		reason  string
	}{
		{"unchanged", "registries.yaml", nil, 0, authz.Allowed, ""},
		{"no such user", "principals.yaml", []string{"user/dev/bob", "user/dev/eve"}, 0, authz.Unauthenticated, "arn:aws:iam::123456789012:user/dev/bob is not among the principals"},
		{"another source", "registries.yaml", []string{"[header, jwt_authn], header: x-user", "[jwt_authn]"}, 0, authz.Unauthenticated, "the registry does not accept header as a source of identity"},
		{"no such registry", "registries.yaml", []string{"name: main", "name: other"}, 0, authz.Refused, ""},
		{"anonymous, unchanged", "registries.yaml", nil, 1, authz.Allowed, ""},
		{"no anonymous callers", "registries.yaml", []string{", anonymous: true", ""}, 1, authz.Unauthenticated, "the registry does not serve anonymous callers"},
		{"a session, unchanged", "registries.yaml", nil, 2, authz.Allowed, ""},
		{"no such role", "principals.yaml", []string{"role/ci/builder", "role/ci/other", "assumed-role/builder", "assumed-role/other"}, 2, authz.Unauthenticated, "arn:aws:iam::123456789012:role/builder is not among the principals"},
		{"the role at another path", "principals.yaml", []string{"role/ci/builder", "role/builder"}, 2, authz.Allowed, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.NewReplacer(c.replace...).Replace(directory()[c.file])
			v, err := New(load(t, map[string]string{c.file: text})).Decide(log[c.entry])
			if err != nil || v.Decision != c.want || c.reason != "" && v.Reason != c.reason {
				t.Errorf("%s (%s), %v; want %s (%s)", v.Decision, v.Reason, err, c.want, c.reason)
			}
		})
	}
}

// TestAnonymousSession checks that /v2/ is decided again as for a caller with the session token of
// an anonymous caller, where others must fetch a token first.
func TestAnonymousSession(t *testing.T) {
	text := "sessions: {issuer: \"https://main.example.com\"}\n" + directory()["registries.yaml"]
	text = strings.NewReplacer("sources: [header, jwt_authn], header: x-user", "sources: [session], challenge: bearer", "trustedHops: 1", "trustedHops: 0").Replace(text)
	for source, want := range map[string]authz.Outcome{"session": authz.Allowed, "": authz.Unauthenticated, "header": authz.Unauthenticated} {
		e := &decisionlog.Entry{
			Version: decisionlog.Version, Decision: want, Registry: "main", Principal: "anonymous", Source: source,
			Method: "GET", Operation: "CheckAPI", Context: map[string]string{"aws:SecureTransport": "true"},
		}
		if v, err := New(load(t, map[string]string{"registries.yaml": text})).Decide(e); err != nil || v.Decision != want {
			t.Errorf("source %q: %s (%s), %v; want %s", source, v.Decision, v.Reason, err, want)
		}
	}
}
