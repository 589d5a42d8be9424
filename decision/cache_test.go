package decision

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"extauthz/iam"
)

// fill decides a request twice. The second miss fills the cache.
func fill(e *Engine, r *question) {
	decide(e, r)
	decide(e, r)
}

// TestCacheKeyContainsMentionedKeys checks that a cached decision depends on the condition keys
// that statements about its action and resource mention, and on no others.
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
		{"from another address, which a statement about another action mentions", request(&user, "ecr:BatchGetImage", "app", outside, early), true},
		{"another action", request(&user, "ecr:PutImage", "app", inside, early), false},
		{"from another address, which a statement about this action mentions", request(&user, "ecr:PutImage", "app", outside, early), false},
		{"from the first address", request(&user, "ecr:PutImage", "app", inside, late), true},
		{"another repository", request(&user, "ecr:BatchGetImage", "app2", inside, early), false},
		{"another principal", request(&session, "ecr:BatchGetImage", "app", inside, early), false},
		{"a repository whose policy mentions the time", request(&user, "ecr:BatchGetImage", "closing", inside, early), false},
		{"at the same time", request(&user, "ecr:BatchGetImage", "closing", inside, early), true},
		{"just before the comparison changes", request(&user, "ecr:BatchGetImage", "closing", inside, "2026-05-31T23:59:58Z"), true},
		{"after it changed", request(&user, "ecr:BatchGetImage", "closing", inside, late), false},
		{"later", request(&user, "ecr:BatchGetImage", "closing", inside, "2030-01-01T00:00:00Z"), true},
	}
	for _, s := range steps {
		before := stats.Hits.Load()
		decide(e, s.request)
		if hit := stats.Hits.Load() > before; hit != s.hit {
			t.Errorf("%s: hit %t, want %t", s.name, hit, s.hit)
		}
		decide(e, s.request) // a miss, if the first one was
		before = stats.Hits.Load()
		if decide(e, s.request); stats.Hits.Load() == before {
			t.Errorf("%s: the third decision is not in the cache", s.name)
		}
	}
	// 4 decisions depend on nothing else. The inputs of 2 are known, with 2 decisions each, of
	// which the later one replaced the earlier one of the clock.
	if misses := stats.Misses.Load(); misses != 2*7 || e.CacheLen() != 3+1+2+1+1 || stats.Bypasses.Load() != 0 {
		t.Errorf("%d misses, %d bypasses and %d entries", misses, stats.Bypasses.Load(), e.CacheLen())
	}
}

