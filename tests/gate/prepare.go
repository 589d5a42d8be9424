package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"

	"extauthz/tests/bounded"
	"extauthz/tests/clientbin"
	"extauthz/tests/differential"
	"extauthz/tests/envoybin"
	"extauthz/tests/reports"
	"extauthz/tests/stack"
)

// downloads fetches everything that tests need from a network. Without npm the tests
// that need its packages say what is missing.
func (g *gate) downloads(ctx context.Context) outcome {
	var o outcome
	for _, dir := range []string{g.root, g.tests()} {
		fmt.Fprintf(g.out, "Downloading the Go modules of %s\n", filepath.Base(dir))
		o = o.plus(of(g.command(ctx, dir, g.out, "go", "mod", "download")))
	}
	o = o.plus(g.envoy(ctx))
	if _, err := exec.LookPath("npm"); err != nil {
		return o
	}
	fmt.Fprintln(g.out, "Downloading npm packages")
	_, err := differential.Install(ctx)
	for _, p := range reports.Packages {
		_, fetching := p.Fetch(ctx)
		err = errors.Join(err, fetching)
	}
	if ran := errors.Is(err, context.DeadlineExceeded); err != nil && !ran {
		fmt.Fprintln(g.out, oneLine(err)) // the tests that need them report it
		return o
	}
	return o.plus(of(err))
}

// envoy has the pinned Envoy at hand for the stages that need it.
func (g *gate) envoy(ctx context.Context) outcome {
	_, err := envoybin.Find(ctx, stack.Cache(), envoybin.OnlyPinned, g.out)
	if g.envoyMissing = err; err != nil {
		return lacking("Envoy", err)
	}
	return of(nil)
}

// builds compiles everything that tests run or are made of. What the race detector
// needs is compiled apart.
func (g *gate) builds(ctx context.Context) outcome {
	o := of(g.compile(ctx, g.root))
	if noRace(ctx) == "" {
		o = o.plus(of(g.compile(ctx, g.root, "-race")))
	}
	o = o.plus(of(g.compile(ctx, g.tests())))
	for _, p := range []struct{ dir, pkg, binary string }{
		{g.root, "./cmd/extauthz", "extauthz"},
		{g.tests(), "./registry", "registry"},
		{g.tests(), "./quickstart", "quickstart"},
		{g.tests(), "github.com/google/go-containerregistry/cmd/crane", "crane"},
	} {
		fmt.Fprintf(g.out, "Building %s\n", p.binary)
		o = o.plus(of(stack.Compile(ctx, p.dir, p.pkg, filepath.Join(stack.Cache(), "bin", p.binary), g.out)))
	}
	if err := clientbin.Linter.Install(ctx, g.out); err != nil {
		return o.plus(lacking("golangci-lint", err))
	}
	return o.plus(of(nil))
}

// compile compiles the packages of a module and their tests, and links nothing.
func (g *gate) compile(ctx context.Context, dir string, flags ...string) error {
	fmt.Fprintf(g.out, "Compiling %s and its tests %s\n", filepath.Base(dir), flags)
	list := exec.Command("go", append(append([]string{"list", "-test", "-deps", "-export", "-f", `{{""}}`}, flags...), "./...")...)
	list.Dir = dir
	if len(flags) > 0 {
		list.Env = withRace()
	}
	return bounded.Aloud(ctx, noLimit, list, until{ctx, g.out}, "compiling")
}

// buildClients builds the registry clients that are Go modules. One that cannot be
// built is missing, and its test says so.
func (g *gate) buildClients(ctx context.Context) outcome {
	var o outcome
	for _, c := range clientbin.All() {
		if !c.Wanted() && !c.Built() {
			continue // its test reports it
		}
		if err := c.Install(ctx, g.out); err != nil {
			o = o.plus(lacking(c.Name(), err))
			continue
		}
		o.passed++
	}
	return o
}
