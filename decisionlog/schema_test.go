package decisionlog

import (
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"extauthz/goldentest"
)

// field is a field of an object in the JSON Schema of a line.
type field struct{ name, kind, present, meaning string }

// A lineSchema is the part of the JSON Schema of a line that a table of README.md shows.
type lineSchema struct {
	Properties orderedFields
	Patterns   orderedFields `json:"patternProperties"`
	Required   []string
}

// readSchema returns the schema of a line and those of the objects in it: an action, a statement
// and the context.
func readSchema(t *testing.T) (objects [4]lineSchema) {
	t.Helper()
	text, err := os.ReadFile("../schemas/decision-log.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var parts struct {
		Defs       struct{ Action, Statement lineSchema } `json:"$defs"`
		Properties struct{ Context lineSchema }
	}
	for _, into := range []any{&objects[0], &parts} {
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatal(err)
		}
	}
	objects[1], objects[2], objects[3] = parts.Defs.Action, parts.Defs.Statement, parts.Properties.Context
	return objects
}

// schemaFields returns the fields of the objects in the schema, in order.
func schemaFields(t *testing.T) (tables [4][]field) {
	t.Helper()
	for i, object := range readSchema(t) {
		tables[i] = slices.Concat(object.Properties, object.Patterns)
		for j := range tables[i] {
			f := &tables[i][j]
			if slices.Contains(object.Required, f.name) == (f.present != "") {
				t.Errorf("%s is present %q, and required: %v", f.name, f.present, f.present == "")
			}
			if f.present == "" {
				f.present = always
			}
			if f.meaning == "" || f.kind == "" {
				t.Errorf("%s has no description or no type", f.name)
			}
		}
	}
	return tables
}

// orderedFields are the properties of a schema in its order. The last sentence of a description
// says when an optional field is present.
type orderedFields []field

// UnmarshalJSON reads properties.
func (all *orderedFields) UnmarshalJSON(text []byte) error {
	var properties map[string]struct{ Type, Description string }
	if err := json.Unmarshal(text, &properties); err != nil {
		return err
	}
	for _, name := range objectKeys(text) {
		p := properties[name]
		meaning, present, _ := strings.Cut(strings.TrimSuffix(p.Description, "."), ". Present ")
		*all = append(*all, field{name, p.Type, present, meaning})
	}
	return nil
}

// tableHead begins a table of README.md, which ends with an empty line.
const tableHead = "| field | type | present | meaning |\n| --- | --- | --- | --- |\n"

// TestReadmeTables compares the tables of README.md with the schema.
func TestReadmeTables(t *testing.T) {
	parts := strings.Split(readme(t), tableHead)
	tables := schemaFields(t)
	if len(parts) != len(tables)+1 {
		t.Fatalf("%d tables, want %d", len(parts)-1, len(tables))
	}
	page := parts[0]
	for i, table := range tables {
		page += tableHead
		for _, f := range table {
			page += "| `" + name(f) + "` | " + f.kind + " | " + f.present + " | " + f.meaning + " |\n"
		}
		_, rest, _ := strings.Cut(parts[i+1], "\n\n")
		page += "\n" + rest
	}
	goldentest.Compare(t, "README.md", page)
}

// name returns the name of a field. That of a tag is a pattern in the schema.
func name(f field) string {
	if prefix, found := strings.CutPrefix(f.name, "^"); found {
		return prefix + "KEY"
	}
	return f.name
}

// TestEntryHasEveryField compares the fields that a Reader reads with the schema.
func TestEntryHasEveryField(t *testing.T) {
	objects := readSchema(t)
	for i, of := range []any{Entry{}, Action{}, Statement{}} {
		var want, got []string
		for _, f := range objects[i].Properties {
			if f.name != "level" && f.name != "msg" { // always the same
				want = append(want, f.name)
			}
		}
		for f := range reflect.TypeOf(of).Fields() {
			if name := f.Tag.Get("json"); name != "-" {
				got = append(got, name)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%T has the fields %q, the schema %q", of, got, want)
		}
	}
}

// TestSchemaHasEveryConditionKey compares the condition keys that the code writes into the
// context with the schema.
func TestSchemaHasEveryConditionKey(t *testing.T) {
	code, err := os.ReadFile("facts.go")
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]bool{}
	for _, key := range regexp.MustCompile(`"(aws:\w+/?)`).FindAllStringSubmatch(string(code), -1) {
		written[key[1]] = true
	}
	delete(written, "aws:PrincipalTag") // in the list of what a line omits
	for _, f := range schemaFields(t)[3] {
		key := strings.TrimPrefix(f.name, "^")
		if !written[key] {
			t.Errorf("%s is not written", key)
		}
		delete(written, key)
	}
	for key := range written {
		t.Errorf("%s is not in the schema", key)
	}
}
