package decision

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"extauthz/iam"
)

// randomDirectory generates policies with conditions on few keys, and requests for them.
type randomDirectory struct{ *rand.Rand }

func oneOf[T any](g randomDirectory, from ...T) T { return from[g.IntN(len(from))] }

// noon is the time around which conditions on the clock change.
var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// moment returns a time near one at which conditions can change.
func (g randomDirectory) moment() time.Time {
	return noon.Add(time.Duration(g.IntN(9)-4) * time.Second)
}

// condition returns a random Condition block.
func (g randomDirectory) condition() map[string]any {
	operators := map[string]any{}
	for range g.IntN(3) {
		not := oneOf(g, "", "Not")
		key := oneOf(g, "aws:PrincipalTag/Team", "aws:principaltag/TEAM", "aws:SourceIp", "aws:username", "aws:TagKeys", "oci:Reference")
		relation := oneOf(g, "Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals") + oneOf(g, "", "IfExists")
		switch g.IntN(9) {
		case 0, 1:
			operators["String"+not+"Equals"] = map[string]any{key: oneOf(g, "a", "b", "${aws:username}", "${aws:PrincipalTag/team}")}
		case 2:
			operators["String"+not+"Like"] = map[string]any{key: oneOf(g, "a*", "*b", "${aws:username}*")}
		case 3:
			operators[not+"IpAddress"] = map[string]any{"aws:SourceIp": oneOf(g, "10.0.0.0/8", "192.0.2.1")}
		case 4, 5:
			at := g.moment()
			text := oneOf(g, at.Format(time.RFC3339), at.Add(time.Second/2).Format(time.RFC3339Nano), strconv.FormatInt(at.Unix(), 10))
			operators["Date"+relation] = map[string]any{oneOf(g, "aws:CurrentTime", "aws:EpochTime"): text}
		case 6:
			operators["Numeric"+relation] = map[string]any{"aws:EpochTime": oneOf(g, fmt.Sprint(g.moment().Unix()), fmt.Sprint(g.moment().Unix())+".5", "-5")}
		case 7:
			operators[oneOf(g, "ForAllValues", "ForAnyValue")+":StringEquals"] = map[string]any{"aws:TagKeys": []string{"a", "b"}}
		case 8:
			operators[oneOf(g, "StringLike", "StringEquals")] = map[string]any{oneOf(g, "aws:CurrentTime", "aws:username"): oneOf(g, "2026-06-01T12:00:0*", "${aws:CurrentTime}")}
		}
	}
	return operators
}

