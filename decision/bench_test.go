package decision

import (
	"testing"

	_ "extauthz/goldentest" // accept -update
)

// TestDecideAllocatesNothingOnAHit checks that a cached decision needs no allocation.
func TestDecideAllocatesNothingOnAHit(t *testing.T) {
	plain, _ := newEngine(t, 100)
	limited, _ := newLimited(t, 100)
	whole, err := New(twinPolicies(t), Options{CacheSize: 100})
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
		decide(c.engine, c.request)
		if n := testing.AllocsPerRun(100, func() { decide(c.engine, c.request) }); n != 0 {
			t.Errorf("%s: %v allocations on a cache hit", name, n)
		}
	}
}

func BenchmarkDecideHit(b *testing.B) {
	e, _ := newEngine(b, 100)
	r := request(&user, "ecr:PutImage", "app", inside, early)
	b.ReportAllocs()
	for b.Loop() {
		decide(e, r)
	}
}

func BenchmarkDecideSessionHit(b *testing.B) {
	e, _ := newLimited(b, 100)
	r := request(&session, "ecr:PutImage", "app", inside, early)
	r.Session = limits(b, "reading", "weekdays")
	b.ReportAllocs()
	for b.Loop() {
		decide(e, r)
	}
}

func BenchmarkDecideMiss(b *testing.B) {
	e, _ := newEngine(b, 1)
	r1 := request(&user, "ecr:PutImage", "app", inside, early)
	r2 := request(&user, "ecr:PutImage", "app", outside, early)
	b.ReportAllocs()
	for b.Loop() {
		decide(e, r1)
		decide(e, r2)
	}
}
