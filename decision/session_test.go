package decision

import (
	"strings"
	"testing"

	"extauthz/iam"
)

const bounded = "arn:aws:iam::123456789012:user/bounded"

var (
	boundedUser = iam.Principal{Kind: iam.User, ARN: bounded, Account: "123456789012"}
	federated   = iam.Principal{Kind: iam.FederatedUser, ARN: "arn:aws:sts::123456789012:federated-user/guest", Account: "123456789012", UserARN: alice}
	// The same session, but made by the user with the boundary.
	boundedFederated = iam.Principal{Kind: iam.FederatedUser, ARN: federated.ARN, Account: "123456789012", UserARN: bounded}
	root             = iam.Principal{Kind: iam.RootUser, ARN: "arn:aws:iam::123456789012:root", Account: "123456789012"}
	service          = iam.Principal{Kind: iam.Service, ARN: "ci.amazonaws.com"}
	anonymous        = iam.Principal{Kind: iam.Anonymous}
)

const allowAll = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*","Resource":"*"}}`

// limitTexts are policies that limit, each by a condition key of its own or by
// none: session policies and boundaries.
var limitTexts = map[string]string{
	"everything": allowAll,
	"reading":    `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:BatchGetImage","Resource":"*"}}`,
	"weekdays":   `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:PutImage","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/day":"monday"}}}}`,
	"teams":      `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"ecr:PutImage","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"red"}}}}`,
	"dated":      `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"2026-06-01T00:00:00Z"}}}}`,
}

// limits are session policies by name.
func limits(t testing.TB, names ...string) (list []*iam.Policy) {
	t.Helper()
	for _, name := range names {
		list = append(list, limit(t, iam.SessionPolicy, name))
	}
	return list
}

