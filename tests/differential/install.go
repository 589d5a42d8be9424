package differential

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"extauthz/tests/bounded"
	"extauthz/tests/stack"
)

// fetchLimit bounds npm's downloads on a busy machine.
const fetchLimit = 30 * time.Minute

// parts lists the files of the driver, which are all that npm needs.
var parts = [...]string{"driver.mjs", "package.json", "package-lock.json"}

// Install downloads the other evaluator into .cache, unless the version that the lock file
// pins is there, and returns the driver's path. It needs node and npm.
func Install(ctx context.Context) (driver string, err error) {
	for _, program := range [...]string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			return "", fmt.Errorf("%s is not on PATH; install Node.js 20 or later", program)
		}
	}
	source := filepath.Join(stack.Root(), "tests", "differential", "driver")
	digest := sha256.New()
	for _, name := range parts {
		text, err := os.ReadFile(filepath.Join(source, name))
		if err != nil {
			return "", err
		}
		digest.Write(text)
	}
	dir := filepath.Join(stack.Cache(), "iam-simulate-"+hex.EncodeToString(digest.Sum(nil)[:6]))
	driver = filepath.Join(dir, parts[0])
	if _, err := os.Stat(driver); err == nil {
		return driver, nil
	}
	return driver, fetch(ctx, source, dir)
}

// fetch installs into a temporary folder and renames it, so that an existing folder is
// complete.
func fetch(ctx context.Context, source, dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	aside, err := os.MkdirTemp(filepath.Dir(dir), "iam-simulate-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(aside)
	for _, name := range parts {
		text, err := os.ReadFile(filepath.Join(source, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(aside, name), text, 0o644); err != nil {
			return err
		}
	}
	npm := exec.Command("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	npm.Dir = aside
	if err := bounded.RunQuietly(ctx, fetchLimit, npm, os.Stderr, "running npm ci"); err != nil {
		return fmt.Errorf("npm ci: %w", err)
	}
	if err := os.Rename(aside, dir); err != nil && !os.IsExist(err) {
		return err
	}
	return nil
}
