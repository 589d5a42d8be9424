package image

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// modules is a folder that serves as the module proxy of a build without a
// network: what go mod download fetches for the product, and nothing else. What
// this machine has already is not fetched again.
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

// goEnv is a setting of the go command that the product is built with.
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