func limit(t testing.TB, kind iam.Kind, name string) *iam.Policy {
	t.Helper()
	p, err := iam.Compile(kind, name+".json", []byte(limitTexts[name]))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// limitedPolicies are those of a snapshot where everybody may do everything,
// some within a boundary, and nobody who has no identity policies should.
func limitedPolicies(t testing.TB) Policies {
	t.Helper()
	all := compile(t, iam.IdentityPolicy, allowAll)
	return Policies{
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
	e, err := New(limitedPolicies(t), Options{CacheSize: cacheSize, Stats: stats})
	if err != nil {
		t.Fatal(err)
	}
	return e, stats
}

// asking is a push at a time by a caller with tags and session policies.
func asking(t testing.TB, p *iam.Principal, name, time string, tags map[string]string, session ...string) *question {
	t.Helper()
	r := request(p, "ecr:PutImage", name, inside, time)
	for key, value := range tags {
		r.Context = append(r.Context, iam.ContextEntry{Key: "aws:PrincipalTag/" + key, Value: value})
	}
	r.Session = limits(t, session...)
	return r
}

func TestLimits(t *testing.T) {
	monday, red := map[string]string{"day": "monday"}, map[string]string{"team": "red"}
	e, _ := newLimited(t, 100)
	for _, c := range []struct {
		name    string
		request *question
		want    iam.Decision
	}{
		{"no boundary, no session policy", asking(t, &user, "app", early, nil), iam.Allowed},
		{"within the boundary", asking(t, &boundedUser, "app", early, nil), iam.Allowed},
		{"beyond the boundary", asking(t, &boundedUser, "app", late, nil), iam.ImplicitDeny},
		{"a boundary does not limit what names the caller", asking(t, &boundedUser, "open", late, nil), iam.Allowed},
		{"role session without session policies", asking(t, &session, "app", early, nil), iam.Allowed},
		{"session policy that does not allow", asking(t, &session, "app", early, nil, "reading"), iam.ImplicitDeny},
		{"one of two allows", asking(t, &session, "app", early, monday, "reading", "weekdays"), iam.Allowed},
		{"its condition does not hold", asking(t, &session, "app", early, nil, "reading", "weekdays"), iam.ImplicitDeny},
		{"one denies", asking(t, &session, "app", early, red, "everything", "teams"), iam.ExplicitDeny},
		{"federated user without a session policy", asking(t, &federated, "app", early, nil), iam.ImplicitDeny},
		{"federated user with one", asking(t, &federated, "app", early, nil, "everything"), iam.Allowed},
		{"federated user beyond the session policy", asking(t, &federated, "app", early, nil, "reading"), iam.ImplicitDeny},
		{"federated user within the boundary of the user", asking(t, &boundedFederated, "app", early, nil, "everything"), iam.Allowed},
		{"federated user beyond it", asking(t, &boundedFederated, "app", late, nil, "everything"), iam.ImplicitDeny},
		{"federated user of an unknown user", asking(t, &iam.Principal{Kind: iam.FederatedUser, ARN: federated.ARN, Account: "123456789012"}, "app", early, nil, "everything"), iam.ImplicitDeny},
		{"repository policy for the user who federated, without a session policy", asking(t, &federated, "alices", early, nil), iam.ImplicitDeny},
		{"with one", asking(t, &federated, "alices", early, nil, "everything"), iam.Allowed},
		{"repository policy for the federated user itself", asking(t, &federated, "guests", early, nil), iam.Allowed},
		{"root user", asking(t, &root, "app", early, nil), iam.Allowed},
		{"service", asking(t, &service, "app", early, nil), iam.ImplicitDeny},
		{"anonymous", asking(t, &anonymous, "app", early, nil), iam.ImplicitDeny},
		{"root user, open repository", asking(t, &root, "open", early, nil), iam.Allowed},
		{"service, open repository", asking(t, &service, "open", early, nil), iam.Allowed},
		{"anonymous, open repository", asking(t, &anonymous, "open", early, nil), iam.Allowed},
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

// TestLimitsShareNoDecision asks, one after the other, two questions that differ
// in a single thing, and wants the second answered anew, whichever comes first.
func TestLimitsShareNoDecision(t *testing.T) {
	day := func(name string) map[string]string { return map[string]string{"day": name} }
	for _, c := range []struct {
		name          string
		first, second *question
		wants         [2]iam.Decision
	}{
		{"session policy and none", asking(t, &session, "app", early, nil, "reading"), asking(t, &session, "app", early, nil), [2]iam.Decision{iam.ImplicitDeny, iam.Allowed}},
		{"one session policy and another", asking(t, &session, "app", early, nil, "reading"), asking(t, &session, "app", early, nil, "everything"), [2]iam.Decision{iam.ImplicitDeny, iam.Allowed}},
		{"one session policy more", asking(t, &session, "app", early, nil, "reading"), asking(t, &session, "app", early, nil, "reading", "everything"), [2]iam.Decision{iam.ImplicitDeny, iam.Allowed}},
		{"federated with session policy and none", asking(t, &federated, "app", early, nil, "everything"), asking(t, &federated, "app", early, nil), [2]iam.Decision{iam.Allowed, iam.ImplicitDeny}},
		{"a key that only the session policy mentions", asking(t, &session, "app", early, day("monday"), "weekdays"), asking(t, &session, "app", early, day("sunday"), "weekdays"), [2]iam.Decision{iam.Allowed, iam.ImplicitDeny}},
		{"that key and none", asking(t, &session, "app", early, day("monday"), "weekdays"), asking(t, &session, "app", early, nil, "weekdays"), [2]iam.Decision{iam.Allowed, iam.ImplicitDeny}},
		{"a key that only the second session policy mentions", asking(t, &session, "app", early, day("monday"), "reading", "weekdays"), asking(t, &session, "app", early, day("sunday"), "reading", "weekdays"), [2]iam.Decision{iam.Allowed, iam.ImplicitDeny}},
		{"a key that only the boundary mentions", asking(t, &boundedUser, "app", early, nil), asking(t, &boundedUser, "app", late, nil), [2]iam.Decision{iam.Allowed, iam.ImplicitDeny}},
		{"that key, federated", asking(t, &boundedFederated, "app", early, nil, "everything"), asking(t, &boundedFederated, "app", late, nil, "everything"), [2]iam.Decision{iam.Allowed, iam.ImplicitDeny}},
		{"boundary and none", asking(t, &boundedUser, "app", late, nil), asking(t, &user, "app", late, nil), [2]iam.Decision{iam.ImplicitDeny, iam.Allowed}},
		{"boundary of who federated and none", asking(t, &boundedFederated, "app", late, nil, "everything"), asking(t, &federated, "app", late, nil, "everything"), [2]iam.Decision{iam.ImplicitDeny, iam.Allowed}},
	} {
		for i, order := range [][2]*question{{c.first, c.second}, {c.second, c.first}} {
			e, stats := newLimited(t, 100)
			one, two := decide(e, order[0]), decide(e, order[1])
			if one != c.wants[i] || two != c.wants[1-i] || stats.Hits.Load() != 0 {
				t.Errorf("%s: decided %s, %s with %d hits; want %s, %s without", c.name, one, two, stats.Hits.Load(), c.wants[i], c.wants[1-i])
			}
		}
	}
}

// A decision serves whoever differs only in what no policy in play mentions.
func TestLimitsShareWhatTheyMay(t *testing.T) {
	e, stats := newLimited(t, 100)
	decide(e, asking(t, &session, "app", early, map[string]string{"other": "a"}, "weekdays"))
	decide(e, asking(t, &session, "app", late, map[string]string{"other": "b"}, "weekdays"))
	if stats.Hits.Load() != 1 {
		t.Errorf("%d hits, want 1", stats.Hits.Load())
	}
}

func TestNewRefusesAnEmptyBoundary(t *testing.T) {
	_, err := New(Policies{Boundary: map[string][]*iam.Policy{bounded: {}}}, Options{CacheSize: 1})
	if err == nil || !strings.Contains(err.Error(), bounded) {
		t.Errorf("got %v, want an error about %s", err, bounded)
	}
}
