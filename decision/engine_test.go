package decision

import (
	"testing"

	"extauthz/iam"
)

const (
	alice      = "arn:aws:iam::123456789012:user/alice"
	role       = "arn:aws:iam::123456789012:role/team/ci"
	repository = "arn:aws:ecr:eu-central-1:123456789012:repository/"
)

// The identity policy depends on the caller's address, and the repository policy on the time.
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
	e, err := New(attachments{
		Identity:   map[string][]*iam.Policy{alice: identity, role: identity},
		Repository: map[string][]*iam.Policy{repository + "closing": compile(t, iam.RepositoryPolicy, repositoryText)},
	}.policies(t), Options{CacheSize: cacheSize, Stats: stats})
	if err != nil {
		t.Fatal(err)
	}
	return e, stats
}

var (
	user     = iam.Principal{Kind: iam.User, ARN: alice, Account: "123456789012"}
	session  = iam.Principal{Kind: iam.AssumedRole, ARN: "arn:aws:sts::123456789012:assumed-role/ci/1", Account: "123456789012", RoleARN: role}
	unlisted = iam.Principal{Kind: iam.User, ARN: "arn:aws:iam::123456789012:user/unlisted", Account: "123456789012"}
)

// A question is a request with the session policies of its caller.
type question struct {
	iam.Request
	Session []*iam.Policy
}

func decide(e *Engine, q *question) iam.Decision { return e.Decide(&q.Request, q.Session) }

func explain(e *Engine, q *question) iam.Explanation { return e.Explain(&q.Request, q.Session) }

func request(p *iam.Principal, action, name, ip, time string) *question {
	return &question{Request: iam.Request{Principal: p, Action: action, Resource: repository + name, Context: iam.Context{
		{Key: "aws:SourceIp", Value: ip}, {Key: "aws:CurrentTime", Value: time}, {Key: "aws:UserAgent", Value: "test"},
	}}}
}

const (
	inside, outside = "10.1.2.3", "192.0.2.1"
	early, late     = "2026-05-01T00:00:00Z", "2026-07-01T00:00:00Z"
)

// TestDecide checks decisions, computed and cached, and their explanations.
func TestDecide(t *testing.T) {
	e, _ := newEngine(t, 100)
	for _, c := range []struct {
		name    string
		request *question
		want    iam.Decision
	}{
		{"identity policy allows", request(&user, "ecr:PutImage", "app", inside, early), iam.Allowed},
		{"identity policy denies another address", request(&user, "ecr:PutImage", "app", outside, early), iam.ExplicitDeny},
		{"another action from another address", request(&user, "ecr:BatchGetImage", "app", outside, early), iam.Allowed},
		{"a session has its role's policies", request(&session, "ecr:PutImage", "app", inside, early), iam.Allowed},
		{"repository policy before its time", request(&user, "ecr:BatchGetImage", "closing", inside, early), iam.Allowed},
		{"repository policy after its time", request(&user, "ecr:BatchGetImage", "closing", inside, late), iam.ExplicitDeny},
		{"no policies", request(&unlisted, "ecr:BatchGetImage", "app", inside, early), iam.ImplicitDeny},
		{"zero principal", request(&iam.Principal{}, "ecr:BatchGetImage", "app", inside, early), iam.ImplicitDeny},
		{"no principal", request(nil, "ecr:BatchGetImage", "app", inside, early), iam.ImplicitDeny},
		{"no context: the negated condition holds", &question{Request: iam.Request{Principal: &user, Action: "ecr:PutImage", Resource: repository + "app"}}, iam.ExplicitDeny},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 2 { // the second answer comes from the cache
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

// TestRepositoryPolicyCannotGrant checks that only identity policies grant logging in and creating
// a repository, whatever the repository policy allows.
func TestRepositoryPolicyCannotGrant(t *testing.T) {
	open := compile(t, iam.RepositoryPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*"}}`)
	all := compile(t, iam.IdentityPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*","Resource":"*"}}`)
	e, err := New(attachments{
		Identity:   map[string][]*iam.Policy{alice: all},
		Repository: map[string][]*iam.Policy{repository + "open": open, "*": open},
	}.policies(t), Options{CacheSize: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name             string
		caller           *iam.Principal
		action, resource string
		want             iam.Decision
	}{
		{"the repository policy grants reading", &unlisted, "ecr:BatchGetImage", repository + "open", iam.Allowed},
		{"the repository policy grants importing from upstream", &unlisted, "ecr:BatchImportUpstreamImage", repository + "open", iam.Allowed},
		{"the repository policy does not grant creating", &unlisted, "ecr:CreateRepository", repository + "open", iam.ImplicitDeny},
		{"the repository policy does not grant creating in another case", &unlisted, "ECR:createrepository", repository + "open", iam.ImplicitDeny},
		{"the repository policy does not grant logging in", &unlisted, "ecr:GetAuthorizationToken", "*", iam.ImplicitDeny},
		{"an identity policy grants creating", &user, "ecr:CreateRepository", repository + "new", iam.Allowed},
		{"an identity policy grants logging in", &user, "ecr:GetAuthorizationToken", "*", iam.Allowed},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &question{Request: iam.Request{Principal: c.caller, Action: c.action, Resource: c.resource}}
			if got, why := decide(e, r), explain(e, r).Decision; got != c.want || why != c.want {
				t.Errorf("decided %s, explained as %s; want %s", got, why, c.want)
			}
		})
	}
}

// TestNewRefusesACacheWithoutSize checks that the cache size must be positive.
func TestNewRefusesACacheWithoutSize(t *testing.T) {
	for _, size := range []int{0, -1} {
		if _, err := New(Policies{}, Options{CacheSize: size}); err == nil {
			t.Errorf("a cache of %d entries is accepted", size)
		}
	}
}
