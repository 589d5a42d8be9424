package authz

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"

	"extauthz/decision"
	_ "extauthz/goldentest" // accept -update
	"extauthz/mapping"
)

// fewChecks is a context that ends after it has been checked a number of times.
type fewChecks struct {
	context.Context
	left int
}

func (c *fewChecks) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestEvaluationStopsAtTheDeadline checks that nothing is evaluated after the deadline, not
// even to explain the result.
func TestEvaluationStopsAtTheDeadline(t *testing.T) {
	const tags = 20
	var stats decision.Stats
	contents := maps.Clone(directory)
	contents["managed/push.json"] = `{"Version":"2012-10-17","Statement":[
  {"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLikeIfExists":{"oci:Reference":"*"}}}]}`
	checker := newCheckerWith(t, decision.Options{CacheSize: 1, Stats: &stats}, contents, "alice", "bob", "carol", "dave")
	path := "/v2/team/app/manifests/" + digest + "?"
	for i := range tags {
		path += fmt.Sprintf("tag=v%d&", i)
	}
	put := func(looks int) (*OfflineResult, uint64) {
		r := from("alice", "PUT", strings.TrimSuffix(path, "&"), mapping.Header{Name: "content-type", Value: "application/vnd.oci.image.manifest.v1+json"})
		before := stats.Misses.Load()
		result := checkOfflineWithin(&fewChecks{context.Background(), looks}, checker, r)
		return result, stats.Misses.Load() - before
	}
	result, all := put(1 << 20)
	if result.Decision != Allowed || all < tags {
		t.Fatalf("without a deadline: %v, %s, %d evaluations", result.Decision, result.Reason, all)
	}
	stopped := 0
	for looks := range int(all) {
		result, evaluated := put(looks)
		if result.Decision == Allowed {
			continue
		}
		stopped++
		if result.Decision != Unavailable503 || evaluated > uint64(looks)+1 || len(result.Explain()) != 0 {
			t.Errorf("deadline after %d checks of the context: %v, %d evaluations, %d explanations", looks, result.Decision, evaluated, len(result.Explain()))
		}
	}
	if stopped < tags {
		t.Errorf("only %d requests were stopped", stopped)
	}
}
