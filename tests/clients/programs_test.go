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

// built are the errors of building clients, before the clock of any test starts.
var built sync.Map

// buildClients builds every client that is wanted here.
func buildClients() {
	_, _ = stack.Crane(context.Background(), os.Stderr) // its test builds it again, and reports the error
	for _, c := range clientbin.All() {
		if c.Wanted() {
			built.Store(c, c.Install(context.Background(), os.Stderr))
		}
	}
}

// onPath finds a program where the machine's own are.
func onPath(program string) func() (string, error) {
	return func() (string, error) { return exec.LookPath(program) }
}

// errLeft says that a client is not built here.
var errLeft = errors.New("left to .ci/run")

// fromModule finds a client that was built.
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
