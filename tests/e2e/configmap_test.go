package e2e

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// mounted is the quickstart's Envoy with policies in a volume as the kubelet mounts it.
// Changes are detected by events only.
func mounted(lay func(t testing.TB, from, into string)) func(*testing.T) setup {
	return func(t *testing.T) setup {
		t.Helper()
		spec := unpolled(t)
		from := spec.Policies
		spec.Policies = t.TempDir()
		lay(t, from, filepath.Join(spec.Policies, mount(0)))
		swap(t, spec.Policies, 0)
		return spec
	}
}

// swaps is the number of generations of policies that are swapped under load, each after
// the previous one is in effect.
const swaps = 3

// volumeSwaps swaps generations. One cannot be loaded, some have a file that others do not
// have, and some follow another immediately.
func volumeSwaps(lay func(t testing.TB, from, into string)) func(*testing.T, *system) {
	return func(t *testing.T, sys *system) {
		l, laid, mounted := sys.loaded(t), 0, 0
		set := func(from string) { laid++; lay(t, from, filepath.Join(sys.Policies, mount(laid))) }
		next := func() { mounted++; swap(t, sys.Policies, mounted) }
		put := func(from string) { set(from); next() }
		for range swaps {
			made := l.next(t)
			l.turn(t, func() { put(made) })
		}
		broken := l.next(t)
		turnInPlace("Statement", "Sentence")(t, filepath.Join(broken, filepath.FromSlash(turning)))
		l.keep(t, "shared", func() { put(broken) })

		without := l.next(t)
		if l.open {
			must(t, os.Remove(filepath.Join(without, filepath.FromSlash(turning))))
		}
		l.turn(t, func() { put(without) })
		first, second := l.next(t), generation(t, l.number+1, !l.open)
		l.turn(t, func() { put(first); put(second) })
		l.number++
		l.storm(t, func(made string) { fillUp(t, made); set(made) }, next)
	}
}

// mount returns the folder of a generation in a volume.
func mount(number int) string { return fmt.Sprintf("..2026_11_%02d", number) }

// swap does what the kubelet does for a new generation of a volume whose folder exists: it
// renames a new link over ..data, adds a link for each new name, removes dangling links, and
// removes the old folder.
func swap(t testing.TB, dir string, number int) {
	t.Helper()
	folder := mount(number)
	old, _ := os.Readlink(filepath.Join(dir, "..data")) // none the first time
	must(t, os.Symlink(folder, filepath.Join(dir, "..data_tmp")))
	must(t, os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
	names, err := os.ReadDir(filepath.Join(dir, folder))
	must(t, err)
	for _, name := range names {
		if err := os.Symlink(filepath.Join("..data", name.Name()), filepath.Join(dir, name.Name())); !os.IsExist(err) {
			must(t, err)
		}
	}
	links, err := os.ReadDir(dir)
	must(t, err)
	for _, link := range links {
		if _, err := os.Stat(filepath.Join(dir, link.Name())); err != nil {
			must(t, os.Remove(filepath.Join(dir, link.Name())))
		}
	}
	if old != "" {
		must(t, os.RemoveAll(filepath.Join(dir, old)))
	}
}

// flatten puts the files of a tree into one folder, with names that a ConfigMap allows:
// ".." instead of "/".
func flatten(t testing.TB, tree, into string) {
	t.Helper()
	must(t, os.Mkdir(into, 0o755))
	keys := 0
	must(t, fs.WalkDir(os.DirFS(tree), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		keys++
		return os.Link(filepath.Join(tree, path), filepath.Join(into, strings.ReplaceAll(path, "/", "..")))
	}))
	if keys < 5 {
		t.Fatalf("%d keys, want at least 5", keys)
	}
}

// project builds a projected volume of several ConfigMaps and a Secret. Some have flat keys,
// and some have folders for their items.
func project(t testing.TB, from, into string) {
	t.Helper()
	must(t, os.CopyFS(filepath.Join(into, "accounts"), os.DirFS(filepath.Join(from, "accounts"))))
	flat := filepath.Join(into, ".flat")
	flatten(t, from, flat)
	keys, err := os.ReadDir(flat)
	must(t, err)
	for _, key := range keys {
		if !strings.HasPrefix(key.Name(), "accounts..") {
			must(t, os.Rename(filepath.Join(flat, key.Name()), filepath.Join(into, key.Name())))
		}
	}
	must(t, os.RemoveAll(flat))
}
