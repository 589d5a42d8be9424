package image

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"extauthz/tests/prerequisite"
)

// testRelease checks that what .ci/release makes is reproducible. It makes a release in two folders,
// and compares all files. It compares the binary with the program in the image, which was compiled
// in a third folder, by a Go at another path, with an empty cache.
func testRelease(t *testing.T, ctx context.Context, program []byte, v version) {
	if v.revision == "" {
		prerequisite.Check(t, errors.New("the checkout has no commit: a release from two folders is not compared"))
	}
	first, second := release(t, ctx, root, v.release), release(t, ctx, copied(t, ctx), v.release)
	entries, err := os.ReadDir(first)
	if err != nil || len(entries) != 3 {
		t.Fatalf("the release has the files %v (%v), want a binary, an SBOM and checksums", entries, err)
	}
	for _, e := range entries {
		if !bytes.Equal(read(t, first, e.Name()), read(t, second, e.Name())) {
			t.Errorf("%s is another one in another folder", e.Name())
		}
	}
	if !bytes.Equal(read(t, first, "extauthz-"+v.release+"-"+runtime.GOOS+"-"+runtime.GOARCH), program) {
		t.Error("the binary of the release is another one than the program in the image")
	}
	if sbom := string(read(t, first, "extauthz-"+v.release+".cdx.json")); !strings.Contains(sbom, "google.golang.org/grpc") {
		t.Errorf("the SBOM does not list the modules: %s", sbom)
	}
	check := exec.CommandContext(ctx, "sha256sum", "--check", "--strict", "SHA256SUMS")
	check.Dir = second
	if out, err := check.CombinedOutput(); err != nil || strings.Count(string(out), ": OK\n") != 2 {
		t.Errorf("sha256sum: %v: %s", err, out)
	}
}

// release makes a release for this platform of the checkout in a folder, and returns the folder of its
// files.
func release(t *testing.T, ctx context.Context, folder, version string) string {
	t.Helper()
	dist := t.TempDir()
	for _, args := range [][]string{{"binaries", version, runtime.GOOS + "/" + runtime.GOARCH}, {"sbom", version}, {"checksums", version}} {
		command := exec.CommandContext(ctx, filepath.Join(folder, ".ci", "release"), args...)
		command.Env = append(os.Environ(), "DIST="+dist)
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf(".ci/release %v: %v\n%s", args, err, out)
		}
	}
	return dist
}

// copied copies the checkout, except what git ignores, to another folder with the same commit.
func copied(t *testing.T, ctx context.Context) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "another", "folder")
	for _, name := range strings.Split(strings.TrimRight(git(t, ctx, "ls-files", "-z", "--cached", "--others", "--exclude-standard"), "\x00"), "\x00") {
		info, err := os.Lstat(filepath.Join(root, name))
		if err != nil || !info.Mode().IsRegular() {
			continue // deleted, or a link in a test's data
		}
		write(t, filepath.Join(folder, name), read(t, root, name), info.Mode())
	}
	write(t, filepath.Join(folder, ".git"), []byte("gitdir: "+strings.TrimSpace(git(t, ctx, "rev-parse", "--absolute-git-dir"))+"\n"), 0o644)
	return folder
}

// commit returns the commit of the checkout, as .ci/release finds it: "" for an unpacked archive.
func commit(ctx context.Context) string {
	command := exec.CommandContext(ctx, "git", "rev-parse", "HEAD")
	command.Dir = root
	out, _ := command.Output()
	return strings.TrimSpace(string(out))
}

func git(t *testing.T, ctx context.Context, args ...string) string {
	t.Helper()
	command := exec.CommandContext(ctx, "git", args...)
	command.Dir = root
	out, err := command.Output()
	if err != nil {
		t.Fatalf("git %v: %v", args, err)
	}
	return string(out)
}

func read(t *testing.T, folder, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func write(t *testing.T, path string, content []byte, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, mode.Perm()); err != nil {
		t.Fatal(err)
	}
}
