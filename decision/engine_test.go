package decision

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"extauthz/iam"
)

const (
	alice      = "arn:aws:iam::123456789012:user/alice"
	role       = "arn:aws:iam::123456789012:role/team/ci"
	repository = "arn:aws:ecr:eu-central-1:123456789012:repository/"
)

// The identity policy depends on the caller's address, the repository policy
// on the time.
const (
	identityText = `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"ecr:*","Resource":"*"},
		{"Effect":"Deny","Action":"ecr:PutImage","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}]}`
	repositoryText = `{"Version":"2012-10-17","Statement":[
		{"Effect":"Deny","Principal":"*","Action":"ecr:*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2026-06-01T00:00:00Z"}}}]}`
)

func compile(t testing.TB, kind iam.Kind, text string) []*iam.Policy {
	t.Helper()
	p, err := iam.Compile(kind, "test.json", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return []*iam.Policy{p}
}

func newEngine(t testing.TB, cacheSize int) (*Engine, *Stats) {
	t.Helper()
	stats := new(Stats)
	identity := compile(t, iam.IdentityPolicy, identityText)
	e, err := New(Policies{
		Identity:   map[string][]*iam.Policy{alice: identity, role: identity},
		Repository: map[string][]*iam.Policy{repository + "closing": compile(t, iam.RepositoryPolicy, repositoryText)},
	}, Options{CacheSize: cacheSize, Stats: stats})
	if err != nil {
		t.Fatal(err)
	}
	return e, stats
}

var (
	user    = iam.Principal{Kind: iam.User, ARN: alice, Account: "123456789012"}
	session = iam.Principal{Kind: iam.AssumedRole, ARN: "arn:aws:sts::123456789012:assumed-role/ci/1", Account: "123456789012", RoleARN: role}
	nobody  = iam.Principal{Kind: iam.User, ARN: "arn:aws:iam::123456789012:user/nobody", Account: "123456789012"}
)

func request(p *iam.Principal, action, name, ip, time string) *iam.Request {
	return &iam.Request{Principal: p, Action: action, Resource: repository + name, Context: iam.Context{
		{Key: "aws:SourceIp", Value: ip}, {Key: "aws:CurrentTime", Value: time}, {Key: "aws:UserAgent", Value: "test"},
	}}
}

const (
	inside, outside = "10.1.2.3", "192.0.2.1"
	early, late     = "2026-05-01T00:00:00Z", "2026-07-01T00:00:00Z"
)

func TestDecide(t *testing.T) {
	e, _ := newEngine(t, 100)
	for _, c := range []struct {
		name    string
		request *iam.Request
		want    iam.Decision
	}{
		{"identity policy allows", request(&user, "ecr:PutImage", "app", inside, early), iam.Allowed},
		{"identity policy denies from elsewhere", request(&user, "ecr:PutImage", "app", outside, early), iam.ExplicitDeny},
		{"another action from elsewhere", request(&user, "ecr:BatchGetImage", "app", outside, early), iam.Allowed},
		{"a session has its role's policies", request(&session, "ecr:PutImage", "app", inside, early), iam.Allowed},
		{"repository policy before its time", request(&user, "ecr:BatchGetImage", "closing", inside, early), iam.Allowed},
		{"repository policy after its time", request(&user, "ecr:BatchGetImage", "closing", inside, late), iam.ExplicitDeny},
		{"no policies", request(&nobody, "ecr:BatchGetImage", "app", inside, early), iam.ImplicitDeny},
		{"zero principal", request(&iam.Principal{}, "ecr:BatchGetImage", "app", inside, early), iam.ImplicitDeny},
		{"no principal", request(nil, "ecr:BatchGetImage", "app", inside, early), iam.ImplicitDeny},
		{"no context: the negated condition holds", &iam.Request{Principal: &user, Action: "ecr:PutImage", Resource: repository + "app"}, iam.ExplicitDeny},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 2 { // the second answer comes from the cache
				if got := e.Decide(c.request); got != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
			}
			if got := e.Explain(c.request).Decision; got != c.want {
				t.Errorf("explained as %s, want %s", got, c.want)
			}
		})
	}
}

