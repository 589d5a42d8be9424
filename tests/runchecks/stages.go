package main

import (
	"context"
	"io"
	"path/filepath"
	"time"
)

// checks has a method for each stage.
type checks struct {
	root string // the checkout
	out  io.Writer
}

// tests returns the folder of the module that this program belongs to.
func (c *checks) tests() string { return filepath.Join(c.root, "tests") }

// A stage is one check.
type stage struct {
	name  string
	quiet time.Duration // upper bound of what it takes where nothing but make test runs
	needs string        // what it cannot run without: a stage of the preparation reports it missing
	run   func(context.Context) outcome
}

// limit returns the time that the stage may take. A machine at load 20 is ten times slower
// than a quiet one.
func (s *stage) limit() time.Duration { return 15 * s.quiet }

// A plan is the order of all stages.
type plan struct {
	first []stage   // one after the other
	lanes [][]stage // then these, next to each other; the stages of a lane one after the other
}

// computing is the lane of stages that use all processors. The stages of the other lane
// mostly wait. All have the same priority: with a lower one, a stage would not progress next to
// the load of other programs.
const computing = 0

// plan returns all stages. In each lane, tests come after everything that they need was
// downloaded and compiled, so that no limit of a test depends on it.
func (c *checks) plan() plan {
	return plan{
		first: []stage{
			{"format", 10 * time.Second, "", c.format},
			{"downloads", 4 * time.Minute, "", c.downloads},
			{"programs", 5 * time.Minute, "", c.programs},
		},
		lanes: [][]stage{
			computing: {
				{"builds", 8 * time.Minute, "", c.builds},
				{"registry clients: builds", 15 * time.Minute, "", c.buildClients},
				{"golangci-lint", 3 * time.Minute, "", c.lint},
				{"unit tests", 4 * time.Minute, "", c.unit},
				{"repository rules and harness", 2 * time.Minute, "", c.rules},
				{"router comparison", 2 * time.Minute, "", c.router},
				{"differential", 2 * time.Minute, "", c.differential},
				{"registry clients", 5 * time.Minute, envoy, c.clients},
			},
			{
				{"end to end", 5 * time.Minute, envoy, c.endToEnd},
				{"conformance", time.Minute, envoy, c.conformance},
				{"service meshes", time.Minute, envoy, c.mesh},
				{"quickstart", 2 * time.Minute, envoy, c.quickstart},
				{"end to end in containers", 10 * time.Minute, envoy, c.endToEndInContainers},
				{"container image", 6 * time.Minute, "", c.image},
				{"containers", 6 * time.Minute, "", c.containers},
			},
		},
	}
}
