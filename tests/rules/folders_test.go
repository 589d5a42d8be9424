package rules

import (
	"go/doc/comment"
	"regexp"
	"strings"
	"testing"
)

// mappedFolder is a line of a map of folders.
var mappedFolder = regexp.MustCompile(`(?m)^\s*([a-z0-9]+)  +[a-z]`)

// TestFoldersOfTests checks that tests/doc.go lists every folder next to it once, and no
// folder that does not exist.
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
		t.Errorf("tests/doc.go names %s, which does not exist", folder)
	}
}

// codeIn returns the code blocks of a documentation comment.
func codeIn(doc string) string {
	var blocks []string
	for _, block := range new(comment.Parser).Parse(doc).Content {
		if code, ok := block.(*comment.Code); ok {
			blocks = append(blocks, code.Text)
		}
	}
	return strings.Join(blocks, "\n")
}
