package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	_ "extauthz/goldentest" // accept -update
	"extauthz/tests/stack"
)

// sources parses the Go files of the repository, tests apart, by path.
func sources(t *testing.T) (*token.FileSet, map[string]*ast.File) {
	t.Helper()
	set, parsed := token.NewFileSet(), map[string]*ast.File{}
	for _, name := range files(t) {
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, filepath.Join(stack.Root(), name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		parsed[name] = file
	}
	if len(parsed) < 50 {
		t.Fatalf("%d Go files, want at least 50", len(parsed))
	}
	return set, parsed
}

// TestPackageDocs wants each package's contract in doc.go, or for a small
// command in main.go, and in no second place.
func TestPackageDocs(t *testing.T) {
	_, parsed := sources(t)
	documented := map[string]int{}
	for name, file := range parsed {
		dir, base := filepath.Split(name)
		documented[dir] += 0
		if file.Doc == nil {
			continue
		}
		documented[dir]++
		if base != "doc.go" && base != "main.go" {
			t.Errorf("%s has the package's documentation, which belongs in doc.go", name)
		}
		want := "Package " + file.Name.Name + " "
		if file.Name.Name == "main" {
			want = "Command " + filepath.Base(dir) + " "
		}
		if text := file.Doc.Text(); !strings.HasPrefix(text, want) && !strings.HasPrefix(text, strings.TrimPrefix(want, "Command ")) {
			t.Errorf("%s begins %.40q, want %q", name, text, want)
		}
	}
	for dir, n := range documented {
		if n != 1 {
			t.Errorf("%s has %d package comments, want 1", dir, n)
		}
	}
}

// TestExportedDocs wants a comment at every exported name of the product.
func TestExportedDocs(t *testing.T) {
	set, parsed := sources(t)
	exported := 0
	for name, file := range parsed {
		if strings.HasPrefix(name, "tests/") {
			continue
		}
		for _, d := range file.Decls {
			for _, missing := range undocumented(d, &exported) {
				t.Errorf("%s: %s has no comment", set.Position(d.Pos()), missing)
			}
		}
	}
	if exported < 50 {
		t.Errorf("%d exported names, want at least 50", exported)
	}
}

// undocumented are the exported names that the declaration leaves without a
// comment. It counts all exported ones.
func undocumented(d ast.Decl, exported *int) (names []string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && receiverExported(d) {
			*exported++
			if d.Doc == nil {
				names = append(names, d.Name.Name)
			}
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			for _, name := range specNames(s) {
				if name.IsExported() {
					*exported++
					if d.Doc == nil && !specDocumented(s) {
						names = append(names, name.Name)
					}
				}
			}
		}
	}
	return names
}

// receiverExported tells a method that users can call from one they cannot. A
// String, Error or Unwrap does what everybody knows.
func receiverExported(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	if d.Name.Name == "Error" || d.Name.Name == "Unwrap" {
		return false
	}
	kind := d.Recv.List[0].Type
	if star, ok := kind.(*ast.StarExpr); ok {
		kind = star.X
	}
	name, ok := kind.(*ast.Ident)
	return ok && name.IsExported()
}

func specNames(s ast.Spec) []*ast.Ident {
	switch s := s.(type) {
	case *ast.TypeSpec:
		return []*ast.Ident{s.Name}
	case *ast.ValueSpec:
		return s.Names
	}
	return nil
}

func specDocumented(s ast.Spec) bool {
	switch s := s.(type) {
	case *ast.TypeSpec:
		return s.Doc != nil || s.Comment != nil
	case *ast.ValueSpec:
		return s.Doc != nil || s.Comment != nil
	}
	return true
}
