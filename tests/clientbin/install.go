package clientbin

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"extauthz/tests/bounded"
)

// installLimit suits the largest client on a busy machine with two cores.
const installLimit = 2 * time.Hour

// Install builds the program unless it is there. A client's dependencies are none of
// this module's; the checksum database vouches for what is downloaded. The program is
// built without cgo and debug information, which halves the cost.
func (c Client) Install(ctx context.Context, progress io.Writer) error {
	if c.Built() {
		return nil
	}
	dir := filepath.Dir(c.Program())
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	aside, err := os.MkdirTemp(filepath.Dir(dir), "building-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(aside)
	build := exec.Command("go", "install", "-gcflags=all=-dwarf=false", "-ldflags=-s -w", c.Package+"@"+c.Version)
	// The Go release is this program's: a linter reads only code for releases up to the one
	// that it was built with.
	build.Env = append(os.Environ(), "GOBIN="+aside, "CGO_ENABLED=0", "GOTOOLCHAIN="+toolchain())
	began := time.Now()
	fmt.Fprintf(progress, "Building %s %s (once)\n", c.Name(), c.Version)
	if err := bounded.Quietly(ctx, installLimit, build, progress, "building "+c.Name()); err != nil {
		return fmt.Errorf("go install %s@%s: %w", c.Package, c.Version, err)
	}
	fmt.Fprintf(progress, "Built %s in %s\n", c.Name(), time.Since(began).Round(time.Second))
	if err := os.Rename(aside, dir); err != nil && !c.Built() {
		return err
	}
	return nil
}

// toolchain is the Go release that built this program, as GOTOOLCHAIN names it: "local" for
// one that is not a release.
func toolchain() string {
	version, _, _ := strings.Cut(runtime.Version(), " ")
	if !strings.HasPrefix(version, "go1.") {
		return "local"
	}
	return version
}
