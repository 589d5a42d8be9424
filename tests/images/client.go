package images

import (
	"context"

	"extauthz/tests/checkout"
)

// client builds an image of crane and of the program in the folder forward.
func (e *engine) client(ctx context.Context) (string, error) {
	files := []Place{{To: "tmp"}}
	for _, program := range []struct{ pkg, name string }{
		{"github.com/google/go-containerregistry/cmd/crane", "crane"},
		{"./forward", "forward"},
	} {
		binary, err := e.compile(ctx, checkout.Tests(), program.pkg, program.name, []string{"-trimpath", "-buildvcs=false", "-ldflags=-s -w"}, nil)
		if err != nil {
			return "", err
		}
		files = append(files, Place{binary, "usr/local/bin/" + program.name})
	}
	r, err := newRecipe("client", "crane", files, "ENV PATH=/usr/local/bin", "ENV HOME=/tmp", `CMD ["crane", "version"]`)
	if err != nil {
		return "", err
	}
	return e.load(ctx, r)
}