// TestRepositoryPolicyCannotGrant holds that what comes before a repository, the
// right to log in and to create it, is granted by identity policies alone,
// however wide the repository policy is.
func TestRepositoryPolicyCannotGrant(t *testing.T) {
	open := compile(t, iam.RepositoryPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*"}}`)
	all := compile(t, iam.IdentityPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*","Resource":"*"}}`)
	e, err := New(Policies{
		Identity:   map[string][]*iam.Policy{alice: all},
		Repository: map[string][]*iam.Policy{repository + "open": open, "*": open},
	}, Options{CacheSize: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name             string
		caller           *iam.Principal
		action, resource string
		want             iam.Decision
	}{
		{"it grants reading", &nobody, "ecr:BatchGetImage", repository + "open", iam.Allowed},
		{"it grants importing from upstream", &nobody, "ecr:BatchImportUpstreamImage", repository + "open", iam.Allowed},
		{"not creating", &nobody, "ecr:CreateRepository", repository + "open", iam.ImplicitDeny},
		{"not creating in another case", &nobody, "ECR:createrepository", repository + "open", iam.ImplicitDeny},
		{"not logging in", &nobody, "ecr:GetAuthorizationToken", "*", iam.ImplicitDeny},
		{"an identity policy grants creating", &user, "ecr:CreateRepository", repository + "new", iam.Allowed},
		{"and logging in", &user, "ecr:GetAuthorizationToken", "*", iam.Allowed},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &iam.Request{Principal: c.caller, Action: c.action, Resource: c.resource}
			if got, why := e.Decide(r), e.Explain(r).Decision; got != c.want || why != c.want {
				t.Errorf("decided %s, explained as %s; want %s", got, why, c.want)
			}
		})
	}
}

func TestCacheKeyHoldsWhatPoliciesMention(t *testing.T) {
	e, stats := newEngine(t, 100)
	steps := []struct {
		name    string
		request *iam.Request
		hit     bool
	}{
		{"first", request(&user, "ecr:BatchGetImage", "app", inside, early), false},
		{"again", request(&user, "ecr:BatchGetImage", "app", inside, early), true},
		{"at another time, which no policy in play mentions", request(&user, "ecr:BatchGetImage", "app", inside, late), true},
		{"from another address, which one mentions", request(&user, "ecr:BatchGetImage", "app", outside, early), false},
		{"another action", request(&user, "ecr:PutImage", "app", inside, early), false},
		{"another repository", request(&user, "ecr:BatchGetImage", "app2", inside, early), false},
		{"another principal", request(&session, "ecr:BatchGetImage", "app", inside, early), false},
		{"a repository whose policy mentions the time", request(&user, "ecr:BatchGetImage", "closing", inside, early), false},
		{"at the same time", request(&user, "ecr:BatchGetImage", "closing", inside, early), true},
		{"at another", request(&user, "ecr:BatchGetImage", "closing", inside, late), false},
	}
	for _, s := range steps {
		before := stats.Hits.Load()
		e.Decide(s.request)
		if hit := stats.Hits.Load() > before; hit != s.hit {
			t.Errorf("%s: hit %t, want %t", s.name, hit, s.hit)
		}
	}
	if misses := stats.Misses.Load(); misses != 7 || e.CacheLen() != 7 {
		t.Errorf("%d misses and %d entries, want 7 of each", misses, e.CacheLen())
	}
}

func TestCacheIsBounded(t *testing.T) {
	e, stats := newEngine(t, 10)
	for i := range 25 {
		e.Decide(request(&user, "ecr:BatchGetImage", fmt.Sprint("app", i), inside, early))
	}
	if e.CacheLen() != 10 || stats.Evictions.Load() != 15 {
		t.Errorf("%d entries, %d evictions; want 10 and 15", e.CacheLen(), stats.Evictions.Load())
	}
}

// A client that sends a long text in a key that policies mention does not fill
// the memory.
func TestLongQuestionsAreNotRemembered(t *testing.T) {
	e, _ := newEngine(t, 10)
	r := request(&user, "ecr:PutImage", "app", strings.Repeat("1", maxQuestion), early)
	if d := e.Decide(r); d != iam.ExplicitDeny || e.CacheLen() != 0 {
		t.Errorf("decided %s, %d entries", d, e.CacheLen())
	}
}

// A policy variable makes its key part of the question, wherever it stands.
func TestCacheKeyHoldsPolicyVariables(t *testing.T) {
	for name, statement := range map[string]string{
		"in a condition": `"Resource":"*","Condition":{"StringEquals":{"aws:username":"${aws:referer}"}}`,
		"in a resource":  `"Resource":"` + repository + `${aws:referer}"`,
	} {
		t.Run(name, func(t *testing.T) {
			e, err := New(Policies{Identity: map[string][]*iam.Policy{alice: compile(t, iam.IdentityPolicy,
				`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*",`+statement+`}}`)}}, Options{CacheSize: 10})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range []struct {
				referer string
				want    iam.Decision
			}{{"alice", iam.Allowed}, {"bob", iam.ImplicitDeny}, {"alice", iam.Allowed}} {
				r := &iam.Request{Principal: &user, Action: "ecr:PutImage", Resource: repository + "alice", Context: iam.Context{
					{Key: "aws:username", Value: "alice"}, {Key: "aws:referer", Value: c.referer}}}
				if d := e.Decide(r); d != c.want {
					t.Errorf("referer %s: %s, want %s", c.referer, d, c.want)
				}
			}
		})
	}
}

func TestNewRefusesACacheWithoutSize(t *testing.T) {
	for _, size := range []int{0, -1} {
		if _, err := New(Policies{}, Options{CacheSize: size}); err == nil {
			t.Errorf("a cache of %d entries is accepted", size)
		}
	}
}

// Two entries whose hashes collide must never answer for each other.
func TestCacheCollision(t *testing.T) {
	c, err := newCache(10, new(Stats))
	if err != nil {
		t.Fatal(err)
	}
	c.add([]byte("question"), iam.Allowed)
	key := c.entries.Keys()[0]
	c.entries.Add(key, entry{question: []byte("another question"), decision: iam.Allowed})
	if d, found := c.get([]byte("question")); found || d != iam.ImplicitDeny {
		t.Errorf("answered %s from another question's entry", d)
	}
}

// TestKeysDiffer moves the boundaries between the parts of a question: what
// reads alike when run together must not share a key.
func TestKeysDiffer(t *testing.T) {
	names := []string{"aws:a", "aws:b"}
	entry := func(key, value string) iam.ContextEntry { return iam.ContextEntry{Key: key, Value: value} }
	multi := func(key string, values ...string) iam.ContextEntry {
		return iam.ContextEntry{Key: key, Values: values, Multi: true}
	}
	questions := []iam.Request{
		{Principal: &user, Action: "ab", Resource: "c"},
		{Principal: &user, Action: "a", Resource: "bc"},
		{Principal: &session, Action: "ab", Resource: "c"},
		{Principal: &user, Action: "ab", Resource: "c", Context: iam.Context{entry("aws:a", "")}},
		{Principal: &user, Action: "ab", Resource: "c", Context: iam.Context{entry("aws:b", "")}},
		{Principal: &user, Action: "ab", Resource: "c", Context: iam.Context{entry("aws:a", "x"), entry("aws:b", "y")}},
		{Principal: &user, Action: "ab", Resource: "c", Context: iam.Context{entry("aws:a", "xy"), entry("aws:b", "")}},
		{Principal: &user, Action: "ab", Resource: "c", Context: iam.Context{entry("aws:a", "xs\x01y")}},
		{Principal: &user, Action: "ab", Resource: "c", Context: iam.Context{multi("aws:a")}},
		{Principal: &user, Action: "ab", Resource: "c", Context: iam.Context{multi("aws:a", "x", "y")}},
		{Principal: &user, Action: "ab", Resource: "c", Context: iam.Context{multi("aws:a", "xy")}},
		{Principal: &user, Action: "ab", Resource: "c", Context: iam.Context{multi("aws:a", "x"), entry("aws:b", "y")}},
		{Principal: &user, Action: "ab", Resource: "c", Context: iam.Context{entry("aws:a", "xs"), entry("aws:b", "y")}},
		{Principal: &user, Action: "ab", Resource: "c", Context: iam.Context{entry("aws:a", "x"), entry("aws:b", "sy")}},
	}
	seen := map[string]int{}
	for i := range questions {
		key := string(appendKey(nil, &questions[i], names))
		if j, twice := seen[key]; twice {
			t.Errorf("questions %d and %d share a key", i, j)
		}
		seen[key] = i
	}
	// A principal is more than its ARN.
	for i, p := range []iam.Principal{
		{Kind: iam.AssumedRole, ARN: session.ARN, Account: session.Account, RoleARN: "arn:aws:iam::123456789012:role/ci"},
		{Kind: iam.FederatedUser, ARN: session.ARN, Account: session.Account, RoleARN: role},
		{Kind: iam.AssumedRole, ARN: session.ARN, Account: "999999999999", RoleARN: role},
	} {
		r := iam.Request{Principal: &p, Action: "ab", Resource: "c"}
		if _, twice := seen[string(appendKey(nil, &r, names))]; twice {
			t.Errorf("principal %d shares a key with another", i)
		}
	}
}

// TestCachedDecisionsAreTheUncached asks random questions of an engine with a
// cache that is always full and of the policies themselves.
func TestCachedDecisionsAreTheUncached(t *testing.T) {
	e, stats := newEngine(t, 16)
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(s ...string) string { return s[random.IntN(len(s))] }
	principals := []*iam.Principal{&user, &session, &nobody, {}}
	decisions := map[iam.Decision]int{}
	for range 20_000 {
		r := request(principals[random.IntN(len(principals))], pick("ecr:PutImage", "ecr:BatchGetImage"),
			pick("app", "closing", "other"), pick(inside, outside, "::1", ""), pick(early, late, "x"))
		want := policies(e.inPlay(r)).Evaluate(r)
		if got := e.Decide(r); got != want {
			t.Fatalf("%+v: got %s, want %s", r, got, want)
		}
		decisions[want]++
	}
	if len(decisions) != 3 || stats.Hits.Load() < 1000 || stats.Evictions.Load() < 1000 {
		t.Errorf("the questions reached only %v, %d hits, %d evictions", decisions, stats.Hits.Load(), stats.Evictions.Load())
	}
}

func TestDecideAllocatesNothingOnAHit(t *testing.T) {
	e, _ := newEngine(t, 100)
	r := request(&user, "ecr:PutImage", "app", inside, early)
	e.Decide(r)
	if n := testing.AllocsPerRun(100, func() { e.Decide(r) }); n != 0 {
		t.Errorf("%v allocations on a cache hit", n)
	}
}

func BenchmarkDecideHit(b *testing.B) {
	e, _ := newEngine(b, 100)
	r := request(&user, "ecr:PutImage", "app", inside, early)
	b.ReportAllocs()
	for b.Loop() {
		e.Decide(r)
	}
}

func BenchmarkDecideMiss(b *testing.B) {
	e, _ := newEngine(b, 1)
	r1 := request(&user, "ecr:PutImage", "app", inside, early)
	r2 := request(&user, "ecr:PutImage", "app", outside, early)
	b.ReportAllocs()
	for b.Loop() {
		e.Decide(r1)
		e.Decide(r2)
	}
}
