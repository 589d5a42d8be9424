package decision

import (
	"sync"
	"testing"

	"extauthz/iam"
)

const bounded = "arn:aws:iam::123456789012:user/bounded"

var (
	boundedUser = iam.Principal{Kind: iam.User, ARN: bounded, Account: "123456789012"}
	federated   = iam.Principal{Kind: iam.FederatedUser, ARN: "arn:aws:sts::123456789012:federated-user/guest", Account: "123456789012", UserARN: alice}
	// The same session, but requested by the user with the boundary.
	boundedFederated = iam.Principal{Kind: iam.FederatedUser, ARN: federated.ARN, Account: "123456789012", UserARN: bounded}
	root             = iam.Principal{Kind: iam.RootUser, ARN: "arn:aws:iam::123456789012:root", Account: "123456789012"}
	service          = iam.Principal{Kind: iam.Service, ARN: "ci.amazonaws.com"}
	anonymous        = iam.Principal{Kind: iam.Anonymous}
)

const allowAll = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*","Resource":"*"}}`

// limitTexts are session policies and boundaries. Each mentions another condition key or none.
var limitTexts = map[string]string{
	"everything": allowAll,
	"reading":    `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:BatchGetImage","Resource":"*"}}`,
	"weekdays":   `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:PutImage","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/day":"monday"}}}}`,
	"teams":      `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"ecr:PutImage","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"red"}}}}`,
	"dated":      `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"2026-06-01T00:00:00Z"}}}}`,
}

// limits returns session policies by name.
func limits(t testing.TB, names ...string) (list []*iam.Policy) {
	t.Helper()
	for _, name := range names {
		list = append(list, limit(t, iam.SessionPolicy, name))
	}
	return list
}

// limit returns a policy by its name, the same one each time, as a snapshot does.
func limit(t testing.TB, kind iam.Kind, name string) *iam.Policy {
	t.Helper()
	p, found := compiledLimits.Load(limitOf{kind, name})
	if found {
		return p.(*iam.Policy)
	}
	compiled, err := iam.Compile(kind, name+".json", []byte(limitTexts[name]))
	if err != nil {
		t.Fatal(err)
	}
	p, _ = compiledLimits.LoadOrStore(limitOf{kind, name}, compiled)
	return p.(*iam.Policy)
}

type limitOf struct {
	kind iam.Kind
	name string
}

var compiledLimits sync.Map // of *iam.Policy, by limitOf

// limitedPolicies returns the policies of a snapshot in which every principal with identity policies
// may do everything, some within a boundary.
func limitedPolicies(t testing.TB) attachments {
	t.Helper()
	all := compile(t, iam.IdentityPolicy, allowAll)
	return attachments{
		Identity: map[string][]*iam.Policy{alice: all, role: all, bounded: all, root.ARN: all, service.ARN: all, "": all},
		Boundary: map[string][]*iam.Policy{
			role:     {limit(t, iam.PermissionsBoundary, "everything")},
			bounded:  {limit(t, iam.PermissionsBoundary, "dated")},
			root.ARN: {limit(t, iam.PermissionsBoundary, "everything")},
		},
		Repository: map[string][]*iam.Policy{
			repository + "open":   compile(t, iam.RepositoryPolicy, `{"Statement":{"Effect":"Allow","Principal":"*","Action":"ecr:*"}}`),
			repository + "alices": compile(t, iam.RepositoryPolicy, `{"Statement":{"Effect":"Allow","Principal":{"AWS":"`+alice+`"},"Action":"ecr:*"}}`),
			repository + "guests": compile(t, iam.RepositoryPolicy, `{"Statement":{"Effect":"Allow","Principal":{"AWS":"`+federated.ARN+`"},"Action":"ecr:*"}}`),
		},
	}
}

func newLimited(t testing.TB, cacheSize int) (*Engine, *Stats) {
	t.Helper()
	stats := new(Stats)
	e, err := New(limitedPolicies(t).policies(t), Options{CacheSize: cacheSize, Stats: stats})
	if err != nil {
		t.Fatal(err)
	}
	return e, stats
}

