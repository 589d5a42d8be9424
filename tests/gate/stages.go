package main

import (
	"context"
	"io"
	"path/filepath"
	"time"
)

// gate is what the stages share.
type gate struct {
	root string // the checkout
	bin  string // a temporary folder for tools
	out  io.Writer
	ci   bool // nothing may be missing

	hasEnvoy bool // set by the stage envoy
}

// A stage is one check with its time limit.
type stage struct {
	name  string
	limit time.Duration
	run   func(context.Context) outcome
}

// within runs the stage under its limit, unless all time is up.
func (s *stage) within(ctx context.Context) outcome {
	if ctx.Err() != nil {
		return outcome{failed: 1, missing: []string{"it was not begun: " + ctx.Err().Error()}}
	}
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	return s.run(ctx)
}

// tests is the module that this program belongs to.
func (g *gate) tests() string { return filepath.Join(g.root, "tests") }

// stages are all checks, the quick ones first.
func (g *gate) stages() []stage {
	return []stage{
		{"format", time.Minute, g.format},
		{"vet", 10 * time.Minute, g.vet},
		{"staticcheck", 10 * time.Minute, g.staticcheck},
		{"unit tests", 12 * time.Minute, g.unit},
		{"Envoy", 16 * time.Minute, g.envoy},
		{"repository rules and harness", 8 * time.Minute, g.rules},
		{"the registry's own reading", 6 * time.Minute, g.router},
		{"differential", 8 * time.Minute, g.differential},
		{"end to end", 10 * time.Minute, g.endToEnd},
		{"conformance", 5 * time.Minute, g.conformance},
		{"registry clients", 15 * time.Minute, g.clients},
		{"quickstart", 8 * time.Minute, g.quickstart},
		{"container image", 8 * time.Minute, g.image},
	}
}
