package images

import (
	"context"
	"fmt"
	"path/filepath"

	"extauthz/tests/checkout"
)

// extauthz builds the repository's Dockerfile with a binary, and returns the name of the image. The
// binary has the settings that the Dockerfile would build it with.
func (e *engine) extauthz(ctx context.Context) (string, error) {
	program, err := e.compile(ctx, checkout.Root(), "./cmd/extauthz", "extauthz",
		[]string{"-tags=grpcnotrace,nethttpomithttp2", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"}, []string{"GOFLAGS="})
	if err != nil {
		return "", err
	}
	dockerfile := filepath.Join(checkout.Root(), "Dockerfile")
	r, err := newRecipe("extauthz", "devel", []Place{{program, "extauthz"}, {dockerfile, "Dockerfile"}})
	if err != nil {
		return "", err
	}
	if has, err := e.has(ctx, r.tag()); has || err != nil {
		return r.tag(), err
	}
	content := Archive(r.files)
	defer content.Close()
	fmt.Fprintln(e.progress, "Building", r.tag())
	_, err = e.docker(ctx, content, buildLimit, "build", "--quiet", "--force-rm", "--network=none", "--target=prebuilt",
		"--build-arg=BINARY=extauthz", "--label="+Label+"="+r.name, "--tag="+r.tag(), "-")
	return r.tag(), err
}
