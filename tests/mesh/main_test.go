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

// run runs the tests that do not need a control plane, or only those that do.
func run(m *testing.M) int {
	only := "test.skip"
	if *live {
		only = "test.run"
		if inside, exit := enterNamespace(); !inside {
			return exit
		}
	}
	if err := flag.Set(only, "^TestLive"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return stack.Main(func(p *stack.Programs) int { programs = p; return m.Run() })
}
