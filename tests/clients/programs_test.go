package clients

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"

	"extauthz/tests/clientbin"
	"extauthz/tests/stack"
)

// built are the errors of building clients, which happens before the first test.
var built sync.Map

// buildClients builds every client that should be built here.
func buildClients() {
	_, _ = stack.Crane(context.Background(), os.Stderr) // its test builds it again, and reports the error
	for _, c := range clientbin.All() {
		if c.Wanted() {
			built.Store(c, c.Install(context.Background(), os.Stderr))
		}
	}
}

// onPath returns the path of an installed program.
func onPath(program string) func() (string, error) {
	return func() (string, error) { return exec.LookPath(program) }
}

// errLeft reports that a client is not built here.
var errLeft = errors.New("left to .ci/run")

// fromModule returns the path of a client that was built.
func fromModule(c clientbin.Client) func() (string, error) {
	return func() (string, error) {
		switch err, _ := built.Load(c); {
		case c.Built():
			return c.Program(), nil
		case !c.Wanted():
			return "", errLeft
		default:
			return "", fmt.Errorf("%s was not built: %w", c.Name(), err.(error))
		}
	}
}
