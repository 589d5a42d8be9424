package decision

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "extauthz/goldentest" // accept -update
	"extauthz/iam"
)

// TestDecideAllocatesNothingOnAHit checks that a cached decision needs no allocation.
func TestDecideAllocatesNothingOnAHit(t *testing.T) {
	plain, _ := newEngine(t, 100)
	limited, _ := newLimited(t, 100)
	whole, err := New(twinPolicies(t).policies(t), Options{CacheSize: 100})
	if err != nil {
		t.Fatal(err)
	}
	push := request(&session, "ecr:PutImage", "app", inside, early)
	push.Session = limits(t, "reading", "weekdays")
	for name, c := range map[string]struct {
		engine  *Engine
		request *question
	}{
		"a user":                               {plain, request(&user, "ecr:PutImage", "app", inside, early)},
		"a session with boundary and policies": {limited, push},
		"registry policy and organization":     {whole, request(&user, "ecr:PutImage", "open", inside, early)},
	} {
		fill(c.engine, c.request)
		if n := testing.AllocsPerRun(100, func() { decide(c.engine, c.request) }); n != 0 {
			t.Errorf("%s: %v allocations on a cache hit", name, n)
		}
	}
}

func BenchmarkDecideHit(b *testing.B) {
	e, _ := newEngine(b, 100)
	r := request(&user, "ecr:PutImage", "app", inside, early)
	b.ReportAllocs()
	fill(e, r)
	measure(b, func(int) { decide(e, r) })
}

func BenchmarkDecideSessionHit(b *testing.B) {
	e, _ := newLimited(b, 100)
	r := request(&session, "ecr:PutImage", "app", inside, early)
	r.Session = limits(b, "reading", "weekdays")
	b.ReportAllocs()
	fill(e, r)
	measure(b, func(int) { decide(e, r) })
}

// BenchmarkDecideHits decides cached requests of many callers on all processors, by Zipf's
// law as registries see them.
func BenchmarkDecideHits(b *testing.B) {
	e, _ := newEngine(b, 4096)
	requests := make([]*question, 1000)
	for i := range requests {
		requests[i] = request(&user, "ecr:PutImage", fmt.Sprint("app", i), inside, early)
		fill(e, requests[i])
	}
	b.ReportAllocs()
	before := processorTime(b)
	b.RunParallel(func(pb *testing.PB) {
		zipf := rand.NewZipf(rand.New(rand.NewPCG(1, 2)), 1.1, 1, uint64(len(requests)-1))
		order := make([]*question, 4096)
		for i := range order {
			order[i] = requests[zipf.Uint64()]
		}
		for i := 0; pb.Next(); i++ {
			decide(e, order[i%len(order)])
		}
	})
	b.ReportMetric(float64(processorTime(b)-before)/float64(b.N), "cpu-ns/op")
}

// BenchmarkDecideMiss decides requests that have not occurred before, with a Deny and a
// condition in play.
func BenchmarkDecideMiss(b *testing.B) {
	e, stats := newEngine(b, 1024)
	requests := distinct(64 * 1024)
	b.ReportAllocs()
	measure(b, func(i int) { decide(e, requests[i%len(requests)]) })
	if stats.Hits.Load() > 0 {
		b.Errorf("%d hits", stats.Hits.Load())
	}
}

// measure calls f with 0, 1, 2 and so on, and reports the processor time of a call. On a busy
// machine it is more precise than elapsed time.
func measure(b *testing.B, f func(int)) {
	before := processorTime(b)
	for i := 0; b.Loop(); i++ {
		f(i)
	}
	b.ReportMetric(float64(processorTime(b)-before)/float64(b.N), "cpu-ns/op")
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// distinct returns n requests of which no two are the same.
func distinct(n int) (requests []*question) {
	for i := range n {
		requests = append(requests, request(&user, "ecr:PutImage", fmt.Sprint("app", i), inside, early))
	}
	return requests
}

// BenchmarkDecideGrowth decides requests that are not in the cache, among more and more
// statements: of many principals and repositories, all of the caller, or all of one
// repository. The requests are some of those that the statements allow, so that the data
// that they need stays in the processor's caches, as that of busy callers does.
func BenchmarkDecideGrowth(b *testing.B) {
	for _, layout := range []string{"spread", "principal", "repository"} {
		for _, n := range []int{10, 1000, 100_000} {
			b.Run(fmt.Sprintf("%s/%d", layout, n), func(b *testing.B) {
				e, requests := grown(b, layout, n)
				b.ReportAllocs()
				measure(b, func(i int) {
					if decide(e, requests[i%len(requests)]) != iam.Allowed {
						b.Fatal("denied")
					}
				})
			})
		}
	}
}

// grown returns an engine with n statements and requests that one of them allows.
func grown(b *testing.B, layout string, n int) (*Engine, []*question) {
	b.Helper()
	p := attachments{Identity: map[string][]*iam.Policy{}, Repository: map[string][]*iam.Policy{}}
	caller := func(i int) string { return fmt.Sprintf("arn:aws:iam::123456789012:user/user-%d", i) }
	var requests []*question
	var granting []string // of the policy of a repository
	const each = 1000     // statements of an identity policy
	for first := 0; first < n; first += each {
		var statements []string
		for i := first; i < min(n, first+each); i++ {
			resource := fmt.Sprintf("arn:aws:ecr:*:123456789012:repository/team-%d/*", i)
			statement := fmt.Sprintf(`{"Effect":"Allow","Action":["ecr:BatchGetImage","ecr:PutImage"],"Resource":"%s"}`, resource)
			deny := `{"Effect":"Deny","Action":"ecr:PutImage","Resource":"` + resource + `","Condition":{"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}`
			who, name := alice, fmt.Sprintf("team-%d/app", i)
			switch layout {
			case "spread":
				who = caller(i)
				p.Identity[who] = compile(b, iam.IdentityPolicy, `{"Version":"2012-10-17","Statement":[`+statement+`,`+deny+`]}`)
			case "principal":
				statements = append(statements, statement)
			case "repository":
				who, name = caller(i), "app"
				granting = append(granting, fmt.Sprintf(`{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":["ecr:BatchGetImage","ecr:PutImage"]}`, who))
			}
			requests = append(requests, request(&iam.Principal{Kind: iam.User, ARN: who, Account: "123456789012"}, "ecr:PutImage", name, inside, early))
		}
		if statements != nil {
			p.Identity[alice] = append(p.Identity[alice], compile(b, iam.IdentityPolicy, `{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`)...)
		}
	}
	if granting != nil {
		p.Repository[repository+"app"] = compile(b, iam.RepositoryPolicy, `{"Version":"2012-10-17","Statement":[`+strings.Join(granting, ",")+`]}`)
	}
	e, err := New(p.policies(b), Options{CacheSize: 1})
	if err != nil {
		b.Fatal(err)
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(requests), func(i, j int) { requests[i], requests[j] = requests[j], requests[i] })
	return e, requests[:min(n, 256)]
}
