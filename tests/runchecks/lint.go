package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"extauthz/tests/clientbin"
)

// format checks that every Go file is formatted as gofmt formats it.
func (c *checks) format(ctx context.Context) outcome {
	entries, err := os.ReadDir(c.root)
	if err != nil {
		return of(err)
	}
	argv := []string{"gofmt", "-l"}
	for _, e := range entries {
		if e.Name()[0] != '.' && (e.IsDir() || filepath.Ext(e.Name()) == ".go") {
			argv = append(argv, e.Name())
		}
	}
	var unformatted bytes.Buffer
	if err := c.command(ctx, c.root, &unformatted, argv...); err != nil || unformatted.Len() > 0 {
		fmt.Fprintf(c.out, "gofmt would change:\n%s", &unformatted)
		return of(errors.Join(err, errors.New("not formatted")))
	}
	return of(nil)
}

// lint runs golangci-lint over the modules, with the configuration of the repository. It
// includes all that go vet checks, so go vet runs only where golangci-lint could not be
// built.
func (c *checks) lint(ctx context.Context) outcome {
	argv := []string{clientbin.Linter.Program(), "run", "--allow-parallel-runners", "./..."}
	var o outcome
	if !clientbin.Linter.Built() {
		argv = []string{"go", "vet", "./..."}
		o = lacking("golangci-lint", errors.New("it could not be built"))
	}
	for _, dir := range []string{c.root, c.tests(), c.extauthztest()} {
		o = o.plus(of(c.command(ctx, dir, c.out, argv...)))
	}
	return o
}
