package images

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"extauthz/tests/bounded"
)

// Label is the label of all images that this package builds.
const Label = "extauthz.images"

// Limits for one command of Docker on a busy machine.
const (
	answerLimit = 5 * time.Minute
	pullLimit   = 30 * time.Minute
	buildLimit  = 2 * time.Hour
)

// engine is the local Docker engine.
type engine struct {
	architecture string // of the programs that it runs, as Go names it
	progress     io.Writer
}

// connect returns the engine, which must run programs for Linux.
func connect(ctx context.Context, progress io.Writer) (*engine, error) {
	e := &engine{progress: progress}
	platform, err := e.docker(ctx, nil, answerLimit, "version", "--format", "{{.Server.Os}}/{{.Server.Arch}}")
	if err != nil {
		return nil, err
	}
	system, architecture, _ := strings.Cut(platform, "/")
	if system != "linux" {
		return nil, fmt.Errorf("the Docker engine runs programs for %s; the images are for linux", system)
	}
	e.architecture = architecture
	return e, nil
}

// docker runs docker with args and stdin, which may be nil, and returns its output.
func (e *engine) docker(ctx context.Context, stdin io.Reader, limit time.Duration, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	command := exec.Command("docker", args...)
	command.Stdin, command.Stdout, command.Stderr = stdin, &stdout, &stderr
	doing := "running docker " + args[0]
	err := bounded.WithProgress(e.progress, doing, func() error { return bounded.Run(ctx, limit, command) })
	if err != nil {
		return "", fmt.Errorf("docker %s: %w: %s", args[0], err, strings.Join(strings.Fields(stderr.String()), " "))
	}
	return strings.TrimSpace(stdout.String()), nil
}

// has reports whether the engine has the image.
func (e *engine) has(ctx context.Context, image string) (bool, error) {
	ids, err := e.docker(ctx, nil, answerLimit, "image", "ls", "--quiet", "--no-trunc", image)
	return ids != "", err
}

// official returns the official image if the engine has it or can pull it, and otherwise the name
// that equivalent returns.
func (e *engine) official(ctx context.Context, image string, equivalent func() (*recipe, error)) (string, error) {
	if has, err := e.has(ctx, image); has || err != nil {
		return image, err
	}
	recipe, unmakable := equivalent()
	if unmakable == nil {
		if has, err := e.has(ctx, recipe.tag()); has || err != nil {
			return recipe.tag(), err
		}
	}
	fmt.Fprintln(e.progress, "Pulling", image)
	_, unpulled := e.docker(ctx, nil, pullLimit, "pull", "--quiet", image)
	switch {
	case unpulled == nil:
		return image, nil
	case unmakable != nil:
		return "", errors.Join(unpulled, unmakable)
	}
	fmt.Fprintf(e.progress, "%v\nBuilding an equivalent\n", unpulled)
	return e.load(ctx, recipe)
}

// load imports an image, unless the engine has it, and returns its name.
func (e *engine) load(ctx context.Context, r *recipe) (string, error) {
	tag := r.tag()
	if has, err := e.has(ctx, tag); has || err != nil {
		return tag, err
	}
	args := []string{"import", "--change=LABEL " + Label + "=" + r.name}
	for _, change := range r.changes {
		args = append(args, "--change="+change)
	}
	files := Archive(r.files)
	defer files.Close()
	fmt.Fprintln(e.progress, "Building", tag)
	_, err := e.docker(ctx, files, buildLimit, append(args, "-", tag)...)
	return tag, err
}

// Remove removes all images that this package built, in this run or another. It returns an error
// if a container uses one of them.
func Remove(ctx context.Context, progress io.Writer) error {
	e := &engine{progress: progress}
	names, err := e.docker(ctx, nil, answerLimit, "image", "ls", "--filter=label="+Label, "--format={{.Repository}}:{{.Tag}}")
	if err != nil || names == "" {
		return err
	}
	_, err = e.docker(ctx, nil, answerLimit, append([]string{"image", "rm"}, strings.Fields(names)...)...)
	return err
}
