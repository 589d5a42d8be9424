package image

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"strings"
	"testing"

	_ "extauthz/goldentest" // accept -update
)

// root is the checkout, whose Dockerfile is tested.
var root = filepath.Join("..", "..")

// TestImage builds the image once and hands it to every test of it.
func TestImage(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	requireEngine(t, ctx)
	image := build(t, ctx)
	for _, test := range []struct {
		name string
		run  func(t *testing.T, ctx context.Context, image string)
	}{
		{"one file", testOneFile},
		{"configuration", testConfiguration},
		{"version", testVersion},
		{"serves at loopback addresses", testServesLoopback},
		{"serves at a socket", testServesSocket},
		{"is not ready without policies", testNotReady},
		{"refuses bad policies", testBadPolicies},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, ctx, image) })
	}
}

// build builds the repository's Dockerfile and returns the image's name. All
// that it leaves behind goes with the test: the older of Docker's two builders
// keeps the stages of a build as images without a name, which inherit the label
// of the image that they begin from.
func build(t *testing.T, ctx context.Context) string {
	t.Helper()
	run := strings.ToLower(rand.Text())
	compiler, image, label := "extauthz-test-go:"+run, "extauthz-test:"+run, "extauthz.test="+run
	importGo(t, ctx, compiler, label)
	remove(t, "image", "prune", "--force", "--filter=label="+label)
	docker(t, ctx, "build", "--force-rm", "--network=none", "--build-arg=GO_IMAGE="+compiler, "--tag="+image, root)
	remove(t, "image", "rm", image)
	return image
}
