package authz

import (
	"context"
	"maps"
	"reflect"
	"strings"
	"testing"

	"extauthz/iam"
	"extauthz/mapping"
	"extauthz/policystore"
)

// TestCheckAs checks that a caller gets the same answer as with a credential, whatever credential
// the request contains.
func TestCheckAs(t *testing.T) {
	checker := newChecker(t)
	outcomes := map[Outcome]bool{}
	for _, user := range []string{"alice", "bob", "carol", "dave"} {
		caller, err := checker.Snapshots().CallerNamed("arn:aws:iam::123456789012:user/" + user)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range [][2]string{{"GET", "/v2/"}, {"GET", "/v2/team/app/manifests/v1"}, {"PUT", "/v2/team/app/manifests/v1"},
			{"GET", "/v2/secret/app/manifests/v1"}, {"HEAD", "/v2/team/app/blobs/" + digest}, {"GET", "/v2/team/../app/manifests/v1"}} {
			want := checkOffline(checker, from(user, line[0], line[1]))
			got := checker.CheckAs(caller, from("", line[0], line[1]))
			got.Source = want.Source
			if !reflect.DeepEqual(withoutID(got.Result).Answer, withoutID(want.Result).Answer) || got.Decision != want.Decision || got.Reason != want.Reason || got.Digest != want.Digest ||
				got.Principal != want.Principal || !reflect.DeepEqual(got.Explain(), want.Explain()) {
				t.Errorf("%s %v: %+v, by credential %+v", user, line, got, want)
			}
			outcomes[got.Decision] = true
			if other := checker.CheckAs(caller, from("alice", line[0], line[1])); other.Decision != got.Decision {
				t.Errorf("%s %v: the credential in the request changes the answer to %v", user, line, other.Decision)
			}
		}
	}
	if len(outcomes) != 5 { // all but unavailable
		t.Errorf("outcomes %v", outcomes)
	}
}

// TestCheckAsRefuses checks requests without policies and to another host.
func TestCheckAsRefuses(t *testing.T) {
	checker := newChecker(t)
	caller, err := checker.Snapshots().CallerNamed("arn:aws:iam::123456789012:user/alice")
	if err != nil {
		t.Fatal(err)
	}
	r := from("", "GET", "/v2/team/app/manifests/v1")
	none := &Checker{Snapshots: func() *policystore.Snapshot { return nil }}
	if got := none.CheckAs(caller, r); got.Decision != Unavailable503 {
		t.Errorf("without policies %v", got.Decision)
	}
	r.Host = "elsewhere.example.com"
	if got := checker.CheckAs(caller, r); got.Decision != Refused {
		t.Errorf("for another host %v", got.Decision)
	}
}

// TestNewIAMRequest checks that a request for an action has the context in which the same
// permission of an HTTP request is evaluated.
func TestNewIAMRequest(t *testing.T) {
	checker := newChecker(t)
	snapshot := checker.Snapshots()
	caller, err := snapshot.CallerNamed("arn:aws:iam::123456789012:user/bob")
	if err != nil {
		t.Fatal(err)
	}
	r := from("", "GET", "/v2/team/app/tags/list", mapping.Header{Name: "user-agent", Value: "crane"})
	requests := checker.CheckAs(caller, r).Requests
	last := &requests[len(requests)-1]
	got := NewIAMRequest(r, snapshot.RegistryNamed("main"), caller, last.Action, last.Resource)
	if last.Action != "ecr:ListImages" || !reflect.DeepEqual(got, last) {
		t.Errorf("%+v, want %+v", got, last)
	}
	if agent, _ := got.Context.Lookup("aws:UserAgent"); agent.Value != "crane" || snapshot.Decisions.Applicable(got, caller.SessionPolicies).Evaluate(got) != iam.ImplicitDeny {
		t.Errorf("context %v", got.Context)
	}
}

// TestIdentify checks that Identify and Check find the same caller in the same context, or the
// same reason why there is none.
func TestIdentify(t *testing.T) {
	checker := newChecker(t)
	wrong := from("", "GET", "/v2/")
	wrong.Headers = append(wrong.Headers, basic("alice"))
	wrong.Headers[0].Value = wrong.Headers[0].Value[:20] + "AAAA"
	elsewhere := from("alice", "GET", "/v2/")
	elsewhere.Host = "elsewhere.example.com"
	for _, c := range []struct {
		name      string
		request   *CheckRequest
		principal string // "" for none
	}{
		{"a user", from("alice", "GET", "/v2/"), "arn:aws:iam::123456789012:user/alice"},
		{"a user who may not log in", from("dave", "GET", "/v2/"), "arn:aws:iam::123456789012:user/dave"},
		{"no credential", from("", "GET", "/v2/"), ""},
		{"wrong password", wrong, ""},
		{"other host", elsewhere, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			who, why := checker.Identify(context.Background(), c.request, nil)
			result := checkOffline(checker, c.request)
			if c.principal == "" {
				if who != nil || why == nil || why.Reason != result.Reason || why.Decision != result.Decision || why.Source != result.Source {
					t.Errorf("identity %+v, result %+v; Check has %+v", who, why, result)
				}
				return
			}
			if why != nil || who.Caller.Principal.ARN != c.principal || who.Registry.Name != "main" {
				t.Fatalf("identity %+v, result %+v", who, why)
			}
			if context := result.Requests[0].Context; !reflect.DeepEqual(who.Context, context) {
				t.Errorf("context %v, want %v", who.Context, context)
			}
		})
	}
}

// TestIdentifyDirectly checks a credential for a given registry, without proxies.
func TestIdentifyDirectly(t *testing.T) {
	contents := maps.Clone(directory)
	contents["registries.yaml"] = strings.Replace(contents["registries.yaml"], "realm: The realm", "trustedHops: 1", 1)
	checker := newCheckerOf(t, contents, "alice", "bob", "carol", "dave")
	r := from("bob", "GET", "/v2/")
	if who, why := checker.Identify(context.Background(), r, nil); who != nil || why.Decision != Refused {
		t.Errorf("not through the proxies: identity %+v, result %+v", who, why)
	}
	r.Peer, r.Host = "", "anything"
	who, why := checker.Identify(context.Background(), r, checker.Snapshots().RegistryNamed("main"))
	if why != nil || who.Caller.Principal.ARN != "arn:aws:iam::123456789012:user/bob" {
		t.Fatalf("identity %+v, result %+v", who, why)
	}
	if _, found := who.Context.Lookup("aws:SourceIp"); found {
		t.Error("an imagined request has an address")
	}
}

// TestIdentifyWithoutPolicies checks that nothing is identified before the first snapshot.
func TestIdentifyWithoutPolicies(t *testing.T) {
	checker := &Checker{Snapshots: func() *policystore.Snapshot { return nil }}
	if who, why := checker.Identify(context.Background(), from("alice", "GET", "/v2/"), nil); who != nil || why.Decision != Unavailable503 {
		t.Errorf("identity %+v, result %+v", who, why)
	}
}
