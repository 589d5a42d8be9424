package scaffold

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"extauthz/diag"
)

// Write writes the files to the directory dir, which must not exist or must be empty. It
// writes them to a temporary directory next to dir, calls check with its path, and then
// renames it, so that dir has all files or none.
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
		return diag.Problemf("%v", err).WithRemedy("give a directory whose parent exists and is writable")
	}
	defer os.RemoveAll(staged) // after the rename it does not exist
	if err := writeAll(staged, files); err != nil {
		return err
	}
	if err := check(staged); err != nil {
		return err
	}
	// This overwrites nothing that was created in the meantime: rmdir(2) removes only an
	// empty directory, and rename(2) of a directory replaces nothing else.
	if err := syscall.Rmdir(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return diag.Problemf("%s: %v", dir, err).WithRemedy("give a directory that does not exist")
	}
	return os.Rename(staged, dir)
}

// checkEmpty rejects a path that exists, except an empty directory.
func checkEmpty(dir string) error {
	info, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.IsDir():
		return diag.Problemf("%s is a file or a link", dir).WithRemedy("give a directory that does not exist")
	}
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		err = diag.Problemf("%s is not empty", dir).WithRemedy("give a directory that does not exist")
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
