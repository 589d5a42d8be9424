package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"time"

	"extauthz/tests/bounded"
	"extauthz/tests/envoybin"
)

// unit runs the product's tests, with the race detector where a C compiler is
// there to build it; fuzz targets run with their seeds only.
func (g *gate) unit(ctx context.Context) outcome {
	if why := noRace(ctx); why != "" {
		return g.goTest(ctx, g.root, nil, "./...").plus(outcome{missing: []string{"the race detector: " + why}})
	}
	return g.goTest(ctx, g.root, withRace(), "-race", "./...")
}

// withRace is the environment of a build with the race detector, which needs cgo.
func withRace() []string { return append(os.Environ(), "CGO_ENABLED=1") }

// noRace says why the race detector cannot be built here, "" if it can.
func noRace(ctx context.Context) string {
	ask := exec.CommandContext(ctx, "go", "env", "CGO_ENABLED", "CC")
	ask.Env = withRace()
	out, err := ask.Output()
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

// rules runs every package of the tests but those with a stage of their own.
func (g *gate) rules(ctx context.Context) outcome {
	var list bytes.Buffer
	if err := g.command(ctx, g.tests(), &list, "go", "list", "./..."); err != nil {
		fmt.Fprint(g.out, &list)
		return of(err)
	}
	packages := slices.DeleteFunc(strings.Fields(list.String()), func(pkg string) bool {
		return slices.Contains([]string{"differential", "e2e", "conformance", "clients", "quickstart", "image", "router"}, path.Base(pkg))
	})
	return g.goTest(ctx, g.tests(), nil, append([]string{"-count=1"}, packages...)...)
}

// router compares package mapping with a registry's own reading of requests.
func (g *gate) router(ctx context.Context) outcome {
	return g.goTest(ctx, g.tests(), nil, "-count=1", "./router")
}

// differential compares package iam with another evaluator, where there is
// node to run it.
func (g *gate) differential(ctx context.Context) outcome {
	return g.goTest(ctx, g.tests(), nil, "-count=1", "./differential")
}

// endToEnd runs the scenarios through a real Envoy.
func (g *gate) endToEnd(ctx context.Context) outcome { return g.withEnvoy(ctx, "./e2e") }

// conformance compares a registry behind Envoy with one alone.
func (g *gate) conformance(ctx context.Context) outcome { return g.withEnvoy(ctx, "./conformance") }

// clients runs real registry clients through a real Envoy.
func (g *gate) clients(ctx context.Context) outcome { return g.withEnvoy(ctx, "./clients") }

// quickstart runs what `make run` runs, and the commands that it prints.
func (g *gate) quickstart(ctx context.Context) outcome { return g.withEnvoy(ctx, "./quickstart") }

// withEnvoy runs tests that need the pinned Envoy, if it could be had.
func (g *gate) withEnvoy(ctx context.Context, pkg string) outcome {
	if g.envoyMissing != nil {
		return lacking(pkg, errors.New("no Envoy "+envoybin.Pinned))
	}
	return g.goTest(ctx, g.tests(), nil, "-count=1", pkg)
}

// image builds and runs the container image, where a Docker engine answers.
func (g *gate) image(ctx context.Context) outcome {
	return g.goTest(ctx, g.tests(), nil, "-count=1", "./image")
}

// goTest runs `go test` in dir and counts its tests. A test binary ends a little before
// the stage does, and says which test did not end.
func (g *gate) goTest(ctx context.Context, dir string, env []string, args ...string) outcome {
	events := newEvents(g.out)
	if deadline, limited := ctx.Deadline(); limited {
		args = append([]string{"-timeout=" + (time.Until(deadline) * 9 / 10).Round(time.Second).String()}, args...)
	}
	c := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	c.Dir, c.Env, c.Stdout, c.Stderr = dir, env, until{ctx, events}, until{ctx, events}
	err := bounded.Alive(g.out, "testing", func() error { return bounded.Run(ctx, noLimit, c) })
	o := events.outcome()
	if ctx.Err() != nil || err != nil && o.failed == 0 {
		o = o.plus(of(err))
	}
	return o
}
