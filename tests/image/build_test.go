package image

import (
	"context"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	_ "extauthz/goldentest" // accept -update
	"extauthz/tests/images"
)

// root is the checkout.
var root = filepath.Join("..", "..")

// TestImage builds the image once, and runs every test of it.
func TestImage(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	requireEngine(t, ctx)
	image := build(t, ctx)
	for _, test := range []struct {
		name string
		run  func(t *testing.T, ctx context.Context, image string)
	}{
		{"size", testSize},
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

// build builds the repository's Dockerfile and returns the name of the image. Everything that it
// leaves is removed after the test. The older of Docker's two builders keeps the stages of a build
// as images without a name, which inherit the label of their base image.
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

// importGo makes the image that builds: this machine's Go, the modules of the product, and an empty
// /tmp. Like the official image, it has go on its PATH. It does not have a shell and does not need
// a network. Images that are built from it inherit the label, NAME=VALUE.
func importGo(t *testing.T, ctx context.Context, tag, label string) {
	t.Helper()
	goroot := goEnv(t, ctx, "GOROOT")
	places := []images.Place{{To: "tmp"}, {From: modules(t, ctx), To: "modules"}}
	for _, part := range []string{"VERSION", "go.env", "bin", "pkg", "src"} {
		places = append(places, images.Place{From: filepath.Join(goroot, part), To: "usr/local/go/" + part})
	}
	args := []string{"import", "--change=LABEL " + label}
	for _, variable := range []string{
		"PATH=/usr/local/go/bin",
		"GOPATH=/go",
		"GOCACHE=/tmp/cache",
		"GOTOOLCHAIN=local",
		"GOFLAGS=-mod=readonly",
		"GOPROXY=file:///modules",
		"GOSUMDB=off", // go.sum is checked nevertheless
	} {
		args = append(args, "--change=ENV "+variable)
	}
	files := images.Archive(places)
	defer files.Close()
	e, err := try(ctx, files, append(args, "-", tag)...)
	if err != nil || e.code != 0 {
		t.Fatalf("docker import: exit code %d, %v: %s", e.code, err, e.stderr)
	}
	remove(t, "image", "rm", tag)
}

// modules returns a folder that is the module proxy of a build without a network. It contains what
// go mod download fetches for the product; what this machine already has is not fetched again.
func modules(t *testing.T, ctx context.Context) string {
	t.Helper()
	had := filepath.Join(goEnv(t, ctx, "GOMODCACHE"), "cache", "download")
	cache := t.TempDir()
	download := exec.CommandContext(ctx, "go", "mod", "download")
	download.Dir = root
	download.Env = append(os.Environ(),
		"GOMODCACHE="+cache,
		"GOFLAGS=-mod=readonly -modcacherw",
		"GOPROXY=file://"+filepath.ToSlash(had)+","+goEnv(t, ctx, "GOPROXY"),
	)
	if out, err := download.CombinedOutput(); err != nil {
		t.Fatalf("go mod download: %v\n%s", err, out)
	}
	return filepath.Join(cache, "cache", "download")
}

// goEnv returns a setting of the go command that builds the product.
func goEnv(t *testing.T, ctx context.Context, name string) string {
	t.Helper()
	env := exec.CommandContext(ctx, "go", "env", name)
	env.Dir = root
	out, err := env.Output()
	if err != nil {
		t.Fatalf("go env %s: %v", name, err)
	}
	return strings.TrimSpace(string(out))
}