func (g randomDirectory) document(kind iam.Kind) string {
	var statements []any
	for range 1 + g.IntN(4) {
		s := map[string]any{
			"Effect": oneOf(g, "Allow", "Allow", "Allow", "Deny"), "Action": oneOf(g, "ecr:*", "ecr:PutImage", "ecr:Batch*", "*"),
			"Condition": g.condition(),
		}
		resource := oneOf(g, "*", repository+"*", repository+"a*", repository+"${aws:username}", repository+"${aws:PrincipalTag/team}/x", "arn:aws:ecr:*:*:repository/b")
		s[oneOf(g, "Resource", "Resource", "NotResource")] = resource
		switch kind {
		case iam.RepositoryPolicy, iam.RegistryPolicy:
			s["Principal"] = oneOf[any](g, "*", map[string]any{"AWS": alice}, map[string]any{"AWS": []string{role, "123456789012"}})
		case iam.ResourceControlPolicy:
			s = map[string]any{"Effect": "Deny", "Principal": "*", "Action": "ecr:*", "Resource": resource, "Condition": s["Condition"]}
		}
		if kind == iam.RepositoryPolicy && g.IntN(2) == 0 {
			delete(s, "Resource")
			delete(s, "NotResource")
		}
		statements = append(statements, s)
	}
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// list returns up to n random policies.
func (g randomDirectory) list(t testing.TB, kind iam.Kind, n int) (policies []*iam.Policy) {
	t.Helper()
	for range 1 + g.IntN(n) {
		policies = append(policies, compile(t, kind, g.document(kind))...)
	}
	return policies
}

// policies returns random policies of all classes, and lists of session policies.
func (g randomDirectory) policies(t testing.TB) (p attachments, sessions [][]*iam.Policy) {
	t.Helper()
	p = attachments{
		Identity:   map[string][]*iam.Policy{alice: g.list(t, iam.IdentityPolicy, 12), role: g.list(t, iam.IdentityPolicy, 2)},
		Boundary:   map[string][]*iam.Policy{},
		Repository: map[string][]*iam.Policy{repository + "a": g.list(t, iam.RepositoryPolicy, 1), repository + "alice": g.list(t, iam.RepositoryPolicy, 1)},
		Registry:   map[string][]*iam.Policy{registry: g.list(t, iam.RegistryPolicy, 1)},
	}
	if g.IntN(3) == 0 {
		p.Boundary[role] = g.list(t, iam.PermissionsBoundary, 1)
	}
	if g.IntN(3) == 0 {
		all := iam.ControlPolicies{
			SCPs: [][]*iam.Policy{append(g.list(t, iam.ServiceControlPolicy, 2), compile(t, iam.ServiceControlPolicy, fullAccess)...)},
			RCPs: [][]*iam.Policy{g.list(t, iam.ResourceControlPolicy, 1)},
		}
		p.Organization = &iam.OrganizationPolicies{Accounts: map[string]iam.ControlPolicies{"123456789012": all}, Default: all}
	}
	return p, [][]*iam.Policy{nil, g.list(t, iam.SessionPolicy, 1), g.list(t, iam.SessionPolicy, 2)}
}

// request returns a random request.
func (g randomDirectory) request(sessions [][]*iam.Policy) *question {
	r := request(oneOf(g, &user, &user, &session, &federated, &anonymous, &outsider), oneOf(g, "ecr:PutImage", "ecr:BatchGetImage", "ECR:putimage"),
		oneOf(g, "a", "b", "alice", "a/x"), "", "")
	r.Context, r.Session = g.context(), oneOf(g, sessions...)
	return r
}

// context returns a random context.
func (g randomDirectory) context() (c iam.Context) {
	add := func(key string, values ...string) {
		if g.IntN(3) > 0 {
			c = append(c, iam.ContextEntry{Key: key, Value: oneOf(g, values...)})
		}
	}
	add("aws:SourceIp", inside, outside, "x")
	add("aws:username", "alice", "a", "b", "")
	add("aws:PrincipalTag/Team", "a", "b")
	if g.IntN(4) == 0 {
		add("aws:PrincipalTag/team", "a", "b")
	}
	if g.IntN(2) == 0 {
		c = append(c, iam.ContextEntry{Key: "aws:TagKeys", Values: oneOf(g, nil, []string{"a"}, []string{"a", "c"}), Multi: true})
	}
	c.MarkAmbiguous()
	return append(c, g.clock()...)
}

// clock returns the keys of the clock, which usually agree.
func (g randomDirectory) clock() iam.Context {
	now := g.moment()
	c := iam.Context{{Key: "aws:CurrentTime", Value: now.Format(time.RFC3339)}, {Key: "aws:EpochTime", Value: fmt.Sprint(now.Unix())}}
	switch g.IntN(16) {
	case 0:
		c[0].Value = now.Add(time.Second / 2).Format(time.RFC3339Nano)
	case 1:
		c[1].Value = oneOf(g, "2026", "x", fmt.Sprint(now.Unix()+1), fmt.Sprint(now.Unix())+".5")
	case 2:
		return c[:1]
	case 3:
		return c[1:]
	}
	return c
}

// variant returns the request with another time or another context.
func (g randomDirectory) variant(r *question) *question {
	other := *r
	switch g.IntN(4) {
	case 0:
		other.Context = g.context()
	case 1, 2:
		other.Context = nil
		for _, entry := range r.Context {
			if entry.Key != "aws:CurrentTime" && entry.Key != "aws:EpochTime" {
				other.Context = append(other.Context, entry)
			}
		}
		other.Context = append(other.Context, g.clock()...)
	}
	return &other
}

// compareWithUncached decides random requests by random policies, again and again, with a cache
// and without.
func compareWithUncached(t *testing.T, seed uint64, stats *Stats) {
	t.Helper()
	g := randomDirectory{rand.New(rand.NewPCG(seed, 5))}
	policies, sessions := g.policies(t)
	e, err := New(policies.policies(t), Options{CacheSize: oneOf(g, 4, 64, 1024), Stats: stats})
	if err != nil {
		t.Fatal(err)
	}
	var recent []*question
	for range 500 {
		r := g.request(sessions)
		if len(recent) > 10 && g.IntN(8) > 0 {
			r = g.variant(recent[len(recent)-1-g.IntN(10)])
		}
		recent = append(recent, r)
		want := twin(policies, r)
		if g.IntN(4) == 0 {
			checkReason(t, e, r)
		}
		if got := decide(e, r); got != want {
			t.Fatalf("seed %d: %s, want %s for %+v by %+v", seed, got, want, r, r.Principal)
		}
	}
}

// TestCachedDecisions checks that a cached decision is that of the policies, at any time and for
// any values of the context.
func TestCachedDecisions(t *testing.T) {
	stats := new(Stats)
	for seed := range uint64(200) {
		compareWithUncached(t, seed, stats)
	}
	for name, n := range map[string]uint64{"hits": stats.Hits.Load(), "misses": stats.Misses.Load(), "bypasses": stats.Bypasses.Load(), "evictions": stats.Evictions.Load()} {
		if n < 5000 {
			t.Errorf("only %d %s", n, name)
		}
	}
}

// FuzzCachedDecisions is TestCachedDecisions for any seed.
func FuzzCachedDecisions(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { compareWithUncached(t, seed, new(Stats)) })
}
