package images

import (
	"context"

	"extauthz/tests/checkout"
)

// client builds an image of crane.
func (e *engine) client(ctx context.Context) (string, error) {
	crane, err := e.compile(ctx, checkout.Tests(), "github.com/google/go-containerregistry/cmd/crane", "crane", []string{"-ldflags=-s -w"}, nil)
	if err != nil {
		return "", err
	}
	r, err := newRecipe("client", "crane", []Place{{crane, "usr/local/bin/crane"}, {To: "tmp"}},
		"ENV PATH=/usr/local/bin", "ENV HOME=/tmp", `CMD ["crane", "version"]`)
	if err != nil {
		return "", err
	}
	return e.load(ctx, r)
}
