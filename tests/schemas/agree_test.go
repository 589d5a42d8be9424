package schemas

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	_ "extauthz/goldentest" // accept -update
	"extauthz/tests/stack"
)

// A schema is a file of schemas/, with the struct into which the program reads the same file and
// the folder of its package.
type schema struct {
	name, folder, root string
	document           map[string]any
	structs            map[string]*ast.StructType
}

// configFolder is the package that reads the YAML files of a policy directory.
const configFolder = "policystore/config"

func schemas(t *testing.T) []*schema {
	t.Helper()
	all := []*schema{
		{name: "registries", folder: configFolder, root: "registriesFile"},
		{name: "principals", folder: configFolder, root: "Principals"},
		{name: "organization", folder: configFolder, root: "organizationFile"},
		{name: "upstreams", folder: configFolder, root: "upstreamsFile"},
		{name: "tests", folder: "policytest", root: "fileEntry"},
	}
	for _, s := range all {
		text, err := os.ReadFile(s.path())
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &s.document); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		s.structs = structsOf(t, s.folder)
	}
	return all
}

func (s *schema) path() string {
	return filepath.Join(stack.Root(), "schemas", s.name+".schema.json")
}

// structsOf returns the structs that the files of a folder declare, by name.
func structsOf(t *testing.T, folder string) map[string]*ast.StructType {
	t.Helper()
	all := map[string]*ast.StructType{}
	paths, err := filepath.Glob(filepath.Join(stack.Root(), folder, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: %d files, error %v", folder, len(paths), err)
	}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				if body, ok := spec.Type.(*ast.StructType); ok {
					all[spec.Name.Name] = body
				}
			}
			return true
		})
	}
	return all
}

// TestSchemasAgree checks that schemas and structs have the same keys with the same types, that
// the schemas do not allow others, and that they describe each.
func TestSchemasAgree(t *testing.T) {
	for _, s := range schemas(t) {
		t.Run(s.name, func(t *testing.T) {
			compared := s.compare(t, s.root, s.document)
			if compared != len(s.defs())+1 {
				t.Errorf("%d objects were compared, want %d", compared, len(s.defs())+1)
			}
		})
	}
}

func (s *schema) defs() map[string]any {
	defs, _ := s.document["$defs"].(map[string]any)
	return defs
}

// compare compares a struct and all structs in it with an object of the schema, and returns the
// number of objects.
func (s *schema) compare(t *testing.T, name string, object map[string]any) (compared int) {
	t.Helper()
	if object["type"] != "object" || object["additionalProperties"] != false {
		t.Errorf("%s: the schema must be an object without additional properties", name)
	}
	properties, _ := object["properties"].(map[string]any)
	fields := s.fields(t, name)
	if want, got := slices.Sorted(maps.Keys(fields)), slices.Sorted(maps.Keys(properties)); !slices.Equal(want, got) {
		t.Errorf("%s has the keys %v, its schema %v", name, want, got)
	}
	required, _ := object["required"].([]any)
	for _, key := range required {
		if properties[key.(string)] == nil {
			t.Errorf("%s: requires %s, which it does not have", name, key)
		}
	}
	compared = 1
	for key, kind := range fields {
		property, _ := properties[key].(map[string]any)
		compared += s.compareKey(t, name+"."+key, kind, s.resolve(property))
	}
	return compared
}

// resolve returns the target of a reference.
func (s *schema) resolve(value map[string]any) map[string]any {
	reference, ok := value["$ref"].(string)
	if !ok {
		return value
	}
	target, _ := s.defs()[strings.TrimPrefix(reference, "#/$defs/")].(map[string]any)
	return target
}

// fields returns the types of a struct's keys, including those of inlined structs.
func (s *schema) fields(t *testing.T, name string) map[string]ast.Expr {
	t.Helper()
	all := map[string]ast.Expr{}
	for _, field := range s.structs[name].Fields.List {
		if field.Tag == nil {
			continue // not in the file
		}
		key, option, _ := strings.Cut(reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("yaml"), ",")
		switch option {
		case "inline":
			maps.Copy(all, s.inlined(t, field.Type))
			continue
		case "position":
			continue
		}
		all[key] = field.Type
	}
	return all
}

// inlined returns the fields of a struct inside another one. Structs of another package
// are in configFolder.
func (s *schema) inlined(t *testing.T, kind ast.Expr) map[string]ast.Expr {
	t.Helper()
	if other, ok := kind.(*ast.SelectorExpr); ok {
		return (&schema{structs: structsOf(t, configFolder)}).fields(t, other.Sel.Name)
	}
	return s.fields(t, kind.(*ast.Ident).Name)
}

// plainType returns the type of a value without its position: string for strictyaml.String,
// and a map for strictyaml.StringMap.
func plainType(kind ast.Expr) ast.Expr {
	selector, ok := kind.(*ast.SelectorExpr)
	if !ok {
		return kind
	}
	switch selector.Sel.Name {
	case "StringMap":
		return &ast.MapType{Key: ast.NewIdent("string"), Value: ast.NewIdent("string")}
	case "String":
		return ast.NewIdent("string")
	}
	return kind
}

// compareKey compares the type of a key with its schema.
func (s *schema) compareKey(t *testing.T, key string, kind ast.Expr, property map[string]any) (compared int) {
	t.Helper()
	if property["description"] == nil {
		t.Errorf("%s has no description", key)
	}
	want, kind := "object", plainType(kind)
	if pointer, ok := kind.(*ast.StarExpr); ok && s.structs[pointer.X.(*ast.Ident).Name] == nil {
		kind = pointer.X // of a value that may be absent
	}
	switch kind := kind.(type) {
	case *ast.StarExpr:
		return s.compare(t, kind.X.(*ast.Ident).Name, property)
	case *ast.Ident:
		want = map[string]string{"string": "string", "bool": "boolean", "int": "integer"}[kind.Name]
	case *ast.ArrayType:
		want = "array"
		items, _ := property["items"].(map[string]any)
		if element := plainType(kind.Elt).(*ast.Ident).Name; s.structs[element] != nil {
			compared = s.compare(t, element, s.resolve(items))
		} else if element != "string" || items["type"] != "string" && items["enum"] == nil {
			t.Errorf("%s is a list of %s, its schema has %v", key, element, items)
		}
	case *ast.MapType:
		values, _ := property["additionalProperties"].(map[string]any)
		if values["type"] != "string" {
			t.Errorf("%s has strings, its schema has %v", key, values)
		}
	}
	if property["type"] != want {
		t.Errorf("%s is of type %v, want %s", key, property["type"], want)
	}
	return compared
}
