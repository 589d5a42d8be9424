package rules

import (
	"go/ast"
	"testing"
)

// maxLines is the greatest number of lines of a function.
const maxLines = 60

func TestFunctionsFitAScreen(t *testing.T) {
	set, parsed := sources(t)
	functions := 0
	for _, file := range parsed {
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			functions++
			if lines := set.Position(f.End()).Line - set.Position(f.Pos()).Line + 1; lines > maxLines {
				t.Errorf("%s: %s has %d lines, want at most %d", set.Position(f.Pos()), f.Name.Name, lines, maxLines)
			}
		}
	}
	if functions < 200 {
		t.Errorf("%d functions, want at least 200", functions)
	}
}
