package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"extauthz/tests/bounded"
)

// unit runs the product's tests, with the race detector if it can be built here. Fuzz
// targets run with their seeds only.
func (c *checks) unit(ctx context.Context) outcome {
	if reason := noRace(ctx); reason != "" {
		return c.goTest(ctx, c.root, nil, "./...").plus(outcome{Missing: []string{"the race detector: " + reason}})
	}
	o := c.goTest(ctx, c.root, withRace(), "-race", "./...")
	// With the race detector, pools allocate more. These files are not built with it.
	files, err := filepath.Glob(filepath.Join(c.root, "*", "allocations_test.go"))
	if err != nil || len(files) == 0 {
		return o.plus(of(errors.New("no allocations_test.go was found")))
	}
	args := []string{"-run=Alloc"}
	for _, file := range files {
		args = append(args, "./"+filepath.Base(filepath.Dir(file)))
	}
	return o.plus(c.goTest(ctx, c.root, nil, args...))
}

// withRace returns the environment of a build with the race detector, which needs cgo.
func withRace() []string { return append(os.Environ(), "CGO_ENABLED=1") }

// noRace returns the reason why the race detector cannot be built here, or "".
func noRace(ctx context.Context) string {
	env := exec.CommandContext(ctx, "go", "env", "CGO_ENABLED", "CC")
	env.Env = withRace()
	out, err := env.Output()
	enabled, compiler, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	switch {
	case err != nil || enabled != "1":
		return "cgo is off"
	case compiler == "":
		return "no C compiler"
	}
	if _, err := exec.LookPath(strings.Fields(compiler)[0]); err != nil {
		return "no C compiler: " + compiler + " is not on PATH"
	}
	return ""
}

// rules runs every package of the tests that does not have a stage of its own.
func (c *checks) rules(ctx context.Context) outcome {
	var list bytes.Buffer
	if err := c.command(ctx, c.tests(), &list, "go", "list", "./..."); err != nil {
		fmt.Fprint(c.out, &list)
		return of(err)
	}
	packages := slices.DeleteFunc(strings.Fields(list.String()), func(pkg string) bool {
		return slices.Contains([]string{"differential", "e2e", "conformance", "clients", "awsclients", "quickstart", "image", "router", "mesh", "compose", "outages"}, path.Base(pkg))
	})
	return c.goTest(ctx, c.tests(), nil, append([]string{"-count=1"}, packages...)...)
}

// router compares package mapping with how a registry routes requests.
func (c *checks) router(ctx context.Context) outcome { return c.testsIn(ctx, "./router") }

// differential compares package iam with another evaluator, if node can run it.
func (c *checks) differential(ctx context.Context) outcome { return c.testsIn(ctx, "./differential") }

// endToEnd runs the scenarios through a real Envoy. Those that may run at the same time
// mostly wait, so there may be more of them than processors.
func (c *checks) endToEnd(ctx context.Context) outcome { return c.testsIn(ctx, "./e2e", "-parallel=8") }

// conformance compares a registry behind Envoy with the registry alone.
func (c *checks) conformance(ctx context.Context) outcome { return c.testsIn(ctx, "./conformance") }

// mesh runs Envoy as control planes of service meshes configure it.
func (c *checks) mesh(ctx context.Context) outcome { return c.testsIn(ctx, "./mesh") }

// clients runs real registry clients through a real Envoy, and then those of AWS.
func (c *checks) clients(ctx context.Context) outcome {
	return c.testsIn(ctx, "./clients", "./awsclients", "-p=1")
}

// quickstart runs what `make run` runs, and the commands that it prints.
func (c *checks) quickstart(ctx context.Context) outcome { return c.testsIn(ctx, "./quickstart") }

// image builds and runs the container image, if a Docker engine responds.
func (c *checks) image(ctx context.Context) outcome { return c.testsIn(ctx, "./image") }

// containers runs the example for Compose and the failures of containers, if a Docker engine
// responds: one package after the other, because their time limits allow for one.
func (c *checks) containers(ctx context.Context) outcome {
	return c.testsIn(ctx, "./compose", "./outages", "-p=1")
}

// testsIn runs a package of the tests.
func (c *checks) testsIn(ctx context.Context, pkg string, flags ...string) outcome {
	return c.goTest(ctx, c.tests(), nil, append([]string{"-count=1", pkg}, flags...)...)
}

// goTest runs `go test` in dir and counts its tests. A test binary ends a little before the
// stage does, and reports the test that did not end. The stage golangci-lint does what go
// test would have go vet do.
func (c *checks) goTest(ctx context.Context, dir string, env []string, args ...string) outcome {
	events := newEvents(c.out)
	flags := []string{"test", "-json", "-vet=off"}
	if deadline, limited := ctx.Deadline(); limited {
		flags = append(flags, "-timeout="+(time.Until(deadline)*9/10).Round(time.Second).String())
	}
	test := exec.Command("go", append(flags, args...)...)
	test.Dir, test.Env, test.Stdout, test.Stderr = dir, env, until{ctx, events}, until{ctx, events}
	err := bounded.WithProgress(c.out, "testing", func() error { return bounded.Run(ctx, noLimit, test) })
	o := events.outcome
	if ctx.Err() != nil || err != nil && o.Failed == 0 {
		o = o.plus(of(err))
	}
	return o
}
