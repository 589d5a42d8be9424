package authz

import (
	"context"
	"reflect"
	"testing"

	"extauthz/iam"
	"extauthz/mapping"
	"extauthz/policystore"
)

// TestCheckAs holds that a given caller gets the very answer that the caller's
// credential gets, whatever credential the request carries.
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
			want := checker.Check(context.Background(), from(user, line[0], line[1]))
			got := checker.CheckAs(caller, from("", line[0], line[1]))
			got.Source = want.Source
			if !reflect.DeepEqual(got.Answer, want.Answer) || got.Decision != want.Decision || got.Reason != want.Reason || got.Digest != want.Digest ||
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
	evaluations := checker.CheckAs(caller, r).Evaluations
	last := &evaluations[len(evaluations)-1].Request
	question := NewIAMRequest(r, snapshot.RegistryNamed("main"), caller, last.Action, last.Resource)
	if last.Action != "ecr:ListImages" || !reflect.DeepEqual(question, last) {
		t.Errorf("%+v, want %+v", question, last)
	}
	if agent, _ := question.Context.Lookup("aws:UserAgent"); agent.Value != "crane" || snapshot.Decisions.Applicable(question, caller.SessionPolicies).Evaluate(question) != iam.ImplicitDeny {
		t.Errorf("context %v", question.Context)
	}
}
