package rules

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"extauthz/tests/stack"
)

// goldenPackage is the package that defines the flag -update.
const goldenPackage = `"extauthz/goldentest"`

// TestEveryTestPackageAcceptsUpdate checks that the tests of every package import
// goldentest, so that "go test ./... -update" works, and that no other code does. The module
// extauthztest has no golden files.
func TestEveryTestPackageAcceptsUpdate(t *testing.T) {
	accepts := map[string]bool{} // by folder
	for _, name := range files(t) {
		if !strings.HasSuffix(name, ".go") || strings.HasPrefix(name, "extauthztest/") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(stack.Root(), name), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		dir, isTest := filepath.Dir(name), strings.HasSuffix(name, "_test.go")
		if isTest {
			accepts[dir] = accepts[dir] || dir == "goldentest"
		}
		for _, spec := range file.Imports {
			switch {
			case spec.Path.Value != goldenPackage:
			case isTest:
				accepts[dir] = true
			default:
				t.Errorf("%s imports %s, which is for tests", name, goldenPackage)
			}
		}
	}
	if len(accepts) < 35 {
		t.Errorf("%d packages with tests, want at least 35", len(accepts))
	}
	for dir, ok := range accepts {
		if !ok {
			t.Errorf("%s: \"go test ./... -update\" fails there; import _ %s in one of its tests", dir, goldenPackage)
		}
	}
}
