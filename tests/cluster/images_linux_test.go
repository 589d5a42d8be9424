package cluster

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"extauthz/tests/bounded"
	"extauthz/tests/checkout"
	"extauthz/tests/images"
	"extauthz/tests/stack"
)

// pauseImage is the image of the container that holds the network of a pod.
const pauseImage = "extauthz.invalid/pause:1"

// names are the names of the images, in the environment of the process in the namespaces.
func names() images.Images {
	return images.Images{
		Extauthz: os.Getenv("EXTAUTHZ_IMAGE"), Envoy: os.Getenv("ENVOY_IMAGE"),
		Registry: os.Getenv("REGISTRY_IMAGE"), Client: os.Getenv("CLIENT_IMAGE"),
	}
}

// saveImages writes the images as archives into a folder, and sets the environment variables with
// their names.
func saveImages(ctx context.Context, folder string) error {
	found, err := images.Ensure(ctx, os.Stderr)
	if err != nil {
		return err
	}
	for _, variable := range found.Environment() {
		key, value, _ := strings.Cut(variable, "=")
		if err := os.Setenv(key, value); err != nil {
			return err
		}
	}
	var out bytes.Buffer
	save := exec.Command("docker", "save", "--output", filepath.Join(folder, "images.tar"),
		found.Extauthz, found.Envoy, found.Registry, found.Client)
	save.Stderr = &out
	if err := bounded.Run(ctx, 10*time.Minute, save); err != nil {
		return fmt.Errorf("docker save: %w: %s", err, &out)
	}
	return savePause(ctx, filepath.Join(folder, "pause.tar"))
}

// savePause builds the pause image.
func savePause(ctx context.Context, file string) error {
	binary := filepath.Join(checkout.Cache(), "bin", "pause")
	if err := stack.Compile(ctx, checkout.Tests(), "./cluster/pause", binary, os.Stderr); err != nil {
		return err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return images.Archive([]images.Place{{From: binary, To: "pause"}}), nil
	})
	if err != nil {
		return err
	}
	image, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", runtime.GOARCH
	config.Config.Entrypoint, config.Config.User = []string{"/pause"}, "65535:65535"
	if image, err = mutate.ConfigFile(image, config); err != nil {
		return err
	}
	return tarball.WriteToFile(file, name.MustParseReference(pauseImage), image)
}