// engineWith returns an engine of a policy with a condition.
func engineWith(t *testing.T, condition string) (*Engine, *Stats) {
	t.Helper()
	stats := new(Stats)
	e, err := New(attachments{Identity: map[string][]*iam.Policy{alice: compile(t, iam.IdentityPolicy,
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*","Resource":"*","Condition":{`+condition+`}}}`)}}.policies(t), Options{CacheSize: 10, Stats: stats})
	if err != nil {
		t.Fatal(err)
	}
	return e, stats
}

// TestCacheBypasses checks that a decision is not cached if more of the clock than its seconds
// decides, or a key is ambiguous.
func TestCacheBypasses(t *testing.T) {
	key := "aws:CurrentTime"
	for _, c := range []struct {
		name, condition string
		entry           iam.ContextEntry
		bypassed        bool
	}{
		{"two times that differ", `"DateLessThan":{"aws:CurrentTime":"2027-01-01T00:00:00Z","aws:EpochTime":"2027-01-01T00:00:00Z"}`, iam.ContextEntry{Key: "aws:EpochTime", Value: "1777593601"}, true},
		{"two times that agree", `"DateLessThan":{"aws:CurrentTime":"2027-01-01T00:00:00Z","aws:EpochTime":"2027-01-01T00:00:00Z"}`, iam.ContextEntry{Key: "aws:EpochTime", Value: "1777593600"}, false},
		{"a date", `"DateLessThan":{"aws:CurrentTime":"2027-01-01T00:00:00Z"}`, iam.ContextEntry{Key: key, Value: early}, false},
		{"a date, half a second", `"DateLessThan":{"aws:CurrentTime":"2027-01-01T00:00:00Z"}`, iam.ContextEntry{Key: key, Value: "2026-05-01T00:00:00.5Z"}, true},
		{"a date, no time", `"DateLessThan":{"aws:CurrentTime":"2027-01-01T00:00:00Z"}`, iam.ContextEntry{Key: "aws:a"}, true},
		{"text of the time", `"StringLike":{"aws:CurrentTime":"2026-*"}`, iam.ContextEntry{Key: key, Value: early}, true},
		{"the time in a variable", `"StringEquals":{"aws:username":"${aws:CurrentTime}"}`, iam.ContextEntry{Key: key, Value: early}, true},
		{"whether there is a time", `"Null":{"aws:CurrentTime":"true"}`, iam.ContextEntry{Key: key, Value: early}, true},
		{"seconds", `"NumericLessThan":{"aws:EpochTime":"1800000000.5"}`, iam.ContextEntry{Key: "aws:EpochTime", Value: "1700000000"}, false},
		{"seconds that could be a year", `"NumericLessThan":{"aws:EpochTime":"1800000000"}`, iam.ContextEntry{Key: "aws:EpochTime", Value: "2026"}, true},
		{"another key", `"StringEquals":{"aws:PrincipalTag/Team":"a"}`, iam.ContextEntry{Key: "aws:PrincipalTag/Team", Value: "a"}, false},
		{"an ambiguous key", `"StringEquals":{"aws:PrincipalTag/Team":"a"}`, iam.ContextEntry{Key: "aws:PrincipalTag/Team", Value: "a", Ambiguous: true}, true},
		{"an ambiguous key that is written as in the policy in lower case", `"StringEquals":{"aws:PrincipalTag/Team":"a"}`, iam.ContextEntry{Key: "aws:PrincipalTag/team", Value: "a", Ambiguous: true}, true},
	} {
		e, stats := engineWith(t, c.condition)
		r := request(&user, "ecr:PutImage", "app", inside, "")
		r.Context = iam.Context{c.entry}
		if c.entry.Key == "aws:EpochTime" {
			r.Context = append(r.Context, iam.ContextEntry{Key: key, Value: early})
		}
		for range 4 {
			decide(e, r)
		}
		if hits, bypasses := stats.Hits.Load(), stats.Bypasses.Load(); (bypasses > 0) != c.bypassed || (hits > 0) == c.bypassed {
			t.Errorf("%s: %d hits, %d bypasses", c.name, hits, bypasses)
		}
	}
}

// TestCacheIsBounded checks that a full cache removes old decisions.
func TestCacheIsBounded(t *testing.T) {
	for _, size := range []int{1, 10, 2000} {
		e, stats := newEngine(t, size)
		for i := range 5 * size {
			fill(e, request(&user, "ecr:BatchGetImage", fmt.Sprint("app", i), inside, early))
		}
		if e.CacheLen() != size || stats.Evictions.Load() != uint64(4*size) {
			t.Errorf("%d entries, %d evictions; want %d and %d", e.CacheLen(), stats.Evictions.Load(), size, 4*size)
		}
	}
}

// TestLongKeysAreNotCached checks that a client cannot use up memory with long text in a condition
// key that policies mention.
func TestLongKeysAreNotCached(t *testing.T) {
	e, _ := newEngine(t, 10)
	r := request(&user, "ecr:PutImage", "app", strings.Repeat("1", maxValues), early)
	fill(e, r)
	if d := decide(e, r); d != iam.ExplicitDeny || e.CacheLen() != 1 {
		t.Errorf("decided %s, %d entries", d, e.CacheLen())
	}
}

// TestManyInputsAreNotCached checks that the author of a policy cannot use up memory with many
// condition keys or dates, of which each caller would have a list.
func TestManyInputsAreNotCached(t *testing.T) {
	keys, dates := "", ""
	for i := range maxInputs + 1 {
		keys += fmt.Sprintf(`,"aws:PrincipalTag/%d":"x"`, i)
		dates += fmt.Sprintf(`,"2026-05-01T00:%02d:%02dZ"`, i/60, i%60)
	}
	for name, c := range map[string]struct {
		condition string
		want      iam.Decision
	}{
		"keys":  {`"StringEqualsIfExists":{` + keys[1:] + `}`, iam.Allowed},
		"dates": {`"DateNotEquals":{"aws:CurrentTime":[` + dates[1:] + `]}`, iam.ImplicitDeny},
	} {
		e, stats := engineWith(t, c.condition)
		r := request(&user, "ecr:PutImage", "app", inside, early)
		for range 5 {
			if d := decide(e, r); d != c.want {
				t.Errorf("%s: %v, want %v", name, d, c.want)
			}
		}
		if hits, bypasses := stats.Hits.Load(), stats.Bypasses.Load(); hits != 0 || bypasses != 3 || e.CacheLen() != 1 {
			t.Errorf("%s: %d hits, %d bypasses, %d entries", name, hits, bypasses, e.CacheLen())
		}
		for i := range e.cache.recent {
			if one := e.cache.recent[i].Load(); one != nil && one.inputs != nil {
				t.Errorf("%s: an entry has %d inputs", name, one.inputs.Len())
			}
		}
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
			e, err := New(attachments{Identity: map[string][]*iam.Policy{alice: compile(t, iam.IdentityPolicy,
				`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*",`+statement+`}}`)}}.policies(t), Options{CacheSize: 10})
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

// TestCacheCollision checks that of two requests with one hash, neither has the decision of the
// other.
func TestCacheCollision(t *testing.T) {
	e, _ := newEngine(t, 10)
	allowed, denied := request(&user, "ecr:PutImage", "app", inside, early), request(&user, "ecr:PutImage", "app", outside, early)
	fill(e, allowed)
	of, _ := e.cache.find(&allowed.Request, nil, nil)
	decided := of.found
	if decided == nil || decided.decision != iam.Allowed {
		t.Fatal("the decision is not in the cache")
	}
	by, _ := e.cache.find(&denied.Request, nil, nil)
	e.cache.add(&entry{hash: by.hash, on: decided.on, values: decided.values, from: math.MinInt64, until: math.MaxInt64, decision: iam.Allowed})
	e.cache.add(&entry{hash: e.cache.hash(&request(&unlisted, "ecr:PutImage", "app", inside, early).Request, nil), subject: decided.on.subject, decision: iam.Allowed})
	for _, r := range []*question{denied, request(&unlisted, "ecr:PutImage", "app", inside, early)} {
		if d := decide(e, r); d == iam.Allowed {
			t.Errorf("%s has the decision of another request", r.Principal.ARN)
		}
	}
}

// TestSubjectsDiffer checks that requests differ if any part that selects statements does.
func TestSubjectsDiffer(t *testing.T) {
	one, two := limits(t, "everything"), limits(t, "reading")
	p := iam.Principal{Kind: iam.AssumedRole, ARN: "a", Account: "b", RoleARN: "c", UserARN: "d"}
	base := iam.Request{Principal: &p, Action: "e", Resource: "f"}
	of := newSubject(&base, one)
	if !of.is(&base, one) {
		t.Error("a request differs from itself")
	}
	for i, change := range []func(*iam.Request, *iam.Principal){
		func(_ *iam.Request, p *iam.Principal) { p.Kind = iam.User },
		func(_ *iam.Request, p *iam.Principal) { p.ARN = "" },
		func(_ *iam.Request, p *iam.Principal) { p.Account = "" },
		func(_ *iam.Request, p *iam.Principal) { p.RoleARN = "" },
		func(_ *iam.Request, p *iam.Principal) { p.UserARN = "" },
		func(r *iam.Request, _ *iam.Principal) { r.Action = "E" },
		func(r *iam.Request, _ *iam.Principal) { r.Resource = "" },
	} {
		r, p := base, p
		r.Principal = &p
		if change(&r, &p); of.is(&r, one) {
			t.Errorf("change %d makes no difference", i)
		}
	}
	for i, session := range [][]*iam.Policy{nil, two, append(one, two...), append(one, one...)} {
		if of.is(&base, session) {
			t.Errorf("session %d makes no difference", i)
		}
	}
}

// TestValuesDiffer checks that different values of condition keys are different, even if their
// parts are the same text when concatenated.
func TestValuesDiffer(t *testing.T) {
	names := []string{"aws:a", "aws:b"}
	entry := func(key, value string) iam.ContextEntry { return iam.ContextEntry{Key: key, Value: value} }
	multi := func(key string, values ...string) iam.ContextEntry {
		return iam.ContextEntry{Key: key, Values: values, Multi: true}
	}
	seen := map[string]int{}
	for i, c := range []iam.Context{
		nil,
		{entry("aws:a", "")},
		{entry("aws:b", "")},
		{entry("aws:a", "x"), entry("aws:b", "y")},
		{entry("aws:a", "xy"), entry("aws:b", "")},
		{entry("aws:a", "xs\x01y")},
		{multi("aws:a")},
		{multi("aws:a", "x", "y")},
		{multi("aws:a", "xy")},
		{multi("aws:a", "x"), entry("aws:b", "y")},
		{entry("aws:a", "xs"), entry("aws:b", "y")},
		{entry("aws:a", "x"), entry("aws:b", "sy")},
	} {
		values, ok := appendValues(nil, c, names)
		if j, twice := seen[string(values)]; twice || !ok {
			t.Errorf("contexts %d and %d have the same values", i, j)
		}
		seen[string(values)] = i
	}
}

// TestCounter checks that a counter loses no event of several goroutines.
func TestCounter(t *testing.T) {
	var c Counter
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 1000 {
				c.Add(1)
			}
		})
	}
	all.Wait()
	if n := c.Load(); n != 8000 {
		t.Errorf("%d events, want 8000", n)
	}
}

// TestConcurrentDecisions decides the same few requests on several goroutines while the cache
// evicts.
func TestConcurrentDecisions(t *testing.T) {
	e, _ := newEngine(t, 4)
	var all sync.WaitGroup
	for seed := range 4 {
		all.Go(func() {
			for i := range 2000 {
				address := [...]string{inside, outside}[(i+seed)%2]
				r := request(&user, "ecr:PutImage", fmt.Sprint("app", (i/7+seed)%6), address, early)
				want := iam.Allowed
				if address == outside {
					want = iam.ExplicitDeny
				}
				if got := decide(e, r); got != want {
					t.Errorf("%s from %s, want %s", got, address, want)
				}
				if got := e.Reason(&r.Request, nil); got.Decision != want || len(got.Matched) == 0 {
					t.Errorf("reason %+v, want %s", got, want)
				}
			}
		})
	}
	all.Wait()
}
