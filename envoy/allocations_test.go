//go:build !race

package envoy

import (
	"context"
	"runtime"
	"testing"
	"time"

	"extauthz/authz"
)

// TestAllocations limits how much memory is allocated for a check, from gRPC to the decision.
// gRPC itself allocates 58 times.
func TestAllocations(t *testing.T) {
	withCertificate, withPassword := mustMarshal(t, pull(t)), mustMarshal(t, pullWithPassword(t))
	var reader checkReader
	if got := testing.AllocsPerRun(100, func() {
		reader.read(withCertificate, time.Time{})
		reader.clear()
	}); got > 2 {
		t.Errorf("%v allocations to read a check", got)
	}
	known := new(removals)
	if got := testing.AllocsPerRun(100, func() { response(&allowedPull, DefaultMetadata, known) }); got > 1 {
		t.Errorf("%v allocations to write a response", got)
	}
	for _, c := range []struct {
		name               string
		message            []byte
		decide             func(context.Context, *authz.CheckRequest) *authz.Result
		allocations, bytes float64
	}{
		{"a check that nothing decides", withCertificate, allowPull, 65, 7000},
		{"a caller with a certificate", withCertificate, decider(t, "mtls"), 70, 7500},
		{"a caller with a password", withPassword, decider(t, "quickstart"), 75, 8500},
	} {
		connection := client(t, "unix://"+t.TempDir()+"/s", c.decide)
		for range 20 { // first the caller is authenticated, and buffers are allocated
			if m := mustDecode(t, connection.check(t, c.message)); m.GetOkResponse() == nil {
				t.Fatalf("%s: %v", c.name, m)
			}
		}
		const checks = 2000
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range checks {
			connection.check(t, c.message)
		}
		runtime.ReadMemStats(&after)
		allocations, bytes := float64(after.Mallocs-before.Mallocs)/checks, float64(after.TotalAlloc-before.TotalAlloc)/checks
		t.Logf("%s: %.1f allocations, %.0f bytes", c.name, allocations, bytes)
		if allocations > c.allocations || bytes > c.bytes {
			t.Errorf("%s: %.1f allocations and %.0f bytes, want at most %v and %v", c.name, allocations, bytes, c.allocations, c.bytes)
		}
	}
}
