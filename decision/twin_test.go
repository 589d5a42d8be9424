package decision

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"extauthz/iam"
)

// twin is the reference implementation of the engine, without tables or cache: it finds the policies
// of each class by their rules and evaluates them.
func twin(p attachments, r *question) iam.Decision {
	if r.Principal == nil {
		return iam.ImplicitDeny
	}
	in := iam.Policies{Session: r.Session}
	switch r.Principal.Kind {
	case iam.User:
		in.Identity, in.Boundary = p.Identity[r.Principal.ARN], p.Boundary[r.Principal.ARN]
	case iam.AssumedRole:
		in.Identity, in.Boundary = p.Identity[r.Principal.RoleARN], p.Boundary[r.Principal.RoleARN]
	case iam.FederatedUser:
		in.Identity, in.Boundary = p.Identity[r.Principal.UserARN], p.Boundary[r.Principal.UserARN]
	}
	segments := append(strings.Split(r.Resource, ":"), "", "", "", "", "")
	in.Resource = slices.Clone(p.Registry[strings.Join(segments[:5], ":")+":"])
	if strings.ToLower(r.Action) != "ecr:createrepository" {
		in.Resource = append(in.Resource, p.Repository[r.Resource]...)
	}
	owner := segments[4]
	if r.Resource == "*" {
		owner = r.Principal.Account
	}
	if o := p.Organization; o != nil {
		in.ManagementAccount = o.ManagementAccount
		in.SCPs, in.RCPs = o.Accounts[r.Principal.Account].SCPs, o.Accounts[owner].RCPs
		if r.Principal.Account == "" {
			in.SCPs = o.Default.SCPs
		}
		if owner == "" {
			in.RCPs = o.Default.RCPs
		}
	}
	return in.Evaluate(&r.Request)
}

// twinPolicies returns policies of each class, which mention common and different condition keys.
func twinPolicies(t testing.TB) attachments {
	t.Helper()
	p := limitedPolicies(t)
	delete(p.Identity, "")
	p.Identity[role] = compile(t, iam.IdentityPolicy, identityText)
	p.Boundary[alice] = []*iam.Policy{limit(t, iam.PermissionsBoundary, "everything"), limit(t, iam.PermissionsBoundary, "teams")}
	p.Repository[repository+"closing"] = compile(t, iam.RepositoryPolicy, repositoryText)
	p.Identity[outsider.ARN] = compile(t, iam.IdentityPolicy, allowAll)
	p.Registry = map[string][]*iam.Policy{registry: compile(t, iam.RegistryPolicy, registryText)}
	controls := iam.ControlPolicies{
		SCPs: [][]*iam.Policy{compile(t, iam.ServiceControlPolicy, fullAccess), compile(t, iam.ServiceControlPolicy, scpText)},
		RCPs: [][]*iam.Policy{compile(t, iam.ResourceControlPolicy, rcpText)},
	}
	p.Organization = &iam.OrganizationPolicies{Accounts: map[string]iam.ControlPolicies{"123456789012": controls}, Default: controls}
	return p
}

// generator makes questions from numbers.
type generator struct {
	next     func() int
	sessions [][]*iam.Policy
}

// twinSessions returns lists of no, one and two session policies.
func twinSessions(t testing.TB) [][]*iam.Policy {
	t.Helper()
	sessions := [][]*iam.Policy{nil}
	names := []string{"everything", "reading", "weekdays", "teams", "dated"}
	for _, one := range names {
		sessions = append(sessions, limits(t, one))
		for _, two := range names {
			sessions = append(sessions, limits(t, one, two))
		}
	}
	return sessions
}

func pick[T any](a *generator, from ...T) T { return from[a.next()%len(from)] }

func (a *generator) question() *question {
	caller := pick(a, &user, &session, &boundedUser, &federated, &boundedFederated, &unlisted, &root, &service, &anonymous, &outsider, &iam.Principal{}, nil)
	r := request(caller, pick(a, "ecr:PutImage", "ecr:BatchGetImage", "ecr:CreateRepository", "ECR:CREATErepository"),
		pick(a, "app", "closing", "open", "alices", "guests", "new"), pick(a, inside, outside, "::1", ""), pick(a, early, late, "x"))
	for _, key := range []string{"day", "team", "open", "halt", "leak"} {
		if value := pick(a, "monday", "red", "", "-"); value != "-" {
			r.Context = append(r.Context, iam.ContextEntry{Key: "aws:PrincipalTag/" + key, Value: value})
		}
	}
	if a.next()%8 == 0 {
		r.Action, r.Resource = "ecr:GetAuthorizationToken", "*"
	}
	r.Session = pick(a, a.sessions...)
	return r
}

