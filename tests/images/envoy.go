package images

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"extauthz/tests/checkout"
	"extauthz/tests/envoybin"
)

func (e *engine) envoy(ctx context.Context) (string, error) {
	return e.official(ctx, envoybin.Image, func() (*recipe, error) { return e.envoyRecipe(ctx) })
}

// envoyRecipe describes an image of the Envoy that runs on this machine.
func (e *engine) envoyRecipe(ctx context.Context) (*recipe, error) {
	if here := runtime.GOOS + "/" + runtime.GOARCH; here != "linux/"+e.architecture {
		return nil, fmt.Errorf("the Docker engine cannot run the Envoy of this machine, which is for %s", here)
	}
	envoy, err := envoybin.Find(ctx, checkout.Cache(), envoybin.OnlyPinned, e.progress)
	if err != nil {
		return nil, err
	}
	binary, ok := envoy.Binary()
	if !ok {
		return nil, errors.New("the Envoy of this machine is not a program")
	}
	libraries, err := Libraries(ctx, binary)
	if err != nil {
		return nil, err
	}
	files := []Place{{binary, "usr/local/bin/envoy"}, {To: "tmp"}}
	for _, library := range libraries {
		files = append(files, Place{library, library[1:]})
	}
	return newRecipe("envoy", envoybin.Pinned, files,
		"USER 101:101", "ENV PATH=/usr/local/bin", `CMD ["envoy", "-c", "/etc/envoy/envoy.yaml"]`)
}
