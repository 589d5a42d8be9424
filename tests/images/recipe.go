package images

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// recipe describes an image that this package builds.
type recipe struct {
	name    string   // such as envoy
	version string   // such as 1.40.0
	files   []Place  // its content
	changes []string // how it runs, as instructions of a Dockerfile
	digest  string   // of all of these
}

// newRecipe returns a recipe. It reads the files to find its digest.
func newRecipe(name, version string, files []Place, changes ...string) (*recipe, error) {
	content := Archive(files)
	defer content.Close()
	digest := sha256.New()
	fmt.Fprintf(digest, "%q\n", changes)
	if _, err := io.Copy(digest, content); err != nil {
		return nil, err
	}
	return &recipe{name, version, files, changes, hex.EncodeToString(digest.Sum(nil))}, nil
}

// tag returns the name of the image.
func (r *recipe) tag() string {
	return strings.Join([]string{"extauthz-images/" + r.name, r.version + "-" + r.digest[:16]}, ":")
}
