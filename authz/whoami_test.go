package authz

import (
	"context"
	"maps"
	"reflect"
	"strings"
	"testing"

	"extauthz/policystore"
)

// TestIdentify holds Identify to Check: the same caller in the same context, or
// the same reason why there is none.
func TestIdentify(t *testing.T) {
	checker := newChecker(t)
	wrong := from("", "GET", "/v2/")
	wrong.Headers = append(wrong.Headers, basic("alice"))
	wrong.Headers[0].Value = wrong.Headers[0].Value[:20] + "AAAA"
	elsewhere := from("alice", "GET", "/v2/")
	elsewhere.Host = "elsewhere.example.com"
	for _, c := range []struct {
		name      string
		request   *Request
		principal string // "" for nobody
	}{
		{"a user", from("alice", "GET", "/v2/"), "arn:aws:iam::123456789012:user/alice"},
		{"a user who may not log in", from("dave", "GET", "/v2/"), "arn:aws:iam::123456789012:user/dave"},
		{"no credential", from("", "GET", "/v2/"), ""},
		{"wrong password", wrong, ""},
		{"other host", elsewhere, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			who, why := checker.Identify(context.Background(), c.request, nil)
			result := checker.Check(context.Background(), c.request)
			if c.principal == "" {
				if who != nil || why == nil || why.Reason != result.Reason || why.Decision != result.Decision || why.Source != result.Source {
					t.Errorf("identity %+v, result %+v; Check has %+v", who, why, result)
				}
				return
			}
			if why != nil || who.Caller.Principal.ARN != c.principal || who.Registry.Name != "main" {
				t.Fatalf("identity %+v, result %+v", who, why)
			}
			if context := result.Evaluations[0].Context; !reflect.DeepEqual(who.Context, context) {
				t.Errorf("context %v, want %v", who.Context, context)
			}
		})
	}
}

// A credential that is shown to a registry directly came by no proxies.
func TestIdentifyDirectly(t *testing.T) {
	contents := maps.Clone(directory)
	contents["registries.yaml"] = strings.Replace(contents["registries.yaml"], "realm: The realm", "trustedHops: 1", 1)
	checker := newCheckerOf(t, contents, "alice", "bob", "carol", "dave")
	r := from("bob", "GET", "/v2/")
	if who, why := checker.Identify(context.Background(), r, nil); who != nil || why.Decision != Refused {
		t.Errorf("around the proxies: identity %+v, result %+v", who, why)
	}
	r.Peer, r.Host = "", "anything"
	who, why := checker.Identify(context.Background(), r, checker.Snapshots().RegistryNamed("main"))
	if why != nil || who.Caller.Principal.ARN != "arn:aws:iam::123456789012:user/bob" {
		t.Fatalf("identity %+v, result %+v", who, why)
	}
	if _, found := who.Context.Lookup("aws:SourceIp"); found {
		t.Error("an address is known of a request that nobody sent")
	}
}

func TestIdentifyWithoutPolicies(t *testing.T) {
	checker := &Checker{Snapshots: func() *policystore.Snapshot { return nil }}
	if who, why := checker.Identify(context.Background(), from("alice", "GET", "/v2/"), nil); who != nil || why.Decision != Unavailable503 {
		t.Errorf("identity %+v, result %+v", who, why)
	}
}
