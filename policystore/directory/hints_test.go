package directory

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"extauthz/policystore/directory/directorytest"
)

// TestHintsDoNotMatter checks that after random changes ReadChanged returns the files that are
// in the directory, whatever paths events named.
func TestHintsDoNotMatter(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	dir := t.TempDir()
	var files []string
	for i := range 12 {
		files = append(files, filepath.Join(dir, fmt.Sprintf("d%d/e%d/f%d", i%2, i%3, i)))
	}
	n, err := NewNotifier()
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	r := NewReader(dir, testLayout)
	r.follow(n)
	withHints := 0
	for step := range 300 {
		for range random.IntN(4) {
			file := files[random.IntN(len(files))]
			changeFile(t, random, file, step)
			if random.IntN(4) > 0 {
				n.hints.add(file)
			}
		}
		for range random.IntN(2) {
			n.hints.add([]string{dir, filepath.Dir(files[0]), files[random.IntN(len(files))], dir + "/none", "/elsewhere", dir + "/.hidden/x"}[random.IntN(6)])
		}
		if last := r.last; last != nil {
			last.listing.begun = time.Now().Add(time.Hour) // as if nothing had changed for long
			if last.listing.withHints(pathsOf(&n.hints)) != nil {
				withHints++
			}
		}
		got, err := r.ReadChanged()
		want, wantErr := NewReader(dir, testLayout).Read()
		if err != nil || wantErr != nil || got.Digest != want.Digest || !slices.EqualFunc(got.Files, want.Files, (*File).is) {
			t.Fatalf("step %d: %v, error %v; want %v, error %v", step, got, err, want, wantErr)
		}
	}
	if withHints < 50 {
		t.Errorf("hints were used %d times, want at least 50", withHints)
	}
}

// pathsOf returns hints without taking them.
func pathsOf(h *hints) []string {
	paths := h.take()
	for _, path := range paths {
		h.add(path)
	}
	return paths
}

// changeFile writes, replaces or removes a file.
func changeFile(t *testing.T, random *rand.Rand, file string, step int) {
	t.Helper()
	text := []byte(strings.Repeat("x", random.IntN(5)) + fmt.Sprint(step))
	var err error
	switch folder := filepath.Dir(file); random.IntN(5) {
	case 0:
		err = os.RemoveAll(file)
	case 1:
		err = os.MkdirAll(folder, 0o755)
		if err == nil {
			err = os.WriteFile(folder+"/.new", text, 0o644)
		}
		if err == nil {
			err = os.Rename(folder+"/.new", file)
		}
	default:
		directorytest.Write(t, folder, map[string]string{filepath.Base(file): string(text)})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestTooManyHints checks that hints are bounded.
func TestTooManyHints(t *testing.T) {
	var h hints
	for i := range maxHints + 1 {
		h.add(fmt.Sprint(i))
	}
	if paths := h.take(); paths != nil {
		t.Errorf("%d hints", len(paths))
	}
	h.add("a")
	if paths := h.take(); len(paths) != 1 || paths[0] != "a" || h.take() != nil {
		t.Errorf("hints %v", paths)
	}
}