// push returns a push at a time by a caller with tags and session policies.
func push(t testing.TB, p *iam.Principal, name, time string, tags map[string]string, session ...string) *question {
	t.Helper()
	r := request(p, "ecr:PutImage", name, inside, time)
	for key, value := range tags {
		r.Context = append(r.Context, iam.ContextEntry{Key: "aws:PrincipalTag/" + key, Value: value})
	}
	r.Session = limits(t, session...)
	return r
}

// TestLimits checks the effect of boundaries and session policies.
func TestLimits(t *testing.T) {
	monday, red := map[string]string{"day": "monday"}, map[string]string{"team": "red"}
	e, _ := newLimited(t, 100)
	for _, c := range []struct {
		name    string
		request *question
		want    iam.Decision
	}{
		{"no boundary, no session policy", push(t, &user, "app", early, nil), iam.Allowed},
		{"within the boundary", push(t, &boundedUser, "app", early, nil), iam.Allowed},
		{"beyond the boundary", push(t, &boundedUser, "app", late, nil), iam.ImplicitDeny},
		{"a boundary does not limit a repository policy for the caller", push(t, &boundedUser, "open", late, nil), iam.Allowed},
		{"role session without session policies", push(t, &session, "app", early, nil), iam.Allowed},
		{"session policy that does not allow", push(t, &session, "app", early, nil, "reading"), iam.ImplicitDeny},
		{"one of two allows", push(t, &session, "app", early, monday, "reading", "weekdays"), iam.Allowed},
		{"a condition of the session policy is false", push(t, &session, "app", early, nil, "reading", "weekdays"), iam.ImplicitDeny},
		{"one of two denies", push(t, &session, "app", early, red, "everything", "teams"), iam.ExplicitDeny},
		{"federated user without a session policy", push(t, &federated, "app", early, nil), iam.ImplicitDeny},
		{"federated user with a session policy", push(t, &federated, "app", early, nil, "everything"), iam.Allowed},
		{"federated user beyond the session policy", push(t, &federated, "app", early, nil, "reading"), iam.ImplicitDeny},
		{"federated user within the boundary of the user", push(t, &boundedFederated, "app", early, nil, "everything"), iam.Allowed},
		{"federated user beyond the boundary of the user", push(t, &boundedFederated, "app", late, nil, "everything"), iam.ImplicitDeny},
		{"federated user of an unknown user", push(t, &iam.Principal{Kind: iam.FederatedUser, ARN: federated.ARN, Account: "123456789012"}, "app", early, nil, "everything"), iam.ImplicitDeny},
		{"repository policy for the user who federated, without a session policy", push(t, &federated, "alices", early, nil), iam.ImplicitDeny},
		{"repository policy for the user who federated, with a session policy", push(t, &federated, "alices", early, nil, "everything"), iam.Allowed},
		{"repository policy for the federated user itself", push(t, &federated, "guests", early, nil), iam.Allowed},
		{"root user", push(t, &root, "app", early, nil), iam.Allowed},
		{"service", push(t, &service, "app", early, nil), iam.ImplicitDeny},
		{"anonymous", push(t, &anonymous, "app", early, nil), iam.ImplicitDeny},
		{"root user, open repository", push(t, &root, "open", early, nil), iam.Allowed},
		{"service, open repository", push(t, &service, "open", early, nil), iam.Allowed},
		{"anonymous, open repository", push(t, &anonymous, "open", early, nil), iam.Allowed},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 2 {
				if got := decide(e, c.request); got != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
			}
			if got := explain(e, c.request).Decision; got != c.want {
				t.Errorf("explained as %s, want %s", got, c.want)
			}
		})
	}
}

