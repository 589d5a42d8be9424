package images

import (
	"context"
	"fmt"
	"io"
	"os"

	"extauthz/tests/bounded"
)

// Images are names of container images that the local Docker engine has.
type Images struct {
	Extauthz string // EXTAUTHZ_IMAGE
	Envoy    string // ENVOY_IMAGE
	Registry string // REGISTRY_IMAGE
	Client   string // CLIENT_IMAGE
}

// Ensure finds, pulls or builds the images, and prints what it does to progress. It returns an
// error if no Docker engine responds.
func Ensure(ctx context.Context, progress io.Writer) (Images, error) {
	var images Images
	if err := bounded.Docker(ctx); err != nil {
		return images, err
	}
	unlock, err := lock()
	if err != nil {
		return images, err
	}
	defer unlock()
	e, err := connect(ctx, progress)
	if err != nil {
		return images, err
	}
	for _, image := range images.all() {
		if *image.name = os.Getenv(image.variable); *image.name != "" {
			continue
		}
		if *image.name, err = image.make(e, ctx); err != nil {
			return images, fmt.Errorf("%s: %w; or set %s to the name of an image", image.variable, err, image.variable)
		}
	}
	return images, nil
}

// Environment returns the variables that name the images, as NAME=VALUE.
func (i Images) Environment() []string {
	var env []string
	for _, image := range i.all() {
		env = append(env, image.variable+"="+*image.name)
	}
	return env
}

// image is a field of Images, its variable, and what makes it if that is not set.
type image struct {
	variable string
	name     *string
	make     func(*engine, context.Context) (string, error)
}

func (i *Images) all() []image {
	return []image{
		{"EXTAUTHZ_IMAGE", &i.Extauthz, (*engine).extauthz},
		{"ENVOY_IMAGE", &i.Envoy, (*engine).envoy},
		{"REGISTRY_IMAGE", &i.Registry, (*engine).registry},
		{"CLIENT_IMAGE", &i.Client, (*engine).client},
	}
}
