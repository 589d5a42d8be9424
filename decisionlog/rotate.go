package decisionlog

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Rotation determines when a File begins a new file. The old one is renamed: its name gets the
// time as a suffix, so that names sort by time. The zero Rotation never begins a new file.
type Rotation struct {
	Size uint64        // the limit on a file, in bytes; only a longer line exceeds it; 0 for no limit
	Age  time.Duration // a new file begins at each multiple of Age in UTC, with the next line; 0 for no limit
	Keep int           // how many renamed files remain; 0 keeps all

	Report func(error) // is called if the file cannot be rotated, or an old one not be removed
}

func (r *Rotation) enabled() bool { return r.Size > 0 || r.Age > 0 }

// suffixFormat is the format of the time in the name of a renamed file.
const suffixFormat = "20060102T150405.000Z"

// retryAfter is how long the old file remains in use if it cannot be rotated.
const retryAfter = time.Minute

// checkRotation rejects a file that cannot be renamed without an effect on others.
func (f *File) checkRotation() error {
	info, err := os.Lstat(f.name)
	switch {
	case !f.rotation.enabled() || errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s cannot be rotated, because it is not a regular file", f.name)
	}
	return nil
}

// makeRoom rotates the file if its next line belongs into another. It returns the length of the
// lines that belong into the same file.
func (f *File) makeRoom(lines []byte) int {
	if !f.rotation.enabled() {
		return len(lines)
	}
	if fit := f.fit(lines); fit > 0 {
		return fit
	}
	now := time.Now()
	if now.Before(f.retry) {
		return len(lines)
	}
	old, err := f.rotate(now)
	if err != nil {
		f.retry = now.Add(retryAfter)
		f.rotation.Report(fmt.Errorf("the old file remains in use: %w", err))
		return len(lines)
	}
	if err := errors.Join(old.Close(), f.removeOld()); err != nil {
		f.rotation.Report(err)
	}
	return cmp.Or(f.fit(lines), len(lines))
}

// fit returns the length of the lines that belong into the current file: at least one if the file
// is empty.
func (f *File) fit(lines []byte) int {
	info, err := f.current().(*os.File).Stat()
	if err != nil {
		return len(lines) // writing them reports an error
	}
	size, r := uint64(info.Size()), &f.rotation
	switch {
	case size > 0 && r.Age > 0 && !info.ModTime().Truncate(r.Age).Equal(time.Now().Truncate(r.Age)):
		return 0
	case r.Size == 0 || size+uint64(len(lines)) <= r.Size:
		return len(lines)
	}
	room := r.Size - min(r.Size, size)
	if n := bytes.LastIndexByte(lines[:min(room, uint64(len(lines)))], '\n') + 1; n > 0 || size > 0 {
		return n
	}
	return bytes.IndexByte(lines, '\n') + 1
}

// rotate renames the file, opens a new one with the same permissions, and returns the old one. If
// it cannot open one, the renamed file gets its name again and remains in use.
func (f *File) rotate(now time.Time) (old io.Closer, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	old = f.file
	info, err := f.file.(*os.File).Stat()
	if err != nil {
		return nil, err
	}
	renamed, err := f.rename(info, now)
	if err != nil {
		return nil, err
	}
	if renamed == "" {
		file, err := appendTo(f.name)
		if err != nil {
			return nil, err
		}
		f.file = file
		return old, nil
	}
	file, err := create(f.name, info.Mode().Perm())
	if err != nil {
		return nil, errors.Join(err, os.Rename(renamed, f.name))
	}
	f.file = file
	return old, nil
}

// rename renames the file and returns its new name. If another program has renamed the file, and
// may have made another one of its name, rename does nothing and returns "".
func (f *File) rename(info fs.FileInfo, now time.Time) (renamed string, err error) {
	if at, err := os.Lstat(f.name); err != nil || !os.SameFile(at, info) {
		return "", nil
	}
	if renamed, err = f.freeName(now); err != nil {
		return "", err
	}
	err = os.Rename(f.name, renamed)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return renamed, err
}

// create creates a file with permissions, of which the umask removes none.
func create(name string, permissions fs.FileMode) (*os.File, error) {
	file, err := os.OpenFile(name, appending|os.O_EXCL, permissions)
	if err != nil {
		return nil, err
	}
	if err := file.Chmod(permissions); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// freeName returns a name for the file, which is renamed now, that no file has. It is after those
// of files that were renamed before.
func (f *File) freeName(now time.Time) (string, error) {
	if next := f.renamed.Add(time.Millisecond); now.Before(next) {
		now = next
	}
	for {
		f.renamed = now.UTC().Truncate(time.Millisecond)
		name := f.name + "." + f.renamed.Format(suffixFormat)
		_, err := os.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			return name, nil
		}
		if err != nil {
			return "", err
		}
		now = now.Add(time.Millisecond)
	}
}

// removeOld removes the oldest renamed files, so that only as many remain as are kept.
func (f *File) removeOld() error {
	if f.rotation.Keep == 0 {
		return nil
	}
	dir := filepath.Dir(f.name)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var old []string
	for _, e := range entries {
		suffix, found := strings.CutPrefix(e.Name(), filepath.Base(f.name)+".")
		if _, err := time.Parse(suffixFormat, suffix); found && err == nil && e.Type().IsRegular() {
			old = append(old, e.Name())
		}
	}
	slices.Sort(old)
	var errs []error
	for _, name := range old[:max(0, len(old)-f.rotation.Keep)] {
		errs = append(errs, os.Remove(filepath.Join(dir, name)))
	}
	return errors.Join(errs...)
}
