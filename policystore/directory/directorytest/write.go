package directorytest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Write writes the files of a directory: texts by slash-separated path.
func Write(t testing.TB, dir string, texts map[string]string) {
	t.Helper()
	for path, text := range texts {
		path = filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), modeOf(path)); err != nil {
			t.Fatal(err)
		}
	}
}

// modeOf returns the mode of a file: that of a secret for those of a policy directory with secrets.
func modeOf(path string) fs.FileMode {
	switch filepath.Base(path) {
	case "access-keys", "upstreams.yaml":
		return 0o600
	}
	return 0o644
}

// Volume writes texts as in a volume of the kubelet: the files in a dotted
// directory called generation, "..data" linked to it, and a link for each file.
func Volume(t testing.TB, dir, generation string, texts map[string]string) {
	t.Helper()
	Write(t, filepath.Join(dir, generation), texts)
	data := filepath.Join(dir, "..data")
	if err := os.Symlink(generation, data+"_tmp"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(data+"_tmp", data); err != nil {
		t.Fatal(err)
	}
	for path := range texts {
		if err := os.Symlink(filepath.Join("..data", path), filepath.Join(dir, path)); err != nil && !errors.Is(err, fs.ErrExist) {
			t.Fatal(err)
		}
	}
}

// Sparse creates a file of a size that takes no space on disk.
func Sparse(path string, size int64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Close())
}
