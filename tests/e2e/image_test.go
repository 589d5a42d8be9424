package e2e

import (
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"extauthz/tests/fixture"
)

// image is a small image with text to be read in its layer, in its
// configuration and in its manifest. It is one of Docker's, which a registry
// hands out whatever a client accepts.
func image(t testing.TB, text string) v1.Image {
	t.Helper()
	image, err := fixture.Image("amd64", text)
	if err != nil {
		t.Fatal(err)
	}
	image, err = mutate.Config(image, v1.Config{Labels: map[string]string{"message": text}})
	if err != nil {
		t.Fatal(err)
	}
	image = mutate.ConfigMediaType(mutate.MediaType(image, types.DockerManifestSchema2), types.DockerConfigJSON)
	return mutate.Annotations(image, map[string]string{"message": text}).(v1.Image)
}

// digest is the image's own digest.
func digest(t *testing.T, image v1.Image) string {
	t.Helper()
	d, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return d.String()
}

// layer is the digest of the image's only layer.
func layer(t *testing.T, image v1.Image) string {
	t.Helper()
	layers, err := image.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers (%v), want 1", len(layers), err)
	}
	d, err := layers[0].Digest()
	if err != nil {
		t.Fatal(err)
	}
	return d.String()
}
