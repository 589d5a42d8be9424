package image

import (
	"context"
	"path/filepath"
	"testing"
)

// importGo makes the image that builds, from nothing: this machine's Go, the
// modules of the product, and an empty /tmp. Like the official one it has go on
// its PATH; it has no shell and needs no network. What is built from it inherits
// the label, NAME=VALUE.
func importGo(t *testing.T, ctx context.Context, tag, label string) {
	t.Helper()
	goroot := goEnv(t, ctx, "GOROOT")
	places := []place{{t.TempDir(), "tmp"}, {modules(t, ctx), "modules"}}
	for _, part := range []string{"VERSION", "go.env", "bin", "pkg", "src"} {
		places = append(places, place{filepath.Join(goroot, part), "usr/local/go/" + part})
	}
	args := []string{"import", "--change=LABEL " + label}
	for _, variable := range []string{
		"PATH=/usr/local/go/bin",
		"GOPATH=/go",
		"GOCACHE=/tmp/cache",
		"GOTOOLCHAIN=local",
		"GOFLAGS=-mod=readonly",
		"GOPROXY=file:///modules",
		"GOSUMDB=off", // go.sum is checked all the same
	} {
		args = append(args, "--change=ENV "+variable)
	}
	files := archive(places)
	defer files.Close()
	e, err := try(ctx, files, append(args, "-", tag)...)
	if err != nil || e.code != 0 {
		t.Fatalf("docker import: exit code %d, %v: %s", e.code, err, e.stderr)
	}
	remove(t, "image", "rm", tag)
}
