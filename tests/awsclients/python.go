package awsclients

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"extauthz/tests/bounded"
	"extauthz/tests/checkout"
)

//go:embed requirements.txt
var requirements []byte

// A Python has the packages of AWS.
type Python struct{ Packages string } // the folder with the packages

// Environment returns the variable with which python3 finds the packages.
func (p *Python) Environment() string { return "PYTHONPATH=" + p.Packages }

const (
	versionLimit = time.Minute
	fetchLimit   = 15 * time.Minute
)

// FindPython returns the packages in the cache folder, and fetches them if they are not there. pip
// checks their hashes.
func FindPython(ctx context.Context, progress io.Writer) (*Python, error) {
	dir, err := packages(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(dir); err == nil {
		return &Python{dir}, nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, err
	}
	aside, err := os.MkdirTemp(filepath.Dir(dir), "fetching-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(aside)
	list, target := filepath.Join(aside, "requirements.txt"), filepath.Join(aside, "packages")
	if err := os.WriteFile(list, requirements, 0o644); err != nil {
		return nil, err
	}
	fmt.Fprintln(progress, "Fetching aws and the SDK for Python with pip (36 MB, once)")
	install := exec.Command("python3", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-compile",
		"--only-binary=:all:", "--require-hashes", "--timeout=15", "--retries=2", "--target="+target, "--requirement="+list)
	if err := bounded.RunQuietly(ctx, fetchLimit, install, progress, "fetching"); err != nil {
		return nil, fmt.Errorf("pip install: %w; check the network, and pip's index and proxy settings", err)
	}
	return &Python{dir}, os.Rename(target, dir)
}

// packages returns the folder for the packages of this version of Python.
func packages(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, versionLimit)
	defer cancel()
	version, err := exec.CommandContext(ctx, "python3", "-c", "import pip, sys; print('%d.%d' % sys.version_info[:2])").Output()
	if err != nil {
		return "", fmt.Errorf("python3 with pip: %w; install it (apt-get install python3-pip, dnf install python3-pip)", err)
	}
	sum := sha256.Sum256(requirements)
	return filepath.Join(checkout.Cache(), "aws-python", strings.TrimSpace(string(version))+"-"+hex.EncodeToString(sum[:6])), nil
}
