package images

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"extauthz/tests/bounded"
	"extauthz/tests/checkout"
)

// compile builds a command of the module in dir for the engine, with args for go build, and returns
// the path of the program, which is static. It changes nothing if the program is up to date.
func (e *engine) compile(ctx context.Context, dir, pkg, name string, args, env []string) (string, error) {
	program := filepath.Join(checkout.Cache(), "images", e.architecture, name)
	args = append([]string{"build", "-o", program}, append(args, pkg)...)
	build := exec.Command("go", args...)
	build.Dir = dir
	build.Env = append(append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+e.architecture), env...)
	if err := bounded.RunPrinting(ctx, buildLimit, build, e.progress, "building "+name); err != nil {
		return "", fmt.Errorf("go build %s: %w; the first build downloads Go modules: check the network, and GOPROXY", pkg, err)
	}
	return program, nil
}
