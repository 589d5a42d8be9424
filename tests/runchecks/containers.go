package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"

	"extauthz/tests/images"
)

// extauthztest returns the folder of the module for the tests of other projects.
func (c *checks) extauthztest() string { return filepath.Join(c.root, "extauthztest") }

// endToEndInContainers runs the tests of the module extauthztest, and the end-to-end scenarios against
// containers, if a Docker engine responds.
func (c *checks) endToEndInContainers(ctx context.Context) outcome {
	found, err := images.Ensure(ctx, c.out)
	if err != nil {
		return lacking("containers", err)
	}
	variables, err := images.Testcontainers(ctx, c.out)
	if err != nil {
		return lacking("containers", err)
	}
	env := slices.Concat(os.Environ(), found.Environment(), variables)
	return c.goTest(ctx, c.extauthztest(), env, "-count=1", "./...").
		plus(c.goTest(ctx, c.tests(), env, "-count=1", "-run=^TestScenarios$", "./e2e", "-parallel=4", "-containers"))
}
