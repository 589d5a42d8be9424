package stack

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"extauthz/tests/bounded"
	"extauthz/tests/checkout"
	"extauthz/tests/envoybin"
)

// buildLimit is enough for a busy machine that compiles every dependency for the first time.
const buildLimit = 2 * time.Hour

// Programs are the programs of a stack.
type Programs struct {
	Envoy    *envoybin.Envoy
	Extauthz string // path of the binary
	Registry string // path of the binary
}

// Build finds an Envoy that accept accepts, and compiles extauthz to the given file and the
// registry to the cache. The binaries are kept, so that a second call takes seconds. Build
// prints its progress.
func Build(ctx context.Context, extauthz string, accept envoybin.Accept, progress io.Writer) (*Programs, error) {
	envoy, err := envoybin.Find(ctx, Cache(), accept, progress)
	if err != nil {
		return nil, err
	}
	p := &Programs{Envoy: envoy, Extauthz: extauthz, Registry: filepath.Join(Cache(), "bin", "registry")}
	if _, err := os.Stat(p.Registry); err != nil {
		fmt.Fprintln(progress, "Building extauthz and the registry (a minute or two, once)")
	}
	if err := Compile(ctx, Root(), "./cmd/extauthz", p.Extauthz, progress); err != nil {
		return nil, err
	}
	return p, Compile(ctx, Tests(), "./registry", p.Registry, progress)
}

// Main is the body of a TestMain: it builds the programs before the first test, calls run with
// them, and returns the exit code.
func Main(run func(*Programs) int) (exit int) {
	programs, err := Build(context.Background(), filepath.Join(Cache(), "bin", "extauthz"), envoybin.OnlyPinned, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return run(programs)
}

// Compile builds a command of the module in dir as the file binary, unless that is up to date.
// All programs are built with the same settings, so that dependencies are compiled once.
func Compile(ctx context.Context, dir, pkg, binary string, progress io.Writer) error {
	build := exec.Command("go", "build", "-o", binary, pkg)
	build.Dir, build.Env = dir, append(os.Environ(), "CGO_ENABLED=0")
	if err := bounded.RunPrinting(ctx, buildLimit, build, progress, "building "+filepath.Base(binary)); err != nil {
		return fmt.Errorf("go build %s: %w; the first build downloads Go modules: check the network, and GOPROXY", pkg, err)
	}
	return nil
}

// Crane builds the client crane, which is a tool of the tests' module, and returns its path.
func Crane(ctx context.Context, progress io.Writer) (binary string, err error) {
	binary = filepath.Join(Cache(), "bin", "crane")
	return binary, Compile(ctx, Tests(), "github.com/google/go-containerregistry/cmd/crane", binary, progress)
}

// Tests returns the folder of the module of the tests.
func Tests() string { return checkout.Tests() }

// Root returns the checkout that this program was compiled from.
func Root() string { return checkout.Root() }

// Cache returns the folder in the checkout for what is built and fetched once.
func Cache() string { return checkout.Cache() }
