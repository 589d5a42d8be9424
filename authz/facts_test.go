package authz

import (
	"reflect"
	"strings"
	"testing"

	"extauthz/mapping"
)

// decidedOf returns what a log contains of a decision.
func decidedOf(r *CheckRequest, result *Result) *Decided {
	f := &result.Facts
	return &Decided{
		Registry: result.Registry, Request: f.Request, Caller: f.Caller, Time: r.Time,
		Mapping: mapping.Summary{
			Method: result.Method, Operation: result.Operation, Repository: result.Repository, Reference: result.Reference,
			Tags: f.Tags, Source: f.Source, EmptyBody: f.EmptyBody,
		},
	}
}

// TestCheckAgain checks that deciding a request again by the same policies has the same result.
func TestCheckAgain(t *testing.T) {
	checker := public(t)
	header := func(name, value string) mapping.Header { return mapping.Header{Name: name, Value: value} }
	decisions := map[Outcome]int{}
	for _, user := range []string{"", "alice", "bob", "carol", "dave"} {
		for _, registry := range []string{"main", "public", "tokens", "hidden"} {
			for _, target := range []string{
				"GET /v2/", "GET /v2/_catalog", "GET /v2/team/app/manifests/v1", "HEAD /v2/team/app/blobs/" + digest, "GET /v2/public/app/manifests/v1",
				"GET /v2/public/app/manifests/internal", "GET /v2/secret/app/manifests/v1", "PUT /v2/team/app/manifests/v1", "PUT /v2/team/app/manifests/v1?tag=v2&tag=internal",
				"POST /v2/team/app/blobs/uploads/", "POST /v2/team/app/blobs/uploads/?mount=" + digest + "&from=secret/app", "PUT /v2/team/app/blobs/uploads/1?digest=" + digest,
			} {
				method, path, _ := strings.Cut(target, " ")
				r := from(user, method, path, header("user-agent", "crane"), header("content-length", "0"))
				r.Extensions, r.SNI = Extensions{Registry: registry}, r.Host
				result := checker.Check(t.Context(), r)
				if result.Facts.Caller == nil {
					continue
				}
				decisions[result.Decision]++
				again, err := checker.CheckAgain(decidedOf(r, result))
				if err != nil {
					t.Fatal(err)
				}
				if again.Decision != result.Decision || again.Reason != result.Reason || !reflect.DeepEqual(again.Evaluations, result.Evaluations) || !reflect.DeepEqual(again.Facts, result.Facts) {
					t.Errorf("%q at %s, %s: %s (%s)\n%+v, again %s (%s)\n%+v", user, registry, target, result.Decision, result.Reason, result.Facts, again.Decision, again.Reason, again.Facts)
				}
			}
		}
	}
	for _, d := range []Outcome{Allowed, ImplicitDeny, ExplicitDeny} {
		if decisions[d] < 5 {
			t.Errorf("only %d requests are %s", decisions[d], d)
		}
	}
}

// TestCheckAgainUsesFacts checks that the facts determine the condition keys, whatever the settings
// of the registry say about connections.
func TestCheckAgainUsesFacts(t *testing.T) {
	checker := public(t)
	bob := checker.Check(t.Context(), from("bob", "GET", "/v2/")).Facts.Caller
	again, err := checker.CheckAgain(&Decided{
		Registry: "main", Caller: bob, Time: from("", "GET", "/").Time,
		Mapping: mapping.Summary{Method: "GET", Operation: "GetManifest", Repository: "team/app", Reference: "v1"},
		Request: RequestFacts{Client: "192.0.2.9", Secure: true, UserAgent: HeaderText{Present: true}, Referer: HeaderText{"https://example.com", true}},
	})
	if err != nil || len(again.Requests) == 0 {
		t.Fatal(err, again)
	}
	for key, want := range map[string]string{
		"aws:SourceIp": "192.0.2.9", "aws:SecureTransport": "true", "aws:UserAgent": "", "aws:referer": "https://example.com", "aws:CurrentTime": "2027-01-15T08:00:00Z", "oci:Reference": "v1",
	} {
		if entry, found := again.Requests[len(again.Requests)-1].Context.Lookup(key); !found || entry.Value != want {
			t.Errorf("%s is %q, %t; want %q", key, entry.Value, found, want)
		}
	}
}

// TestCheckAgainAtNoRegistry checks that a request to a registry that does not exist is refused.
func TestCheckAgainAtNoRegistry(t *testing.T) {
	checker := public(t)
	again, err := checker.CheckAgain(&Decided{Registry: "gone", Mapping: mapping.Summary{Method: "GET", Operation: "CheckAPI"}})
	if err != nil || again.Decision != Refused {
		t.Errorf("%+v, %v", again, err)
	}
	if _, err := checker.CheckAgain(&Decided{Registry: "main"}); err == nil {
		t.Error("a request without an operation is decided")
	}
}
