package decision

import (
	"fmt"
	"strings"
	"testing"

	"extauthz/iam"
)

func TestCacheKeyHoldsWhatPoliciesMention(t *testing.T) {
	e, stats := newEngine(t, 100)
	steps := []struct {
		name    string
		request *question
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
		decide(e, s.request)
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
		decide(e, request(&user, "ecr:BatchGetImage", fmt.Sprint("app", i), inside, early))
	}
	if e.CacheLen() != 10 || stats.Evictions.Load() != 15 {
		t.Errorf("%d entries, %d evictions; want 10 and 15", e.CacheLen(), stats.Evictions.Load())
	}
}

// A client that sends a long text in a key that policies mention does not fill
// the memory.
func TestLongQuestionsAreNotRemembered(t *testing.T) {
	e, _ := newEngine(t, 10)
	r := request(&user, "ecr:PutImage", "app", strings.Repeat("1", maxKey), early)
	if d := decide(e, r); d != iam.ExplicitDeny || e.CacheLen() != 0 {
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
				r := &question{Request: iam.Request{Principal: &user, Action: "ecr:PutImage", Resource: repository + "alice", Context: iam.Context{
					{Key: "aws:username", Value: "alice"}, {Key: "aws:referer", Value: c.referer}}}}
				if d := decide(e, r); d != c.want {
					t.Errorf("referer %s: %s, want %s", c.referer, d, c.want)
				}
			}
		})
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
	c.entries.Add(key, entry{key: []byte("another question"), decision: iam.Allowed})
	if d, found := c.get([]byte("question")); found || d != iam.ImplicitDeny {
		t.Errorf("answered %s from another question's entry", d)
	}
}
