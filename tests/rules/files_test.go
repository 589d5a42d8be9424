package rules

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"extauthz/tests/stack"
)

// pkg is a package of the product as `go list` describes it.
type pkg struct {
	ImportPath string
	Name       string
	Dir        string
	Standard   bool
	GoFiles    []string
	Imports    []string
	Deps       []string
	Module     *struct{ Path string }
}

// packages returns the product's packages and their dependencies, by path.
func packages(t *testing.T) map[string]*pkg {
	t.Helper()
	list := exec.Command("go", "list", "-deps", "-json=ImportPath,Name,Dir,Standard,GoFiles,Imports,Deps,Module", "./...")
	list.Dir, list.Stderr = stack.Root(), os.Stderr
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*pkg{}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		p := new(pkg)
		if err := d.Decode(p); err != nil {
			t.Fatal(err)
		}
		all[p.ImportPath] = p
	}
	return all
}

// own returns the packages of the product itself.
func own(t *testing.T) (product []*pkg) {
	t.Helper()
	for _, p := range packages(t) {
		if p.Module != nil && p.Module.Path == "extauthz" {
			product = append(product, p)
		}
	}
	if len(product) < 9 {
		t.Fatalf("%d packages, want at least 9", len(product))
	}
	return product
}

// files returns the paths of the regular files of the repository that git tracks or
// would add.
func files(t *testing.T) []string {
	t.Helper()
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = stack.Root()
	out, err := list.Output()
	if err != nil {
		return walkFiles(t) // an unpacked archive, say
	}
	var names []string
	for name := range bytes.SplitSeq(bytes.TrimRight(out, "\x00"), []byte{0}) {
		if info, err := os.Lstat(filepath.Join(stack.Root(), string(name))); err == nil && info.Mode().IsRegular() {
			names = append(names, string(name))
		}
	}
	return names
}

// ofProduct reports whether a file belongs to the product. The modules in tests and
// extauthztest do not.
func ofProduct(name string) bool {
	return !strings.HasPrefix(name, "tests/") && !strings.HasPrefix(name, "extauthztest/")
}

// walkFiles returns the regular files below the root, except what is built or downloaded.
func walkFiles(t *testing.T) (names []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(stack.Root()), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == ".cache" || name == "bin" || name == ".git"):
			return fs.SkipDir
		case d.Type().IsRegular():
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
