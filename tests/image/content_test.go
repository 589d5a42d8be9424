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

// testOneFile checks that the image contains only the program, and that the program needs nothing
// else.
func testOneFile(t *testing.T, ctx context.Context, image string) {
	container := docker(t, ctx, "create", image)
	remove(t, "rm", container)
	var program []byte
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
	checkStatic(t, program)
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

// checkStatic checks that program does not need a loader or libraries, and that it does not contain
// the path of a folder of the build.
func checkStatic(t *testing.T, program []byte) {
	t.Helper()
	file, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		t.Fatal(err)
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
	if settings["CGO_ENABLED"] != "0" || settings["-trimpath"] != "true" {
		t.Errorf("the program was built with %v, want CGO_ENABLED=0 and -trimpath=true", settings)
	}
}

// config is how the image runs.
type config struct {
	User            string
	Entrypoint, Cmd []string
	Healthcheck     struct{ Test []string }
}

func testConfiguration(t *testing.T, ctx context.Context, image string) {
	want := config{User: "65532:65532", Entrypoint: []string{"/extauthz"}, Cmd: []string{"serve"}}
	want.Healthcheck.Test = []string{"CMD", "/extauthz", "healthcheck"}
	var got config
	text := docker(t, ctx, "image", "inspect", "--format", "{{json .Config}}", image)
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
