package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"extauthz/tests/stack"
)

// build builds the servers.
func (b *bench) build(o *options) error {
	bin := filepath.Join(stack.Cache(), "bin")
	noopBinary, binary := filepath.Join(bin, "noop"), filepath.Join(bin, "extauthz")
	if err := stack.Compile(b.ctx, stack.Tests(), "./bench/noop", noopBinary, b.out); err != nil {
		return err
	}
	if err := stack.Compile(b.ctx, stack.Root(), "./cmd/extauthz", binary, b.out); err != nil {
		return err
	}
	b.programs = []*program{
		noopProgram(noop, noopBinary, "generated"),
		noopProgram(hand, noopBinary, "hand"),
		sidecarProgram(sidecar, binary),
	}
	if o.opa && slices.ContainsFunc(b.scenarios(), func(s scenario) bool { return s.forOPA() }) {
		var err error
		if b.opa, err = b.buildOPA(); err != nil {
			b.progress("OPA-Envoy is not measured: %v", err)
		}
	}
	if o.before == "" {
		return nil
	}
	earlier, err := b.buildEarlier(o.before)
	if err == nil {
		b.programs = append(b.programs, sidecarProgram(before, earlier))
	}
	return err
}

// buildEarlier returns the program of an earlier commit, which it builds from a copy of that
// commit's files.
func (b *bench) buildEarlier(revision string) (string, error) {
	source, binary := filepath.Join(b.dir, "before"), filepath.Join(b.dir, "extauthz-before")
	if err := os.Mkdir(source, 0o755); err != nil {
		return "", err
	}
	archive := filepath.Join(b.dir, "before.tar")
	for _, argv := range [][]string{
		{"git", "-C", stack.Root(), "archive", "--output", archive, revision},
		{"tar", "-xf", archive, "-C", source},
	} {
		if out, err := exec.CommandContext(b.ctx, argv[0], argv[1:]...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, out)
		}
	}
	return binary, stack.Compile(b.ctx, source, "./cmd/extauthz", binary, b.out)
}
