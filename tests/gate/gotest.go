package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path"
	"slices"
	"strings"

	"extauthz/tests/envoybin"
)

// unit runs the product's tests, with the race detector where a C compiler is
// there to build it; fuzz targets run with their seeds only.
func (g *gate) unit(ctx context.Context) outcome {
	if why := noRace(ctx); why != "" {
		return g.goTest(ctx, g.root, "-timeout=10m", "./...").plus(outcome{missing: []string{"the race detector: " + why}})
	}
	return g.goTest(ctx, g.root, "-race", "-timeout=10m", "./...")
}

// noRace says why the race detector cannot be built here, "" if it can.
func noRace(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "go", "env", "CGO_ENABLED", "CC").Output()
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
	return g.goTest(ctx, g.tests(), append([]string{"-count=1", "-timeout=5m"}, packages...)...)
}

// router compares package mapping with a registry's own reading of requests.
func (g *gate) router(ctx context.Context) outcome {
	return g.goTest(ctx, g.tests(), "-count=1", "-timeout=5m", "./router")
}

// differential compares package iam with another evaluator, where there is
// node to run it.
func (g *gate) differential(ctx context.Context) outcome {
	return g.goTest(ctx, g.tests(), "-count=1", "-timeout=7m", "./differential")
}

// endToEnd runs the scenarios through a real Envoy.
func (g *gate) endToEnd(ctx context.Context) outcome {
	return g.withEnvoy(ctx, "the scenarios", "-count=1", "-timeout=9m", "./e2e")
}

// conformance compares a registry behind Envoy with one alone.
func (g *gate) conformance(ctx context.Context) outcome {
	return g.withEnvoy(ctx, "the specification's workflows", "-count=1", "-timeout=4m", "./conformance")
}

// clients runs real registry clients through a real Envoy; building some of
// them the first time takes most of the time.
func (g *gate) clients(ctx context.Context) outcome {
	return g.withEnvoy(ctx, "registry clients", "-count=1", "-timeout=14m", "./clients")
}

// quickstart runs what `make run` runs, and the commands that it prints.
func (g *gate) quickstart(ctx context.Context) outcome {
	return g.withEnvoy(ctx, "make run and its commands", "-count=1", "-timeout=7m", "./quickstart")
}

// withEnvoy runs tests that need the pinned Envoy, if it could be had.
func (g *gate) withEnvoy(ctx context.Context, what string, args ...string) outcome {
	if !g.hasEnvoy {
		return outcome{missing: []string{what + ": no Envoy " + envoybin.Pinned + " to be had"}}
	}
	return g.goTest(ctx, g.tests(), args...)
}

// image builds and runs the container image, where a Docker engine answers.
func (g *gate) image(ctx context.Context) outcome {
	return g.goTest(ctx, g.tests(), "-count=1", "-timeout=7m", "./image")
}

// goTest runs `go test` in dir and counts its tests.
func (g *gate) goTest(ctx context.Context, dir string, args ...string) outcome {
	events := newEvents(g.out)
	err := g.command(ctx, dir, events, append([]string{"go", "test", "-json"}, args...)...)
	o := events.outcome()
	if err != nil && o.failed == 0 {
		o.failed = 1
	}
	return o
}
