package image

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"extauthz/tests/images"
)

// importGo makes the image that builds: this machine's Go, the modules of the product, and an empty
// /tmp. Like the official image, it has go on its PATH. It does not have a shell and does not need
// a network. The images that the older builder keeps of the stage that is built from it are removed
// after the test: they inherit its label.
func importGo(t *testing.T, ctx context.Context) (tag string) {
	t.Helper()
	tag = unique("extauthz-test-go")
	label := "extauthz.test=" + tag
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
	remove(t, "image", "prune", "--force", "--filter=label="+label)
	return tag
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
