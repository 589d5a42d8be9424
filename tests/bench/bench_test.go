package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "extauthz/goldentest" // accept -update
	"extauthz/tests/bench/result"
)

// TestQuick runs the comparison of servers for an instant. It checks that every server
// answered every check rightly, because anything else is an error, and that every server was
// measured. It checks no times.
func TestQuick(t *testing.T) {
	file := filepath.Join(t.TempDir(), "run.json")
	var out, progress strings.Builder
	err := run(t.Context(), []string{"-quick", "-instant", "-only", "^(hits|misses|password|token|decision log|open loop)$", "-out", file}, &out, &progress)
	if err != nil {
		t.Fatalf("%v\n%s", err, &progress)
	}
	r, err := result.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"hits", "misses", "password", "token", "decision log", "open loop"}; !slices.Equal(r.Workloads(), want) {
		t.Errorf("workloads %v, want %v", r.Workloads(), want)
	}
	for _, workload := range r.Workloads() {
		for _, server := range []string{noop, hand, sidecar} {
			for _, metric := range []string{result.CPU, result.P50, result.P99, result.Allocations, result.Bytes, result.Answer} {
				if values := r.Values(workload, server, metric); len(values) != 1 || values[0] <= 0 {
					t.Errorf("%s, %s: %s %v, want one positive value", workload, server, metric, values)
				}
			}
		}
	}
	if hits := r.Values("misses", sidecar, result.HitRatio); len(hits) != 1 || hits[0] > 0.6 {
		t.Errorf("%v of the decisions of misses were cached", hits)
	}
	if !strings.Contains(out.String(), "| hits ") {
		t.Errorf("no table was printed:\n%s", &out)
	}
}

// TestArguments checks that wrong arguments are errors.
func TestArguments(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.json")
	for _, args := range [][]string{{"-unknown"}, {"more"}, {"-only", "("}, {"-compare", missing}} {
		if err := run(t.Context(), args, new(strings.Builder), new(strings.Builder)); err == nil {
			t.Errorf("%v is accepted", args)
		}
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("the file to compare with was created")
	}
}
