//go:build !race

package main

import (
	"context"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"extauthz/authz"
	"extauthz/envoy"
)

// TestTracesThatAreOffAllocateNothing checks that a check takes no more allocations with traces
// that are off than without any hook for them.
func TestTracesThatAreOffAllocateNothing(t *testing.T) {
	message, err := proto.Marshal(&authv3.CheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	answer := &authz.Result{Decision: authz.Allowed, Answer: authz.Answer{Allowed: true}}
	decide := func(context.Context, *authz.CheckRequest) *authz.Result { return answer }
	count := func(*authz.Result, time.Duration, string) {}
	var off *traces
	sampled, _ := newTestTraces("tracecontext")
	allocations := func(s *envoy.Service) float64 {
		ctx := t.Context()
		return testing.AllocsPerRun(1000, func() { s.Check(ctx, message) })
	}
	without := allocations(&envoy.Service{Decide: decide})
	if with := allocations(&envoy.Service{Decide: decide, Begin: off.begin(), Observe: off.observe(count)}); with != without {
		t.Errorf("%v allocations with traces that are off, and %v without the hooks", with, without)
	}
	if on := allocations(&envoy.Service{Decide: decide, Begin: sampled.begin(), Observe: sampled.observe(count)}); on <= without {
		t.Errorf("%v allocations with traces: the comparison shows nothing", on)
	}
}
