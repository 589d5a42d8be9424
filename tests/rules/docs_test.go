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

// sources parses the Go files of the repository except tests, by path.
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

// TestPackageDocs checks that each package has one package comment, in doc.go or, for a
// small command, in main.go.
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
			t.Errorf("%s contains the package comment; move it to doc.go", name)
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

// TestExportedDocs checks that every exported name of the product has a comment.
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

// undocumented returns the exported names of a declaration that have no comment. It adds
// the number of all exported names to exported.
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

// receiverExported reports whether other packages can call a method and need a comment to
// use it. String, Error and Unwrap need none.
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
