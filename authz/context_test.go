package authz

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"extauthz/iam"
	"extauthz/identity"
	"extauthz/identity/sts"
	"extauthz/mapping"
	"extauthz/policystore"
	"extauthz/policystore/config"
)

// place returns a registry.
func place() *policystore.Registry {
	return &policystore.Registry{RegistrySettings: &config.RegistrySettings{Settings: mapping.Settings{Partition: "aws", Region: "eu-central-1", Account: "123456789012"}}}
}

func wantContext(t *testing.T, got iam.Context, want map[string]string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d keys, want %d: %v", len(got), len(want), got)
	}
	for key, value := range want {
		if entry, present := got.Lookup(key); !present || entry.Multi || entry.Value != value {
			t.Errorf("%s = %q, want %q", key, entry.Value, value)
		}
	}
}

// contextOf returns the condition keys of a request from a client.
func contextOf(r *CheckRequest, registry *policystore.Registry, client string) iam.Context {
	facts := r.facts(registry, client)
	return appendRequestContext(nil, &facts, registry, newTimeText(r.Time))
}

// TestRequestContext checks the condition keys of a request.
func TestRequestContext(t *testing.T) {
	r := from("", "GET", "/v2/", mapping.Header{Name: "user-agent", Value: "crane"}, mapping.Header{Name: "referer", Value: "https://example.com"})
	wantContext(t, contextOf(r, place(), "192.0.2.1"), map[string]string{
		"aws:SourceIp": "192.0.2.1", "aws:SecureTransport": "false",
		"aws:CurrentTime": "2027-01-15T08:00:00Z", "aws:EpochTime": "1800000000",
		"aws:UserAgent": "crane", "aws:referer": "https://example.com", "aws:RequestedRegion": "eu-central-1",
	})
	bare := &CheckRequest{Time: time.Unix(0, 0), Headers: []mapping.Header{{Name: "user-agent"}}}
	wantContext(t, contextOf(bare, place(), ""), map[string]string{
		"aws:SecureTransport": "false", "aws:CurrentTime": "1970-01-01T00:00:00Z", "aws:EpochTime": "0",
		"aws:UserAgent": "", "aws:RequestedRegion": "eu-central-1",
	})
}

// TestContextByVPCEndpoint checks the condition keys of a request through a VPC endpoint.
func TestContextByVPCEndpoint(t *testing.T) {
	registry := place()
	registry.VPCEndpoint = &config.VPCEndpoint{ID: "vpce-1a2b3c4d", VPC: "vpc-1a2b3c4d"}
	wantContext(t, contextOf(&CheckRequest{Time: time.Unix(0, 0)}, registry, "192.0.2.1"), map[string]string{
		"aws:SourceVpce": "vpce-1a2b3c4d", "aws:SourceVpc": "vpc-1a2b3c4d", "aws:VpcSourceIp": "192.0.2.1",
		"aws:SecureTransport": "false", "aws:CurrentTime": "1970-01-01T00:00:00Z", "aws:EpochTime": "0", "aws:RequestedRegion": "eu-central-1",
	})
}

// TestCallerContext checks that keys of the caller do not replace keys of the request: the keys
// of the request are first, and of two entries with one name the first counts.
func TestCallerContext(t *testing.T) {
	caller := &identity.Caller{CallerIdentity: sts.CallerIdentity{Context: iam.Context{{Key: "aws:username", Value: "alice"}, {Key: "AWS:sourceip", Value: "203.0.113.9"}}}}
	got := callerContext(iam.Context{{Key: "aws:SourceIp", Value: "192.0.2.1"}}, place(), caller)
	for key, want := range map[string]string{"aws:SourceIp": "192.0.2.1", "aws:username": "alice", "aws:ResourceAccount": "123456789012"} {
		if entry, _ := got.Lookup(key); entry.Value != want {
			t.Errorf("%s = %q, want %q", key, entry.Value, want)
		}
	}
}

