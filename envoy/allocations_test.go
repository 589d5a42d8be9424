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
	if got := testing.AllocsPerRun(100, func() { readCheck(withCertificate, time.Time{}) }); got > 5 {
		t.Errorf("%v allocations to read a check", got)
	}
	if got := testing.AllocsPerRun(100, func() { response(&allowedPull, DefaultMetadata) }); got > 1 {
		t.Errorf("%v allocations to write a response", got)
	}
	for _, c := range []struct {
		name               string
		message            []byte
		decide             func(context.Context, *authz.CheckRequest) *authz.Result
		allocations, bytes float64
	}{
		{"a check that nothing decides", withCertificate, allowPull, 68, 9000},
		{"a caller with a certificate", withCertificate, decider(t, "mtls"), 80, 9000},
		{"a caller with a password", withPassword, decider(t, "quickstart"), 80, 9000},
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
