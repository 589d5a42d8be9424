package main

import (
	"context"
	"io"
	"path/filepath"
	"time"

	"extauthz/tests/bounded"
)

// gate is what the stages share.
type gate struct {
	root string // the checkout
	out  io.Writer
	ci   bool // nothing may be missing

	envoyMissing error // set by the stage downloads
}

// A stage is one check.
type stage struct {
	name  string
	quiet time.Duration // how long it takes on two cores that do nothing else, at most
	run   func(context.Context) outcome
}

// slowest is how many times longer a stage may take than on a quiet machine: a machine
// at load 20 is ten times slower.
const slowest = 15

// limit is the time that the stage may take.
func (s *stage) limit() time.Duration { return slowest * s.quiet }

// within runs the stage under its limit.
func (s *stage) within(ctx context.Context) outcome {
	if ctx.Err() != nil {
		return outcome{failed: 1, reasons: []string{"not run: interrupted"}}
	}
	ctx, cancel := bounded.Limit(ctx, s.limit())
	defer cancel()
	return s.run(ctx)
}

// tests is the module that this program belongs to.
func (g *gate) tests() string { return filepath.Join(g.root, "tests") }

// stages are all checks. What has to be downloaded and built comes before the first
// test, so that no limit of a test depends on it.
func (g *gate) stages() []stage {
	return []stage{
		{"format", 10 * time.Second, g.format},
		{"downloads", 4 * time.Minute, g.downloads},
		{"builds", 6 * time.Minute, g.builds},
		{"registry clients: builds", 15 * time.Minute, g.buildClients},
		{"vet", 2 * time.Minute, g.vet},
		{"golangci-lint", 3 * time.Minute, g.lint},
		{"unit tests", 4 * time.Minute, g.unit},
		{"repository rules and harness", 2 * time.Minute, g.rules},
		{"the registry's own reading", 2 * time.Minute, g.router},
		{"differential", 2 * time.Minute, g.differential},
		{"end to end", 4 * time.Minute, g.endToEnd},
		{"conformance", time.Minute, g.conformance},
		{"registry clients", 4 * time.Minute, g.clients},
		{"quickstart", 2 * time.Minute, g.quickstart},
		{"container image", 3 * time.Minute, g.image},
	}
}
