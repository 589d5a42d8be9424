package mesh

import (
	"flag"
	"fmt"
	"os"
	"testing"

	_ "extauthz/goldentest" // accept -update
	"extauthz/tests/stack"
)

// live runs the control planes too.
var live = flag.Bool("live", false, "build and run the control planes, in a network namespace of their own")

// programs are built once for all tests.
var programs *stack.Programs

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

// run runs the tests that do not need a control plane, or only those that do: all, or those of -run.
func run(m *testing.M) int {
	filter, tests := "test.skip", "^TestLive"
	if *live {
		// The namespace has no network to fetch what is missing.
		if exit := stack.Main(func(*stack.Programs) int { return 0 }); exit != 0 {
			return exit
		}
		if inside, exit := enterNamespace(); !inside {
			return exit
		}
		filter = "test.run"
		if chosen := flag.Lookup(filter).Value.String(); chosen != "" {
			tests = chosen
		}
	}
	if err := flag.Set(filter, tests); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return stack.Main(func(p *stack.Programs) int { programs = p; return m.Run() })
}
