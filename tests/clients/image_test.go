package clients

import (
	"archive/tar"
	"bytes"
	"os"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// imageOf is an image for Linux of one file with text in it. Its layer is not
// compressed, so that the text is found wherever a client stores it.
func imageOf(t *testing.T, architecture, text string) v1.Image {
	t.Helper()
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err := mutate.AppendLayers(base, static.NewLayer(archive(t, text), types.OCIUncompressedLayer))
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", architecture
	if image, err = mutate.ConfigFile(image, config); err != nil {
		t.Fatal(err)
	}
	return image
}

// archive is a tar archive of one file with text in it.
func archive(t *testing.T, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	if err := w.WriteHeader(&tar.Header{Name: "message", Mode: 0o644, Size: int64(len(text))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// indexOf is an index of an image for each of two architectures.
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

// layoutOf writes an OCI layout that holds what is added, and nothing else,
// under the tag v1.
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

// folderOf writes an OCI layout whose index is index itself.
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
