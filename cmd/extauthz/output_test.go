package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"extauthz/goldentest"
)

// structName is the name of a struct and the folder of its package.
type structName struct{ dir, name string }

// outputs returns the structs whose JSON form the commands print.
func outputs() []struct {
	commands string
	structName
} {
	return []struct {
		commands string
		structName
	}{
		{"init", structName{"cmd/extauthz", "writtenDirectory"}},
		{"map", structName{"simulate", "mappedRequest"}},
		{"map, of a request that is refused", structName{"simulate", "refusedRequest"}},
		{"test", structName{"policytest", "jsonReport"}},
		{"lint and doctor, an item of findings", structName{"diag", "jsonDiagnostic"}},
		{"whoami", structName{"simulate", "Whoami"}},
		{"explain", structName{"simulate", "Decision"}},
		{"who-can", structName{"access", "WhoCan"}},
		{"what-can", structName{"access", "WhatCan"}},
		{"diff", structName{"access", "Diff"}},
		{"replay", structName{"replay", "Report"}},
		{"generate", structName{"generate", "Summary"}},
		{"decode", structName{"denialmessage", "Message"}},
		{"version", structName{"cmd/extauthz", "build"}},
	}
}

// TestOutput compares OUTPUT.md with the structs whose JSON form the commands print. A change of
// the page is a change of what programs read: fields may be added, but not renamed or removed.
func TestOutput(t *testing.T) {
	w := outputWriter{t: t}
	w.page.WriteString(`# JSON of the commands

This page lists the fields that ` + "`--format json`" + ` prints, as the program defines them. Fields stay as
they are; new ones may be added. A field with ? is left out if it is empty.

` + "`simulate` prints the output of `aws iam simulate-custom-policy`" + `, see
[Simulating requests](../../simulate/README.md).
`)
	for _, o := range outputs() {
		w.writeSection(o.commands, o.structName)
	}
	for i := 0; i < len(w.parts); i++ { // writing a section may add parts
		w.writeSection(w.parts[i].title(), w.parts[i])
	}
	goldentest.Compare(t, "OUTPUT.md", w.page.String())
}

// title returns the title of a section about a struct that others contain.
func (n structName) title() string { return n.name + " in " + n.dir }

// An outputWriter writes a section about each struct.
type outputWriter struct {
	t     *testing.T
	page  strings.Builder
	parts []structName // that other structs contain, each once
}

// writeSection writes the fields of a struct.
func (w *outputWriter) writeSection(title string, n structName) {
	fmt.Fprintf(&w.page, "\n## %s\n\n| field | type | meaning |\n| --- | --- | --- |\n", title)
	before := w.page.Len()
	w.writeFields(n)
	if w.page.Len() == before {
		w.t.Errorf("%s has no fields", n.title())
	}
}

func (w *outputWriter) writeFields(n structName) {
	spec := findType(w.t, n)
	if spec == nil {
		w.t.Fatalf("%s does not exist", n.title())
	}
	for _, f := range spec.Type.(*ast.StructType).Fields.List {
		w.writeField(n.dir, f)
	}
}

// writeField writes a field, or those of an embedded struct.
func (w *outputWriter) writeField(dir string, f *ast.Field) {
	tag := ""
	if f.Tag != nil {
		text, err := strconv.Unquote(f.Tag.Value)
		if err != nil {
			w.t.Fatal(err)
		}
		tag = reflect.StructTag(text).Get("json")
	}
	key, options, _ := strings.Cut(tag, ",")
	if len(f.Names) == 0 {
		w.writeFields(structName{dir, f.Type.(*ast.Ident).Name})
		return
	}
	optional := ""
	if strings.Contains(options, "omit") {
		optional = "?"
	}
	for _, name := range f.Names {
		if name.IsExported() && key != "-" {
			meaning := strings.Join(strings.Fields(f.Doc.Text()+" "+f.Comment.Text()), " ")
			fmt.Fprintf(&w.page, "| `%s`%s | %s | %s |\n", cmp.Or(key, name.Name), optional, w.form(dir, f.Type), inTable(meaning))
		}
	}
}

// form returns the form of a type in JSON, and adds its structs to the parts.
func (w *outputWriter) form(dir string, of ast.Expr) string {
	switch x := of.(type) {
	case *ast.StarExpr:
		return w.form(dir, x.X)
	case *ast.ArrayType:
		return "list of " + w.form(dir, x.Elt)
	case *ast.MapType:
		return "object"
	case *ast.IndexExpr: // Items[T]
		return "object with `items`, a list of " + w.form(dir, x.Index)
	case *ast.SelectorExpr:
		switch pkg := x.X.(*ast.Ident).Name; pkg {
		case "time":
			return "time"
		case "json": // RawMessage
			return "object"
		default:
			return w.named(structName{pkg, x.Sel.Name})
		}
	case *ast.Ident:
		if simple := map[string]string{"int": "number", "bool": "boolean", "string": "string"}[x.Name]; simple != "" {
			return simple
		}
		return w.named(structName{dir, x.Name})
	}
	w.t.Fatalf("%T in %s is not supported", of, dir)
	return ""
}

// named returns the form of a type with a name. What is not a struct has a text form.
func (w *outputWriter) named(n structName) string {
	spec := findType(w.t, n)
	if spec == nil {
		w.t.Fatalf("%s does not exist", n.title())
	}
	if _, isStruct := spec.Type.(*ast.StructType); !isStruct {
		return "string"
	}
	if !slices.Contains(w.parts, n) {
		w.parts = append(w.parts, n)
	}
	return fmt.Sprintf("[%s](#%s)", n.name, strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(n.title(), "/", ""), " ", "-")))
}

// findType returns the declaration of a type in a folder of the module, nil if it has none.
func findType(t *testing.T, n structName) (found *ast.TypeSpec) {
	t.Helper()
	names, err := filepath.Glob(path.Join("../..", n.dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range names {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(node ast.Node) bool {
			if spec, ok := node.(*ast.TypeSpec); ok && spec.Name.Name == n.name {
				found = spec
			}
			return found == nil
		})
	}
	return found
}
