package e2e

import (
	"flag"
	"path/filepath"
	"testing"

	"extauthz/tests/stack"
	"extauthz/tests/stack/containers"
)

// inContainers is the flag that runs the scenarios against containers.
var inContainers = flag.Bool("containers", false, "run the scenarios against containers, whose images package images finds")

// start starts a stack of processes, or of containers.
func start(t testing.TB, spec stack.Spec) stack.Stack {
	t.Helper()
	if !*inContainers {
		s, err := programs.Start(spec)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s, err := containers.Start(t.Context(), found, spec, filepath.Dir(filepath.Dir(spec.Policies)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}
