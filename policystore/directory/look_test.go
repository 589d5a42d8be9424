package directory

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"extauthz/policystore/directory/directorytest"
)

// TestListMatchesWalkDir compares listings of random trees with the files that WalkDir finds:
// of folders with few entries and with more than are looked at together, again from the
// listing before, and after changes.
func TestListMatchesWalkDir(t *testing.T) {
	layout := Layout{
		MaxSize: func(string) int64 { return 1 << 20 },
		Skips:   func(path string) bool { return strings.HasSuffix(path, "-skipped") },
		IsFile:  func(path string) bool { return strings.HasSuffix(path, "-file") },
	}
	files := 0
	for seed := range uint64(2) {
		random := rand.New(rand.NewPCG(seed, 0))
		root := t.TempDir()
		grow(t, random, root, 2)
		var known *listing
		for range 3 {
			l, complete := list(root, layout, known, nil, 1+random.IntN(4))
			if got, want := filesOf(l), walkDir(t, root, layout); !complete || !slices.Equal(got, want) {
				t.Fatalf("seed %d: complete %t\ngot  %q\nwant %q", seed, complete, got, want)
			}
			if again, _ := list(root, layout, l, nil, 1+random.IntN(4)); again.size != l.size || !again.hasFilesOf(l) {
				t.Fatalf("seed %d: the second listing of the same files differs", seed)
			} else if fresh, _ := list(root, layout, nil, nil, 1); !reflect.DeepEqual(fresh.faults, again.faults) {
				t.Fatalf("seed %d: faults %v, then %v", seed, fresh.faults.err(), again.faults.err())
			}
			checkNumbers(t, l)
			if again, _ := list(root, layout, l.untrusted(root), nil, 1); !again.hasFilesOf(l) || !sharesPaths(again, l) {
				t.Fatalf("seed %d: a listing that reads everything again differs, or repeats paths", seed)
			}
			files += len(l.files)
			known = l
			grow(t, random, filepath.Join(root, "later"), 1)
		}
	}
	if files < 200 {
		t.Errorf("%d files, which are too few", files)
	}
}

// grow adds files and folders to a directory.
func grow(t *testing.T, random *rand.Rand, dir string, depth int) {
	t.Helper()
	contents := map[string]string{}
	few := []int{0, 1, 3, fewSiblings, lookAhead / 16}
	for range [...]int{few[random.IntN(len(few))], lookAhead + random.IntN(lookAhead)}[random.IntN(8)/7] {
		name := fmt.Sprintf("f%d%s", random.Uint32(), []string{"", "", "", "-skipped", "\a"}[random.IntN(5)])
		contents[name] = strings.Repeat("x", random.IntN(9))
	}
	contents["f"] = "x"
	directorytest.Write(t, dir, contents)
	if depth == 0 {
		return
	}
	for range [...]int{random.IntN(4), random.IntN(24)}[random.IntN(2)] {
		grow(t, random, filepath.Join(dir, fmt.Sprintf("d%d%s", random.Uint32(), []string{"", "", "-file"}[random.IntN(3)])), random.IntN(depth))
	}
}

// walkDir returns the paths of the files that belong to a tree, in the order of a listing.
func walkDir(t *testing.T, root string, layout Layout) (paths []string) {
	t.Helper()
	if err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		path = strings.TrimPrefix(strings.TrimPrefix(path, root), "/")
		switch {
		case err != nil || path == "":
			return err
		case e.IsDir() && layout.IsFile(path):
			return fs.SkipDir
		case !e.IsDir() && !layout.Skips(path) && printable(filepath.Base(path)) == filepath.Base(path):
			paths = append(paths, path)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(paths)
	return paths
}

// filesOf returns the paths of all files in order.
func filesOf(l *listing) (paths []string) {
	for _, f := range l.files {
		paths = append(paths, f.path)
	}
	slices.Sort(paths)
	return paths
}

// checkNumbers checks that each file and folder is found by its path, and no other.
func checkNumbers(t *testing.T, l *listing) {
	t.Helper()
	for i, f := range l.files {
		if got := l.findFile(f.path); got != i || l.findFile(f.path+"x") >= 0 || l.findFile("x/"+f.path) >= 0 || l.has(l.onDisk(&f)) {
			t.Fatalf("%s is file %d, want %d", f.path, got, i)
		}
	}
	for i, f := range l.folders {
		if got := l.numberOf(f.path); got != i || l.has(f.path+"x") || l.findFile(l.below(f.path)) >= 0 {
			t.Fatalf("%s is folder %d, want %d", f.path, got, i)
		}
	}
}

// sharesPaths reports whether the paths below the roots of two listings with the same files are
// in memory once.
func sharesPaths(l, m *listing) bool {
	for i := range l.files {
		if unsafe.StringData(l.files[i].path) != unsafe.StringData(m.files[i].path) {
			return false
		}
	}
	for i := 1; i < len(l.folders); i++ {
		if unsafe.StringData(l.folders[i].path) != unsafe.StringData(m.folders[i].path) {
			return false
		}
	}
	return true
}

// TestReadFileFindsGrowth checks that a file with more or less text than was listed counts as
// changed, and that one of the system without a size does, too.
func TestReadFileFindsGrowth(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	for _, text := range []string{"", "a", strings.Repeat("text", 5000)} {
		directorytest.Write(t, dir, map[string]string{"a": text})
		listed, _, err := statusOf(path, true)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := readFile(path, listed, nil); err != nil || string(got) != text {
			t.Errorf("%d bytes: got %d bytes, error %v", len(text), len(got), err)
		}
		for _, now := range []string{text + "b", strings.TrimSuffix(text, "t") + strings.Repeat("c", 9)} {
			if err := os.WriteFile(path, []byte(now), 0o644); err != nil {
				t.Fatal(err)
			}
			if _, err := readFile(path, listed, nil); err == nil {
				t.Errorf("%d bytes, then %d: no error", len(text), len(now))
			}
		}
	}
	const status = "/proc/self/status" // a regular file of size 0 that has text
	listed, isRegular, err := statusOf(status, true)
	if err != nil || !isRegular {
		t.Skip("no file without a size on this system")
	}
	if text, err := readFile(status, listed, nil); err == nil {
		t.Errorf("%s is read as %d bytes", status, len(text))
	}
}
