package stack

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"extauthz/tests/envoybin"
)

// buildLimit suits two cores that compile every dependency for the first time.
const buildLimit = 15 * time.Minute

// Programs are what a stack runs.
type Programs struct {
	Envoy    *envoybin.Envoy
	Extauthz string // path of the binary
	Registry string // path of the binary
}

// Build compiles extauthz and the registry into dir and finds an Envoy that
// accept takes. It tells progress what it does.
func Build(ctx context.Context, dir string, accept envoybin.Accept, progress io.Writer) (*Programs, error) {
	envoy, err := envoybin.Find(ctx, Cache(), accept, progress)
	if err != nil {
		return nil, err
	}
	p := &Programs{Envoy: envoy, Extauthz: filepath.Join(dir, "extauthz"), Registry: filepath.Join(dir, "registry")}
	fmt.Fprintln(progress, "Building extauthz and the registry (a minute or two the first time)")
	if err := Compile(ctx, Root(), "./cmd/extauthz", p.Extauthz, progress); err != nil {
		return nil, err
	}
	return p, Compile(ctx, filepath.Join(Root(), "tests"), "./registry", p.Registry, progress)
}

// Main is the body of a TestMain: it builds the programs into a temporary
// folder, which is the one of Programs.Extauthz, has run run the tests with
// them, and returns the exit code.
func Main(run func(*Programs) int) (exit int) {
	dir, err := os.MkdirTemp("", "extauthz-tests-")
	if err == nil {
		defer os.RemoveAll(dir)
		var programs *Programs
		if programs, err = Build(context.Background(), dir, envoybin.OnlyPinned, os.Stderr); err == nil {
			return run(programs)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// Compile builds one command of the module in dir into the file binary.
func Compile(ctx context.Context, dir, pkg, binary string, progress io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, buildLimit)
	defer cancel()
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, pkg)
	build.Dir, build.Stdout, build.Stderr = dir, progress, progress
	if err := build.Run(); err != nil {
		return fmt.Errorf("go build %s: %w", pkg, err)
	}
	return nil
}

// Root is the checkout that this file was compiled from.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// Cache is the folder inside the checkout for what is fetched once.
func Cache() string {
	return filepath.Join(Root(), ".cache")
}