// TestTwin compares random decisions of an engine whose cache is always full with those of the
// reference implementation.
func TestTwin(t *testing.T) {
	policies, stats := twinPolicies(t), new(Stats)
	e, err := New(policies.policies(t), Options{CacheSize: 256, Stats: stats})
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	a := &generator{func() int { return random.IntN(1 << 20) }, twinSessions(t)}
	decisions := map[iam.Decision]int{}
	var recent []*question
	for range 30_000 {
		r := a.question()
		if len(recent) > 100 && random.IntN(2) == 0 {
			r = recent[random.IntN(len(recent))] // a repeated question
		}
		recent = append(recent[max(0, len(recent)-200):], r)
		want := twin(policies, r)
		if random.IntN(2) == 0 {
			checkReason(t, e, r)
		}
		if got := decide(e, r); got != want {
			t.Fatalf("%+v: got %s, want %s", r, got, want)
		}
		decisions[want]++
	}
	for _, d := range []iam.Decision{iam.Allowed, iam.ImplicitDeny, iam.ExplicitDeny} {
		if decisions[d] < 1000 {
			t.Errorf("%s was decided %d times only", d, decisions[d])
		}
	}
	if stats.Hits.Load() < 1000 || stats.Evictions.Load() < 1000 {
		t.Errorf("%d hits, %d evictions; want 1000 of each", stats.Hits.Load(), stats.Evictions.Load())
	}
}

// checkReason compares the reason of a decision, which may be cached, with its explanation.
func checkReason(t *testing.T, e *Engine, r *question) {
	t.Helper()
	got, want := e.Reason(&r.Request, r.Session), explain(e, r)
	if got.Decision != want.Decision || got.Exhausted != want.Exhausted || got.BlockedBy != want.BlockedBy || !slices.Equal(got.Matched, want.Matched) {
		t.Fatalf("%+v: got reason %+v, want %+v", r, got, want)
	}
}

// TestReasonIsCached checks that a reason is evaluated once, even if the decision is cached
// without it, and that a reason with many statements is not cached.
func TestReasonIsCached(t *testing.T) {
	statements := strings.Repeat(`{"Effect":"Allow","Action":"*","Resource":"*"},`, maxMatched)
	for _, test := range []struct {
		name   string
		policy string
		cached bool
	}{
		{"few statements", identityText, true},
		{"many statements", `{"Version":"2012-10-17","Statement":[` + statements + `{"Effect":"Allow","Action":"*","Resource":"*"}]}`, false},
	} {
		e, err := New(attachments{Identity: map[string][]*iam.Policy{alice: compile(t, iam.IdentityPolicy, test.policy)}}.policies(t), Options{CacheSize: 10})
		if err != nil {
			t.Fatal(err)
		}
		r := request(&user, "ecr:PutImage", "app", inside, early)
		decide(e, r)
		first := e.Reason(&r.Request, nil)
		if second := e.Reason(&r.Request, nil); (first == second) != test.cached {
			t.Errorf("%s: the second reason is the first one: %t, want %t", test.name, first == second, test.cached)
		}
		if first.Decision != iam.Allowed || len(first.Matched) == 0 {
			t.Errorf("%s: %+v", test.name, first)
		}
	}
}

// FuzzEngine compares the decisions on questions made from the bytes, twice and in both orders.
func FuzzEngine(f *testing.F) {
	policies, sessions := twinPolicies(f), twinSessions(f)
	f.Add([]byte("\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01"))
	f.Add([]byte("\x02\x00\x00\x00\x00\x03\x03\x00\x02\x00\x00\x00\x01\x03\x03\x00"))
	f.Add([]byte("the quick brown fox jumps over the lazy dog"))
	f.Fuzz(func(t *testing.T, numbers []byte) {
		e, err := New(policies.policies(t), Options{CacheSize: 8})
		if err != nil {
			t.Fatal(err)
		}
		a := &generator{func() (n int) {
			if len(numbers) > 0 {
				n, numbers = int(numbers[0]), numbers[1:]
			}
			return n
		}, sessions}
		var questions []*question
		for len(numbers) > 0 && len(questions) < 64 {
			questions = append(questions, a.question())
		}
		for range 2 {
			for _, r := range questions {
				checkReason(t, e, r)
				if got, want := decide(e, r), twin(policies, r); got != want {
					t.Fatalf("%+v: got %s, want %s", r, got, want)
				}
			}
			slices.Reverse(questions)
		}
	})
}
