package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"

	"extauthz/tests/awsclients"
	"extauthz/tests/bounded"
	"extauthz/tests/clientbin"
	"extauthz/tests/differential"
	"extauthz/tests/envoybin"
	"extauthz/tests/reports"
	"extauthz/tests/stack"
)

// envoy is what stages need that run a stack.
const envoy = "Envoy " + envoybin.Pinned

// downloads fetches everything that tests need from a network. Without npm, the tests that
// need its packages report what is missing.
func (c *checks) downloads(ctx context.Context) outcome {
	var o outcome
	for _, dir := range []string{c.root, c.tests(), c.extauthztest()} {
		fmt.Fprintf(c.out, "Downloading the Go modules of %s\n", filepath.Base(dir))
		o = o.plus(of(c.command(ctx, dir, c.out, "go", "mod", "download")))
	}
	if _, err := envoybin.Find(ctx, stack.Cache(), envoybin.OnlyPinned, c.out); err != nil {
		o = o.plus(lacking(envoy, err))
	} else {
		o = o.plus(of(nil))
	}
	if _, err := exec.LookPath("npm"); err != nil {
		return o
	}
	fmt.Fprintln(c.out, "Downloading npm packages")
	_, err := differential.Install(ctx)
	for _, p := range reports.Packages {
		_, fetching := p.Fetch(ctx)
		err = errors.Join(err, fetching)
	}
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		fmt.Fprintln(c.out, oneLine(err)) // the tests that need them report it
		return o
	}
	return o.plus(of(err))
}

// programs builds the programs that tests run, and compiles the tests of the lane that does
// not yield.
func (c *checks) programs(ctx context.Context) outcome {
	var o outcome
	for _, p := range []struct{ dir, pkg, binary string }{
		{c.root, "./cmd/extauthz", "extauthz"},
		{c.tests(), "./registry", "registry"},
		{c.tests(), "./quickstart", "quickstart"},
		{c.tests(), "github.com/google/go-containerregistry/cmd/crane", "crane"},
	} {
		fmt.Fprintf(c.out, "Building %s\n", p.binary)
		o = o.plus(of(stack.Compile(ctx, p.dir, p.pkg, filepath.Join(stack.Cache(), "bin", p.binary), c.out)))
	}
	o = o.plus(of(c.compile(ctx, c.extauthztest(), "./...")))
	return o.plus(of(c.compile(ctx, c.tests(), "./e2e", "./conformance", "./mesh", "./quickstart", "./image", "./compose", "./outages")))
}

// builds compiles everything else that tests are made of, and the linter.
func (c *checks) builds(ctx context.Context) outcome {
	o := of(c.compile(ctx, c.root, "./..."))
	if noRace(ctx) == "" {
		o = o.plus(of(c.compile(ctx, c.root, "-race", "./...")))
	}
	o = o.plus(of(c.compile(ctx, c.tests(), "./...")))
	if err := clientbin.Linter.Install(ctx, c.out); err != nil {
		return o.plus(lacking("golangci-lint", err))
	}
	return o.plus(of(nil))
}

// compile compiles packages of a module and their tests, and links nothing.
func (c *checks) compile(ctx context.Context, dir string, args ...string) error {
	fmt.Fprintf(c.out, "Compiling %s and its tests: %s\n", filepath.Base(dir), args)
	list := exec.Command("go", append([]string{"list", "-test", "-deps", "-export", "-f", `{{""}}`}, args...)...)
	list.Dir = dir
	if args[0] == "-race" {
		list.Env = withRace()
	}
	return bounded.RunPrinting(ctx, noLimit, list, until{ctx, c.out}, "compiling")
}

// buildClients builds the registry clients that are Go modules, and fetches those of AWS that are
// Python packages. The tests of a client that is not here report it.
func (c *checks) buildClients(ctx context.Context) outcome {
	var o outcome
	for _, client := range append(clientbin.All(), clientbin.AWS()...) {
		if !client.Wanted() && !client.Built() {
			continue
		}
		if err := client.Install(ctx, c.out); err != nil {
			o = o.plus(lacking(client.Name(), err))
			continue
		}
		o.Passed++
	}
	if clientbin.Everything() {
		if _, err := awsclients.FindPython(ctx, c.out); err != nil {
			return o.plus(lacking("aws", err))
		}
		o.Passed++
	}
	return o
}
