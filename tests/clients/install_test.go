package clients

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"extauthz/tests/stack"
)

// installLimit suits the largest client on two cores.
const installLimit = 12 * time.Minute

// onPath finds a program where the machine's own are.
func onPath(program string) func() (string, error) {
	return func() (string, error) { return exec.LookPath(program) }
}

// fromModule has a program of a Go module of this version, built once and
// kept: a client's dependencies are none of this module's.
func fromModule(pkg, version string) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		dir := filepath.Join(stack.Cache(), "clients", path.Base(pkg)+"-"+version)
		program := filepath.Join(dir, path.Base(pkg))
		if _, err := os.Stat(program); err == nil {
			return program, nil
		}
		return program, install(pkg+"@"+version, dir)
	})
}

// install builds a program into dir. The checksum database vouches for what is
// downloaded.
func install(program, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), installLimit)
	defer cancel()
	build := exec.CommandContext(ctx, "go", "install", "-ldflags=-s -w", program)
	build.Env = append(os.Environ(), "GOBIN="+dir)
	if out, err := build.CombinedOutput(); err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return fmt.Errorf("go install %s: %w: %s", program, err, lines[len(lines)-1])
	}
	return nil
}
