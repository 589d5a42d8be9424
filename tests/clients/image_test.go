package clients

import (
	"archive/tar"
	"os"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"extauthz/tests/fixture"
)

// imageOf returns an image for Linux with one file that contains the text.
func imageOf(t *testing.T, architecture, text string) v1.Image {
	t.Helper()
	image, err := fixture.Image(architecture, text)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// indexOf returns an index of an image for each of two architectures.
func indexOf(t *testing.T, text string) v1.ImageIndex {
	t.Helper()
	var index v1.ImageIndex = empty.Index
	for _, architecture := range []string{"amd64", "arm64"} {
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        imageOf(t, architecture, text+" on "+architecture),
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}},
		})
	}
	return index
}

// layoutOf writes an OCI layout that contains only what is added, with the tag v1.
func layoutOf(t *testing.T, dir string, added mutate.Appendable) {
	t.Helper()
	at := folderOf(t, dir, empty.Index)
	tag := layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": "v1"})
	var err error
	switch added := added.(type) {
	case v1.Image:
		err = at.AppendImage(added, tag)
	case v1.ImageIndex:
		err = at.AppendIndex(added, tag)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// folderOf writes an OCI layout whose index.json is the index.
func folderOf(t *testing.T, dir string, index v1.ImageIndex) layout.Path {
	t.Helper()
	at, err := layout.Write(dir, index)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// tarOf writes the files of a folder into a tar archive.
func tarOf(t *testing.T, file, dir string) {
	t.Helper()
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	w := tar.NewWriter(out)
	if err := w.AddFS(os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
