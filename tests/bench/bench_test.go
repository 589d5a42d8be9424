package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "extauthz/goldentest" // accept -update
	"extauthz/tests/bench/result"
	"extauthz/tests/stack"
)

// measuredWorkloads are the workloads of TestInstant. Those of Envoy and of large directories take
// longer.
var measuredWorkloads = []string{
	"hits", "misses", "password", "token", "decision log", "open loop",
	"2,000 a second", "2,000 a second, reloads", "misses, one principal, 100 statements",
}

// TestInstant runs the benchmark for an instant. It checks that every server answered every
// check rightly, because anything else is an error, and that every server was measured. It
// checks no times.
func TestInstant(t *testing.T) {
	dir := t.TempDir()
	file, charts := filepath.Join(dir, "run.json"), filepath.Join(dir, "charts")
	var out, progress strings.Builder
	only := "^(" + strings.Join(measuredWorkloads, "|") + ")$"
	if err := run(t.Context(), []string{"-instant", "-only", only, "-out", file, "-charts", charts}, &out, &progress); err != nil {
		t.Fatalf("%v\n%s", err, &progress)
	}
	r, err := result.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.Workloads(), measuredWorkloads) {
		t.Errorf("workloads %v, want %v", r.Workloads(), measuredWorkloads)
	}
	for _, workload := range measuredWorkloads[:6] {
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
	if took := r.Values(swapping, sidecar, result.InForce); len(took) < 2 || slices.Min(took) <= 0 {
		t.Errorf("the changes were in force after %v ms, want two or more", took)
	}
	if !strings.Contains(out.String(), "| hits ") {
		t.Errorf("no table was printed:\n%s", &out)
	}
	again := new(strings.Builder)
	if err := run(t.Context(), []string{"-from", file, "-compare", file}, again, &progress); err != nil || !strings.HasPrefix(again.String(), out.String()) {
		t.Errorf("the file gives other tables (%v):\n%s", err, again)
	}
	if svg, err := os.ReadFile(filepath.Join(charts, "latency.svg")); err != nil || !strings.HasPrefix(string(svg), "<svg") {
		t.Errorf("no chart was drawn (%v)", err)
	}
}

// TestTurningJudgesAnswers checks which answers about a repository are right while its policy
// changes.
func TestTurningJudgesAnswers(t *testing.T) {
	at := func(ms int) time.Time { return time.UnixMilli(int64(ms)) }
	answer := func(sent, received int, allowed bool) turningAnswer {
		return turningAnswer{at(sent), at(received), allowed}
	}
	for _, c := range []struct {
		name   string
		answer turningAnswer
		wrong  int
	}{
		{"the old answer before the change", answer(10, 20, true), 0},
		{"the new answer before the change", answer(10, 20, false), 1},
		{"the old answer during the change", answer(110, 120, true), 0},
		{"the new answer during the change", answer(110, 120, false), 0},
		{"the old answer to a check sent before the change was in force", answer(110, 900, true), 0},
		{"the old answer after the change", answer(210, 220, true), 1},
		{"the new answer after the change", answer(210, 220, false), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			turning := &turning{
				changes: []turn{{open: true}, {written: at(100), inForce: at(200)}},
				answers: []turningAnswer{c.answer},
			}
			if got := turning.wrong(); got != c.wrong {
				t.Errorf("%d wrong answers, want %d", got, c.wrong)
			}
		})
	}
}

// TestCenters checks to which cost centers the stacks of a profile count.
func TestCenters(t *testing.T) {
	const block = `------+-------------------------------------------------------
      10ms   runtime.mapaccess2_faststr
             extauthz/decision.(*Engine).Decide
             extauthz/authz.(*Checker).Check
             google.golang.org/grpc.(*Server).processUnaryRPC
`
	took, stack := readTrace(block)
	if took != 10*time.Millisecond || len(stack) != 4 || centerOf(stack) != "decision" {
		t.Errorf("%s in %v, center %s", took, stack, centerOf(stack))
	}
	for function, want := range map[string]string{
		"runtime.gcBgMarkWorker":                            "garbage collection",
		"google.golang.org/grpc/internal/transport.(*x).do": "gRPC and HTTP/2",
		"runtime.findRunnable":                              rest,
	} {
		if got := centerOf([]string{"runtime.memmove", function}); got != want {
			t.Errorf("%s: %s, want %s", function, got, want)
		}
	}
}

// TestEnvoyConfig checks that only the bare Envoy forwards without a check, and which settings the
// filter has.
func TestEnvoyConfig(t *testing.T) {
	const filter, ours = "name: " + checkFilter, "validate_mutations"
	for _, c := range []struct {
		name           string
		change         func(any) any
		want, unwanted []string
	}{
		{"the example", nil, []string{filter, ours, perRoute, "/socket"}, nil},
		{"as documented", asDocumented, []string{filter, "include_peer_certificate", "/socket"}, []string{ours, perRoute}},
		{"bare", withoutChecks, []string{"http.router"}, []string{filter, ours, perRoute, "/socket"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			config, err := envoyConfig(stack.Wiring{Listener: "127.0.0.1:1", Registry: "127.0.0.1:2", Admin: "/admin", Certs: "/c", Socket: "/socket"}, c.change)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range c.want {
				if !strings.Contains(string(config), text) {
					t.Errorf("no %s:\n%s", text, config)
				}
			}
			for _, text := range c.unwanted {
				if strings.Contains(string(config), text) {
					t.Errorf("%s is in the configuration:\n%s", text, config)
				}
			}
		})
	}
}

// TestArguments checks that wrong arguments are errors.
func TestArguments(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.json")
	for _, args := range [][]string{{"-unknown"}, {"more"}, {"-only", "("}, {"-opa", "perhaps"}, {"-compare", missing}} {
		if err := run(t.Context(), args, new(strings.Builder), new(strings.Builder)); err == nil {
			t.Errorf("%v is accepted", args)
		}
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("the file to compare with was created")
	}
}
