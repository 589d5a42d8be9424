package rules

import (
	"go/doc/comment"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"extauthz/tests/stack"
)

// mapped is a line of a package's map of its files.
var mapped = regexp.MustCompile(`(?m)^\s*([a-z0-9_]+\.go) `)

// TestFileMaps wants the map in a package's documentation to name every file of
// the package, tests apart, and none that is not there.
func TestFileMaps(t *testing.T) {
	_, parsed := sources(t)
	maps := 0
	for name, file := range parsed {
		if file.Doc == nil {
			continue
		}
		named := map[string]bool{}
		for _, found := range mapped.FindAllStringSubmatch(codeIn(file.Doc.Text()), -1) {
			named[found[1]] = true
		}
		dir := filepath.Dir(name)
		for other := range named {
			if _, err := os.Stat(filepath.Join(stack.Root(), dir, other)); err != nil {
				t.Errorf("%s maps %s, which is not there", name, other)
			}
		}
		if len(named) > 0 {
			maps++
			wantsMapped(t, parsed, dir, named)
		}
	}
	if maps < 9 {
		t.Errorf("%d packages have a map of their files, want at least 9", maps)
	}
}

// wantsMapped wants all files of the folder named, but for doc.go itself.
func wantsMapped[F any](t *testing.T, files map[string]F, dir string, named map[string]bool) {
	t.Helper()
	for name := range files {
		if base := filepath.Base(name); filepath.Dir(name) == dir && base != "doc.go" && !named[base] {
			t.Errorf("the package documentation in %s maps its files, but not %s", dir, base)
		}
	}
}

// mappedFolder is a line of a map of folders.
var mappedFolder = regexp.MustCompile(`(?m)^\s*([a-z0-9]+)  +[a-z]`)

// TestFoldersOfTests wants tests/doc.go to name every folder beside it, once, and
// none that is not there.
func TestFoldersOfTests(t *testing.T) {
	_, parsed := sources(t)
	named := map[string]int{}
	for _, found := range mappedFolder.FindAllStringSubmatch(codeIn(parsed["tests/doc.go"].Doc.Text()), -1) {
		named[found[1]]++
	}
	folders := map[string]bool{}
	for _, name := range files(t) {
		if below, found := strings.CutPrefix(name, "tests/"); found {
			if folder, _, deeper := strings.Cut(below, "/"); deeper {
				folders[folder] = true
			}
		}
	}
	if len(folders) < 15 {
		t.Fatalf("%d folders, want at least 15", len(folders))
	}
	for folder := range folders {
		if named[folder] != 1 {
			t.Errorf("tests/doc.go names %s %d times, want once", folder, named[folder])
		}
		delete(named, folder)
	}
	for folder := range named {
		t.Errorf("tests/doc.go names %s, which is not there", folder)
	}
}

// codeIn is the code blocks of a documentation comment.
func codeIn(doc string) string {
	var blocks []string
	for _, block := range new(comment.Parser).Parse(doc).Content {
		if code, ok := block.(*comment.Code); ok {
			blocks = append(blocks, code.Text)
		}
	}
	return strings.Join(blocks, "\n")
}