// TestLimitsShareNoDecision checks two requests that differ in one respect, in both orders: the
// second must not use the cached decision of the first.
func TestLimitsShareNoDecision(t *testing.T) {
	day := func(name string) map[string]string { return map[string]string{"day": name} }
	for _, c := range []struct {
		name          string
		first, second *question
		wants         [2]iam.Decision
	}{
		{"session policy and none", push(t, &session, "app", early, nil, "reading"), push(t, &session, "app", early, nil), [2]iam.Decision{iam.ImplicitDeny, iam.Allowed}},
		{"one session policy and another", push(t, &session, "app", early, nil, "reading"), push(t, &session, "app", early, nil, "everything"), [2]iam.Decision{iam.ImplicitDeny, iam.Allowed}},
		{"one more session policy", push(t, &session, "app", early, nil, "reading"), push(t, &session, "app", early, nil, "reading", "everything"), [2]iam.Decision{iam.ImplicitDeny, iam.Allowed}},
		{"federated with session policy and none", push(t, &federated, "app", early, nil, "everything"), push(t, &federated, "app", early, nil), [2]iam.Decision{iam.Allowed, iam.ImplicitDeny}},
		{"a key that only the session policy mentions", push(t, &session, "app", early, day("monday"), "weekdays"), push(t, &session, "app", early, day("sunday"), "weekdays"), [2]iam.Decision{iam.Allowed, iam.ImplicitDeny}},
		{"the same key and none", push(t, &session, "app", early, day("monday"), "weekdays"), push(t, &session, "app", early, nil, "weekdays"), [2]iam.Decision{iam.Allowed, iam.ImplicitDeny}},
		{"a key that only the second session policy mentions", push(t, &session, "app", early, day("monday"), "reading", "weekdays"), push(t, &session, "app", early, day("sunday"), "reading", "weekdays"), [2]iam.Decision{iam.Allowed, iam.ImplicitDeny}},
		{"a key that only the boundary mentions", push(t, &boundedUser, "app", early, nil), push(t, &boundedUser, "app", late, nil), [2]iam.Decision{iam.Allowed, iam.ImplicitDeny}},
		{"the same key, federated", push(t, &boundedFederated, "app", early, nil, "everything"), push(t, &boundedFederated, "app", late, nil, "everything"), [2]iam.Decision{iam.Allowed, iam.ImplicitDeny}},
		{"boundary and none", push(t, &boundedUser, "app", late, nil), push(t, &user, "app", late, nil), [2]iam.Decision{iam.ImplicitDeny, iam.Allowed}},
		{"boundary of the user who federated and none", push(t, &boundedFederated, "app", late, nil, "everything"), push(t, &federated, "app", late, nil, "everything"), [2]iam.Decision{iam.ImplicitDeny, iam.Allowed}},
	} {
		for i, order := range [][2]*question{{c.first, c.second}, {c.second, c.first}} {
			e, stats := newLimited(t, 100)
			fill(e, order[0])
			two := decide(e, order[1])
			hits := stats.Hits.Load()
			if one := decide(e, order[0]); stats.Hits.Load() == hits {
				t.Errorf("%s: the decision %s is not cached", c.name, one)
			}
			if one := decide(e, order[0]); one != c.wants[i] || two != c.wants[1-i] || hits != 0 {
				t.Errorf("%s: decided %s, %s with %d hits; want %s, %s without", c.name, one, two, hits, c.wants[i], c.wants[1-i])
			}
		}
	}
}

// TestLimitsShareADecision checks that requests share a decision if they differ only in keys that
// no applicable policy mentions.
func TestLimitsShareADecision(t *testing.T) {
	e, stats := newLimited(t, 100)
	fill(e, push(t, &session, "app", early, map[string]string{"other": "a"}, "weekdays"))
	decide(e, push(t, &session, "app", late, map[string]string{"other": "b"}, "weekdays"))
	if stats.Hits.Load() != 1 {
		t.Errorf("%d hits, want 1", stats.Hits.Load())
	}
}

// TestAttachRefusesAnEmptyBoundary checks that a boundary must have a policy.
func TestAttachRefusesAnEmptyBoundary(t *testing.T) {
	if _, err := Attach(nil, []*iam.Policy{}, nil); err == nil {
		t.Error("a boundary without a policy is accepted")
	}
}
