package image

import (
	"archive/tar"
	"bytes"
	"context"
	"debug/buildinfo"
	"debug/elf"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// testContent checks what an image consists of.
func testContent(t *testing.T, ctx context.Context, image string, v version, p platform) {
	t.Run("size", func(t *testing.T) { testSize(t, ctx, image) })
	t.Run("configuration", func(t *testing.T) { testConfiguration(t, ctx, image, v, p) })
	t.Run("one file", func(t *testing.T) { checkProgram(t, programOf(t, ctx, image), p) })
}

// maxSize is the limit of the size of the image in bytes, as Docker reports it: 20 MB.
const maxSize = 20_000_000

func testSize(t *testing.T, ctx context.Context, image string) {
	size, err := strconv.Atoi(docker(t, ctx, "image", "inspect", "--format", "{{.Size}}", image))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the image has %d bytes", size)
	if size <= 0 || size >= maxSize {
		t.Errorf("the image has %d bytes, want less than %d; tests/rules/size_test.go describes what makes the program larger", size, maxSize)
	}
}

// config is how an image runs, and what it says about itself.
type config struct {
	User            string
	Entrypoint, Cmd []string
	Healthcheck     struct{ Test []string }
	Labels          map[string]string
}

func testConfiguration(t *testing.T, ctx context.Context, image string, v version, p platform) {
	want := config{User: "65532:65532", Entrypoint: []string{"/extauthz"}, Cmd: []string{"serve"}}
	want.Healthcheck.Test = []string{"CMD", "/extauthz", "healthcheck"}
	want.Labels = map[string]string{
		"org.opencontainers.image.title":       "extauthz",
		"org.opencontainers.image.description": "Envoy external authorization that brings AWS IAM policies to any OCI registry",
		"org.opencontainers.image.licenses":    "Apache-2.0",
		"org.opencontainers.image.version":     v.release,
		"org.opencontainers.image.revision":    v.revision,
	}
	var got config
	text := docker(t, ctx, "image", "inspect", "--format", "{{json .Config}}", image)
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got := docker(t, ctx, "image", "inspect", "--format", "{{.Os}}/{{.Architecture}}", image); got != p.String() {
		t.Errorf("the image is for %s, want %s", got, p)
	}
}

// programOf returns the program in an image, and checks that the image contains nothing else: no
// shell and no library.
func programOf(t *testing.T, ctx context.Context, image string) (program []byte) {
	t.Helper()
	container := docker(t, ctx, "create", "--platform="+docker(t, ctx, "image", "inspect", "--format", "{{.Os}}/{{.Architecture}}", image), image)
	remove(t, "rm", container)
	for header, content := range exported(t, docker(t, ctx, "export", container)) {
		switch {
		case header.Typeflag == tar.TypeDir, slices.Contains(ofEngine, header.Name):
		case header.Name != "extauthz":
			t.Errorf("the image has a file %s", header.Name)
		default:
			program = content
			checkMode(t, header)
		}
	}
	if program == nil {
		t.Fatal("the image has no /extauthz")
	}
	return program
}

// checkMode checks that the user of the image can run the program but not replace it.
func checkMode(t *testing.T, header *tar.Header) {
	t.Helper()
	if mode := header.FileInfo().Mode(); mode != 0o755 || header.Uid != 0 || header.Gid != 0 {
		t.Errorf("%s is %v of %d:%d, want -rwxr-xr-x of 0:0", header.Name, mode, header.Uid, header.Gid)
	}
}

// ofEngine are the files that Docker puts into every container.
var ofEngine = []string{".dockerenv", "dev/console", "etc/hostname", "etc/hosts", "etc/mtab", "etc/resolv.conf"}

// exported returns the files in a container's archive.
func exported(t *testing.T, archive string) func(yield func(*tar.Header, []byte) bool) {
	return func(yield func(*tar.Header, []byte) bool) {
		for files := tar.NewReader(strings.NewReader(archive)); ; {
			header, err := files.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			content, err := io.ReadAll(files)
			if err != nil {
				t.Fatal(err)
			}
			if !yield(header, content) {
				return
			}
		}
	}
}

// machines are the processors of programs, by architecture.
var machines = map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}

// checkProgram checks that program is for the platform, does not need a loader or libraries, and was
// built as a release is, without the paths of the folders of the build.
func checkProgram(t *testing.T, program []byte, p platform) {
	t.Helper()
	file, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		t.Fatal(err)
	}
	if file.Machine != machines[p.architecture] {
		t.Errorf("the program is for %v, want %s", file.Machine, p.architecture)
	}
	for _, segment := range file.Progs {
		if segment.Type == elf.PT_INTERP || segment.Type == elf.PT_DYNAMIC {
			t.Errorf("the program has a segment %v", segment.Type)
		}
	}
	info, err := buildinfo.Read(bytes.NewReader(program))
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	for key, want := range map[string]string{
		"CGO_ENABLED": "0", "GOOS": p.system, "GOARCH": p.architecture, "-trimpath": "true", "-tags": "grpcnotrace,nethttpomithttp2",
	} {
		if settings[key] != want {
			t.Errorf("the program was built with %s=%s, want %s", key, settings[key], want)
		}
	}
}