// TestOrganizationContext checks that the organization's keys exist for the caller's account and
// the registry's, each if it is a member.
func TestOrganizationContext(t *testing.T) {
	const organization = `id: o-a1b2c3d4e5
accounts:
  "123456789012": o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/
  "210987654321": o-a1b2c3d4e5/r-ab12/
`
	contents := map[string]string{"organization.yaml": organization}
	for path, content := range directory {
		contents[path] = content
	}
	snapshot := newCheckerOf(t, contents, "alice", "bob", "carol", "dave").Snapshots()
	registry := snapshot.RegistryNamed("main")
	const unit, root = "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/", "o-a1b2c3d4e5/r-ab12/"
	for _, c := range []struct{ name, caller, owner, principalPath, resourcePath string }{
		{"both", "210987654321", "123456789012", root, unit},
		{"the same", "123456789012", "123456789012", unit, unit},
		{"a caller from elsewhere", "999999999999", "123456789012", "", unit},
		{"a registry from elsewhere", "210987654321", "999999999999", root, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			here := *registry
			here.Account = c.owner
			caller, err := snapshot.CallerNamed("arn:aws:iam::" + c.caller + ":root")
			if err != nil {
				t.Fatal(err)
			}
			got := callerContext(nil, &here, caller)
			for _, want := range []struct{ id, paths, path string }{
				{"aws:PrincipalOrgID", "aws:PrincipalOrgPaths", c.principalPath}, {"aws:ResourceOrgID", "aws:ResourceOrgPaths", c.resourcePath},
			} {
				id, hasID := got.Lookup(want.id)
				paths, hasPaths := got.Lookup(want.paths)
				if want.path == "" {
					if hasID || hasPaths {
						t.Errorf("%s is %v, %s is %v; want neither", want.id, id, want.paths, paths)
					}
					continue
				}
				if id.Value != "o-a1b2c3d4e5" || id.Multi || !paths.Multi || !slices.Equal(paths.Values, []string{want.path}) {
					t.Errorf("%s is %v, %s is %v; want %s", want.id, id, want.paths, paths, want.path)
				}
			}
		})
	}
}

// TestOrganizationDecides checks a policy about the organization.
func TestOrganizationDecides(t *testing.T) {
	contents := map[string]string{"organization.yaml": "id: o-a1b2c3d4e5\naccounts: {\"123456789012\": o-a1b2c3d4e5/r-ab12/}\n"}
	for path, content := range directory {
		contents[path] = content
	}
	contents["managed/pull.json"] = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:*","Resource":"*","Condition":{
  "StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5","aws:ResourceOrgID":"o-a1b2c3d4e5"},
  "ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-a1b2c3d4e5/r-ab12/*","aws:ResourceOrgPaths":"o-a1b2c3d4e5/*"}}}]}`
	users := []string{"alice", "bob", "carol", "dave"}
	if r := newCheckerOf(t, contents, users...).Check(context.Background(), from("bob", "GET", "/v2/team/app/tags/list")); r.Decision != Allowed {
		t.Errorf("a member is answered %v: %s", r.Decision, r.Reason)
	}
	delete(contents, "organization.yaml")
	if r := newCheckerOf(t, contents, users...).Check(context.Background(), from("bob", "GET", "/v2/team/app/tags/list")); r.Decision != ImplicitDeny {
		t.Errorf("without an organization the answer is %v", r.Decision)
	}
}

// TestContextCapacity checks that the memory of a check suffices for the context of a usual request.
func TestContextCapacity(t *testing.T) {
	checker := newChecker(t)
	r := from("bob", "GET", "/v2/team/app/manifests/v1", mapping.Header{Name: "user-agent", Value: "crane"})
	result := checkOffline(checker, r)
	last := result.Requests[len(result.Requests)-1].Context
	if cap(last) != usualKeys || len(last) > usualKeys {
		t.Errorf("the context has %d keys and the capacity %d, want the capacity %d", len(last), cap(last), usualKeys)
	}
}

func sameContext(a, b iam.Context) bool {
	return slices.EqualFunc(a, b, func(a, b iam.ContextEntry) bool {
		return a.Key == b.Key && a.Value == b.Value && a.Multi == b.Multi && slices.Equal(a.Values, b.Values)
	})
}

// TestSessionBeginsWithRequest checks that the session of a caller with a password begins at
// the time of each request.
func TestSessionBeginsWithRequest(t *testing.T) {
	contents := maps.Clone(directory)
	contents["principals.yaml"] = `credentials:
- {basic: alice, principal: "arn:aws:sts::123456789012:assumed-role/ci/alice"}
principals:
- {arn: "arn:aws:iam::123456789012:role/ci", policies: [recent]}
`
	contents["managed/recent.json"] = `{"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Action":"ecr:*","Resource":"*","Condition":{"DateEquals":{"aws:TokenIssueTime":"2027-01-15T08:00:00Z"}}}]}`
	checker := newCheckerOf(t, contents, "alice")
	for _, c := range []struct {
		seconds int64
		want    Outcome
	}{{0, Allowed}, {1, ImplicitDeny}, {0, Allowed}} {
		r := from("alice", "GET", "/v2/team/app/manifests/v1")
		r.Time = r.Time.Add(time.Duration(c.seconds) * time.Second)
		if result := checker.Check(t.Context(), r); result.Decision != c.want {
			t.Errorf("after %d s: %v, %s; want %v", c.seconds, result.Decision, result.Reason, c.want)
		}
	}
}
