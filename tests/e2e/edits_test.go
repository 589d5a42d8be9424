package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// turned returns the file's text with every old replaced.
func turned(t testing.TB, file, old, new string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("%s has no %q", file, old)
	}
	return []byte(strings.ReplaceAll(string(text), old, new))
}

// turnInPlace writes into the file itself, as a shell's redirection does.
func turnInPlace(old, new string) func(testing.TB, string) {
	return func(t testing.TB, file string) { write(t, file, turned(t, file, old, new)) }
}

// write writes into the file itself, which is empty before.
func write(t testing.TB, file string, text []byte) {
	t.Helper()
	must(t, os.WriteFile(file, text, 0o644))
}

// must fails the test on an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// writeOver writes another file and renames it over the old one, as rsync and many editors do.
func writeOver(t testing.TB, file string, text []byte) {
	t.Helper()
	temporary := filepath.Join(filepath.Dir(file), ".new")
	write(t, temporary, text)
	must(t, os.Rename(temporary, file))
}

// writeSlowly pauses for longer than a load takes when the file is empty and when half of
// it is written.
func writeSlowly(t testing.TB, file string, text []byte) {
	t.Helper()
	for _, length := range []int{0, len(text) / 2, len(text)} {
		write(t, file, text[:length])
		if length < len(text) {
			time.Sleep(settled / 2)
		}
	}
}

// writeAsVim checks that a file can be created in the folder, renames the old file, writes a
// new one and removes the old one.
func writeAsVim(t testing.TB, file string, text []byte) {
	t.Helper()
	probe := filepath.Join(filepath.Dir(file), "4913")
	write(t, probe, nil)
	must(t, os.Remove(probe))
	must(t, os.Rename(file, file+"~"))
	write(t, file, text)
	must(t, os.Chmod(file, 0o644))
	must(t, os.Remove(file+"~"))
}

// writeAsEmacs locks the file with a dangling link, and writes an auto-save file next to it
// until the file is saved. Backups are configured to be elsewhere.
func writeAsEmacs(t testing.TB, file string, text []byte) {
	t.Helper()
	dir, base := filepath.Split(file)
	lock, typed := filepath.Join(dir, ".#"+base), filepath.Join(dir, "#"+base+"#")
	must(t, os.Symlink("user@host.4711:1", lock))
	write(t, typed, text)
	write(t, file, text)
	must(t, os.Remove(typed))
	must(t, os.Remove(lock))
}

// writeAsNano locks the file with another and writes into it.
func writeAsNano(t testing.TB, file string, text []byte) {
	t.Helper()
	lock := filepath.Join(filepath.Dir(file), "."+filepath.Base(file)+".swp")
	write(t, lock, []byte("b0nano"))
	write(t, file, text)
	must(t, os.Remove(lock))
}

// writeAsSed writes a temporary file and renames it over the old one, as sed -i does.
func writeAsSed(t testing.TB, file string, text []byte) {
	t.Helper()
	temporary := filepath.Join(filepath.Dir(file), "sedYq7Rk2")
	write(t, temporary, text)
	must(t, os.Rename(temporary, file))
}

// writeAsCopy writes into the file itself and restores its time and size, as cp -p and
// rsync -t can do: only the content differs.
func writeAsCopy(t testing.TB, file string, text []byte) {
	t.Helper()
	before, err := os.Stat(file)
	must(t, err)
	write(t, file, fmt.Appendf(text, "%*s", int(before.Size())-len(text), ""))
	must(t, os.Chtimes(file, before.ModTime(), before.ModTime()))
}

// writeAsGit removes the file and makes a new one, as a checkout does.
func writeAsGit(t testing.TB, file string, text []byte) {
	t.Helper()
	must(t, os.Remove(file))
	write(t, file, text)
}

// emptyDirectory removes every file, first the one that every load needs.
func emptyDirectory(t testing.TB, dir string) {
	t.Helper()
	must(t, os.Remove(filepath.Join(dir, "registries.yaml")))
	names, err := os.ReadDir(dir)
	must(t, err)
	for _, name := range names {
		must(t, os.RemoveAll(filepath.Join(dir, name.Name())))
	}
}

// cut returns text without its end.
func cut(text []byte) []byte { return bytes.TrimRight(text, "} \n") }
