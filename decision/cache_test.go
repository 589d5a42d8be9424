package decision

import (
	"fmt"
	"strings"
	"testing"

	"extauthz/diag"
	"extauthz/iam"
)

// TestCacheKeyContainsMentionedKeys checks that the cache key contains the condition keys that
// policies mention, and no others.
func TestCacheKeyContainsMentionedKeys(t *testing.T) {
	e, stats := newEngine(t, 100)
	steps := []struct {
		name    string
		request *question
		hit     bool
	}{
		{"first", request(&user, "ecr:BatchGetImage", "app", inside, early), false},
		{"again", request(&user, "ecr:BatchGetImage", "app", inside, early), true},
		{"at another time, which no applicable policy mentions", request(&user, "ecr:BatchGetImage", "app", inside, late), true},
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
		decide(e, s.request)
		if hit := stats.Hits.Load() > before; hit != s.hit {
			t.Errorf("%s: hit %t, want %t", s.name, hit, s.hit)
		}
	}
	if misses := stats.Misses.Load(); misses != 7 || e.CacheLen() != 7 {
		t.Errorf("%d misses and %d entries, want 7 of each", misses, e.CacheLen())
	}
}

// TestCacheIsBounded checks that a full cache removes old decisions.
func TestCacheIsBounded(t *testing.T) {
	e, stats := newEngine(t, 10)
	for i := range 25 {
		decide(e, request(&user, "ecr:BatchGetImage", fmt.Sprint("app", i), inside, early))
	}
	if e.CacheLen() != 10 || stats.Evictions.Load() != 15 {
		t.Errorf("%d entries, %d evictions; want 10 and 15", e.CacheLen(), stats.Evictions.Load())
	}
}

// TestLongKeysAreNotCached checks that a client cannot use up memory with long text in a condition
// key that policies mention.
func TestLongKeysAreNotCached(t *testing.T) {
	e, _ := newEngine(t, 10)
	r := request(&user, "ecr:PutImage", "app", strings.Repeat("1", maxKey), early)
	if d := decide(e, r); d != iam.ExplicitDeny || e.CacheLen() != 0 {
		t.Errorf("decided %s, %d entries", d, e.CacheLen())
	}
}

// TestCacheKeyContainsPolicyVariables checks that the cache key contains the condition key of a
// policy variable.
func TestCacheKeyContainsPolicyVariables(t *testing.T) {
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
				r := &question{Request: iam.Request{Principal: &user, Action: "ecr:PutImage", Resource: repository + "alice", Context: iam.Context{
					{Key: "aws:username", Value: "alice"}, {Key: "aws:referer", Value: c.referer}}}}
				if d := decide(e, r); d != c.want {
					t.Errorf("referer %s: %s, want %s", c.referer, d, c.want)
				}
			}
		})
	}
}

// TestCacheCollision checks that of two keys with one hash, neither has the decision of the other.
func TestCacheCollision(t *testing.T) {
	c, err := newCache(10, new(Stats))
	if err != nil {
		t.Fatal(err)
	}
	c.add([]byte("key"), iam.Allowed, nil)
	key := c.entries.Keys()[0]
	c.entries.Add(key, entry{key: []byte("another key"), decision: iam.Allowed})
	if e, found := c.get([]byte("key")); found || e.decision != iam.ImplicitDeny {
		t.Errorf("got %s from the entry of another key", e.decision)
	}
}

// TestKeysDiffer checks that different requests have different keys, even if their parts are the
// same text when concatenated.
func TestKeysDiffer(t *testing.T) {
	names := []string{"aws:a", "aws:b"}
	entry := func(key, value string) iam.ContextEntry { return iam.ContextEntry{Key: key, Value: value} }
	multi := func(key string, values ...string) iam.ContextEntry {
		return iam.ContextEntry{Key: key, Values: values, Multi: true}
	}
	requests := []iam.Request{
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
	a := applicable{keys: [5][]string{names}}
	seen := map[string]int{}
	for i, r := range requests {
		key := string(appendKey(nil, &r, &a))
		if j, twice := seen[key]; twice {
			t.Errorf("requests %d and %d have the same key", i, j)
		}
		seen[key] = i
	}
	// The key contains all parts of a principal.
	for i, p := range []iam.Principal{
		{Kind: iam.AssumedRole, ARN: session.ARN, Account: session.Account, RoleARN: "arn:aws:iam::123456789012:role/ci"},
		{Kind: iam.FederatedUser, ARN: session.ARN, Account: session.Account, RoleARN: role},
		{Kind: iam.FederatedUser, ARN: session.ARN, Account: session.Account, UserARN: role},
		{Kind: iam.AssumedRole, ARN: session.ARN, Account: "999999999999", RoleARN: role},
	} {
		r := iam.Request{Principal: &p, Action: "ab", Resource: "c"}
		if _, twice := seen[string(appendKey(nil, &r, &a))]; twice {
			t.Errorf("principal %d has the key of another request", i)
		}
	}
}

// TestKeysContainPositions checks that keys distinguish session policies of one file by their
// positions.
func TestKeysContainPositions(t *testing.T) {
	seen := map[string]diag.Point{}
	for _, at := range []diag.Point{{Line: 1, Column: 1}, {Line: 1, Column: 20}, {Line: 20, Column: 1}, {Line: 300, Column: 1}} {
		p, err := iam.Parse(diag.File("account.json"), at, []byte(allowAll)).Compile(iam.SessionPolicy)
		if err != nil {
			t.Fatal(err)
		}
		session := []*iam.Policy{p}
		r := iam.Request{Principal: &user, Action: "ab", Resource: "c"}
		key := string(appendKey(nil, &r, &applicable{policies: iam.Policies{Session: session}}))
		if other, twice := seen[key]; twice {
			t.Errorf("policies at %v and %v have the same key", at, other)
		}
		seen[key] = at
	}
}

// TestKeysContainSessionPolicies checks that keys distinguish lists of session policies. The empty
// list differs from every other list, and from a policy without a source.
func TestKeysContainSessionPolicies(t *testing.T) {
	named := func(sources ...string) (list []*iam.Policy) {
		for _, source := range sources {
			list = append(list, &iam.Policy{Kind: iam.SessionPolicy, Source: diag.File(source)})
		}
		return list
	}
	seen := map[string]int{}
	for i, session := range [][]*iam.Policy{
		nil, named(""), named("", ""), named("a"), named("b"), named("ab"), named("a", "b"), named("b", "a"), named("a", ""), named("\x01a"), named("a", "a"),
	} {
		r := iam.Request{Principal: &user, Action: "ab", Resource: "c"}
		key := string(appendKey(nil, &r, &applicable{policies: iam.Policies{Session: session}}))
		if j, twice := seen[key]; twice {
			t.Errorf("sessions %d and %d have the same key", i, j)
		}
		seen[key] = i
	}
}
