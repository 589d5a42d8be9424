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

// turned is the file's text with every old replaced.
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

// must wants no error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// writeOver writes another file and renames it over, as rsync and many editors do.
func writeOver(t testing.TB, file string, text []byte) {
	t.Helper()
	beside := filepath.Join(filepath.Dir(file), ".new")
	write(t, beside, text)
	must(t, os.Rename(beside, file))
}

// writeSlowly lets the file rest, longer than it takes to be loaded, when it is
// empty and when half of it is there.
func writeSlowly(t testing.TB, file string, text []byte) {
	t.Helper()
	for _, length := range []int{0, len(text) / 2, len(text)} {
		write(t, file, text[:length])
		if length < len(text) {
			time.Sleep(settled / 2)
		}
	}
}

// writeAsVim tries whether a file can be made in the folder, moves the old file
// aside, writes a new one and removes the old one.
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

// writeAsEmacs locks the file with a link that leads nowhere, and keeps what was
// typed in a file beside it until it is saved. It is told to keep its backups
// elsewhere.
func writeAsEmacs(t testing.TB, file string, text []byte) {
	t.Helper()
	dir, base := filepath.Split(file)
	lock, typed := filepath.Join(dir, ".#"+base), filepath.Join(dir, "#"+base+"#")
	must(t, os.Symlink("somebody@somewhere.4711:1", lock))
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

// writeAsSed writes a file with a name of its own and renames it over, as sed -i.
func writeAsSed(t testing.TB, file string, text []byte) {
	t.Helper()
	beside := filepath.Join(filepath.Dir(file), "sedYq7Rk2")
	write(t, beside, text)
	must(t, os.Rename(beside, file))
}

// writeAsCopy writes into the file itself, and gives it the time that it had and its
// size, as cp -p and rsync -t may do: nothing but the content tells that it is
// another.
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

// emptyDirectory removes every file in it, the one first without which nothing can
// be loaded.
func emptyDirectory(t testing.TB, dir string) {
	t.Helper()
	must(t, os.Remove(filepath.Join(dir, "registries.yaml")))
	names, err := os.ReadDir(dir)
	must(t, err)
	for _, name := range names {
		must(t, os.RemoveAll(filepath.Join(dir, name.Name())))
	}
}

// cut is text without its end.
func cut(text []byte) []byte { return bytes.TrimRight(text, "} \n") }
