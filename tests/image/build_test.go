package image

import (
	"bytes"
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	_ "extauthz/goldentest" // accept -update
	"extauthz/tests/clientbin"
	"extauthz/tests/prerequisite"
)

// root is the checkout.
var root = filepath.Join("..", "..")

// TestImage builds the image in every way that the Dockerfile describes, and runs the tests of each.
func TestImage(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	requireEngine(t, ctx)
	v := version{"v0.0.0-" + strings.ToLower(rand.Text()), commit(ctx)}
	remove(t, "image", "prune", "--force", "--filter=label=org.opencontainers.image.version="+v.release)
	native := platform{"linux", runtime.GOARCH}

	older := olderBuilder(t, ctx)
	compiler := importGo(t, ctx)
	image := older.build(t, ctx, root, append(v.args(), "--force-rm", "--build-arg=GO_IMAGE="+compiler)...)
	t.Run("older builder", func(t *testing.T) {
		testContent(t, ctx, image, v, native)
		testRunning(t, ctx, image, v)
	})
	program := programOf(t, ctx, image)

	t.Run("release", func(t *testing.T) { testRelease(t, ctx, program, v) })
	t.Run("BuildKit", func(t *testing.T) {
		kit := buildKit(t, ctx)
		compiled := older.build(t, ctx, root, append(v.args(), "--build-arg=GO_IMAGE="+compiler, "--target=build")...)
		image := kit.build(t, ctx, root, append(v.args(), "--build-arg=GO_IMAGE="+compiled)...) // which has compiled everything
		testContent(t, ctx, image, v, native)
		if !bytes.Equal(programOf(t, ctx, image), program) {
			t.Error("the program is another one than that of the older builder")
		}
		t.Run("other platform", func(t *testing.T) {
			testOtherPlatform(t, ctx, kit, compiler, v)
		})
	})
	for _, get := range []func(*testing.T, context.Context) builder{olderBuilder, buildKit} {
		t.Run("binary from outside", func(t *testing.T) {
			b := get(t, ctx)
			t.Log(b.name)
			testPrebuilt(t, ctx, b, program, v, native)
		})
	}
}

// testOtherPlatform builds the image for a platform that the engine does not run.
func testOtherPlatform(t *testing.T, ctx context.Context, kit builder, compiler string, v version) {
	if !clientbin.Everything() {
		t.Skip(prerequisite.LeftToCI + "compiling for another platform takes a minute; make test ALL_CLIENTS=true runs it here")
	}
	other := platform{"linux", "arm64"}
	if runtime.GOARCH == other.architecture {
		other.architecture = "amd64"
	}
	image := kit.build(t, ctx, root, append(v.args(), "--build-arg=GO_IMAGE="+compiler, "--platform="+other.String())...)
	testContent(t, ctx, image, v, other)
}

// testPrebuilt builds the image with a binary that was built outside, from a folder with only that.
func testPrebuilt(t *testing.T, ctx context.Context, b builder, program []byte, v version, p platform) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "binary"), program, 0o755); err != nil {
		t.Fatal(err)
	}
	image := b.build(t, ctx, folder, append(v.args(), "--file="+filepath.Join(root, "Dockerfile"), "--target=prebuilt", "--build-arg=BINARY=binary")...)
	testContent(t, ctx, image, v, p)
	if !bytes.Equal(programOf(t, ctx, image), program) {
		t.Error("the image has another program")
	}
}

// A version is what an image is labelled with, and what its program prints.
type version struct{ release, revision string }

// args returns the arguments of docker build that set the version.
func (v version) args() []string {
	return []string{"--build-arg=VERSION=" + v.release, "--build-arg=REVISION=" + v.revision}
}

// A platform is the operating system and the architecture of an image.
type platform struct{ system, architecture string }

func (p platform) String() string { return p.system + "/" + p.architecture }

// unique returns a name for what only this run creates.
func unique(name string) string { return name + ":" + strings.ToLower(rand.Text()) }
