package scaffold

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Write puts the files into the directory dir, which must be absent or empty. It
// writes them beside it first, and has them judged by check; then they are put
// into place at once, or nothing is.
func Write(dir string, files map[string]string, check func(dir string) error) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if err := checkEmpty(dir); err != nil {
		return err
	}
	staged, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+".init-")
	if err != nil {
		return fmt.Errorf("%w; name a directory whose parent is there and can be written", err)
	}
	defer os.RemoveAll(staged) // which is gone where all went well
	if err := writeAll(staged, files); err != nil {
		return err
	}
	if err := check(staged); err != nil {
		return err
	}
	// What came there meanwhile stays: rmdir(2) removes nothing but an empty
	// directory, and rename(2) of a directory replaces nothing else.
	if err := syscall.Rmdir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w; name a directory that is not there yet", dir, err)
	}
	return os.Rename(staged, dir)
}

// checkEmpty refuses what is there already, but for an empty directory.
func checkEmpty(dir string) error {
	info, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is there, and no directory; name one that is not there yet", dir)
	}
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		err = fmt.Errorf("%s is not empty, and nothing is overwritten; name a directory that is not there yet", dir)
	}
	return err
}

// writeAll writes the files below an empty directory.
func writeAll(dir string, files map[string]string) error {
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
