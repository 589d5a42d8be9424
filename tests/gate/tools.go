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

// format wants every Go file as gofmt writes it.
func (g *gate) format(ctx context.Context) outcome {
	entries, err := os.ReadDir(g.root)
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
	if err := g.command(ctx, g.root, &unformatted, argv...); err != nil || unformatted.Len() > 0 {
		fmt.Fprintf(g.out, "gofmt would change:\n%s", &unformatted)
		return of(errors.Join(err, errors.New("not formatted")))
	}
	return of(nil)
}

// vet runs go vet over both modules.
func (g *gate) vet(ctx context.Context) outcome {
	return of(g.command(ctx, g.root, g.out, "go", "vet", "./...")).
		plus(of(g.command(ctx, g.tests(), g.out, "go", "vet", "./...")))
}

// lint runs golangci-lint over both modules, with the configuration of the repository.
func (g *gate) lint(ctx context.Context) outcome {
	if !clientbin.Linter.Built() {
		return lacking("golangci-lint", errors.New("it could not be built"))
	}
	argv := []string{clientbin.Linter.Program(), "run", "--allow-parallel-runners", "./..."}
	return of(g.command(ctx, g.root, g.out, argv...)).plus(of(g.command(ctx, g.tests(), g.out, argv...)))
}
