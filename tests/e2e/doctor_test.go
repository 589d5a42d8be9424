package e2e

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"extauthz/tests/stack"
)

// doctorHasNoFinding checks the configuration dump of the running Envoy.
func doctorHasNoFinding(t *testing.T, sys *system) {
	envoy, isProcess := sys.Stack.(*stack.Processes)
	if !isProcess {
		t.Fatal("Envoy is not a process")
	}
	admin := "unix://" + envoy.EnvoyAdmin()
	if out, err := exec.Command(programs.Extauthz, "doctor", "--fail-on", "suggestion", "--policies", sys.Policies, "--admin", admin).Output(); err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
	var failed *exec.ExitError
	out, err := exec.Command(programs.Extauthz, "doctor", "--admin", admin+"x").CombinedOutput()
	if !errors.As(err, &failed) || failed.ExitCode() != 2 || !strings.Contains(string(out), "--admin") {
		t.Errorf("without an admin interface: %v: %s", err, out)
	}
}
