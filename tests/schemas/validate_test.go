package schemas

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"extauthz/decision"
	"extauthz/policystore"
	"extauthz/policytest"

	"extauthz/tests/stack"
)

// compiled returns the compiled schema.
func (s *schema) compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	compiled, err := c.Compile(s.path())
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// asJSON returns YAML as the value that a validator accepts.
func asJSON(t *testing.T, text []byte) (value any) {
	t.Helper()
	var document any
	if err := yaml.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	if value, err = jsonschema.UnmarshalJSON(bytes.NewReader(encoded)); err != nil {
		t.Fatal(err)
	}
	return value
}

// TestSchemasAcceptTheExamples checks that the schemas accept the examples.
func TestSchemasAcceptTheExamples(t *testing.T) {
	for _, s := range schemas(t) {
		pattern, atLeast := "*/policies/"+s.name+".yaml", 3
		switch s.name {
		case "tests":
			pattern = "*/policies/tests/*.yaml"
		case "organization", "upstreams":
			continue // no example has one
		}
		compiled := s.compiled(t)
		paths, err := filepath.Glob(filepath.Join(stack.Root(), "examples", pattern))
		if err != nil || len(paths) < atLeast {
			t.Fatalf("%d examples match %s (%v), want at least %d", len(paths), pattern, err, atLeast)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := compiled.Validate(asJSON(t, text)); err != nil {
				t.Errorf("%s: %v", path, err)
			}
			s.isNamed(t, path, text)
		}
	}
}

// isNamed checks that the first line of a file names the schema for editors.
func (s *schema) isNamed(t *testing.T, path string, text []byte) {
	t.Helper()
	line, _, _ := bytes.Cut(text, []byte("\n"))
	to, found := bytes.CutPrefix(line, []byte("# yaml-language-server: $schema="))
	if leads := filepath.Join(filepath.Dir(path), string(to)); !found || leads != s.path() {
		t.Errorf("%s begins with %s, want the path of %s", path, line, s.path())
	}
}

// whole are files of each kind, with every required key.
var whole = map[string]string{
	"registries":   "registries:\n- {name: a, hosts: [localhost], account: \"123456789012\", region: eu-central-1, vpcEndpoint: {id: vpce-1a2b3c4d, vpc: vpc-1a2b3c4d}}\n",
	"principals":   "issuers:\n- {name: own, issuer: \"https://token.example.com\", metadata: a}\ncredentials:\n- {uri: \"spiffe://a/b\", principal: \"arn:aws:iam::123456789012:user/a\"}\nprincipals:\n- {arn: \"arn:aws:iam::123456789012:user/a\"}\n",
	"organization": "id: o-a1b2c3d4e5\naccounts: {\"123456789012\": o-a1b2c3d4e5/r-ab12/}\n",
	"upstreams":    "upstreams:\n- {registry: a, username: b, password: c}\n",
	"tests":        "tests:\n- {name: a, principal: \"arn:aws:iam::123456789012:user/a\", request: GET /v2/, expect: allowed}\n",
}

// TestSchemasRequire removes each key from the files: the schema must reject the result exactly
// if the program does.
func TestSchemasRequire(t *testing.T) {
	checked := 0
	for _, s := range schemas(t) {
		compiled := s.compiled(t)
		if err := errors.Join(s.read(t, []byte(whole[s.name])), compiled.Validate(asJSON(t, []byte(whole[s.name])))); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		var document any
		if err := yaml.Unmarshal([]byte(whole[s.name]), &document); err != nil {
			t.Fatal(err)
		}
		without(document, "", func(path string) {
			text, err := yaml.Marshal(document)
			if err != nil {
				t.Fatal(err)
			}
			byProgram, bySchema := s.read(t, text), compiled.Validate(asJSON(t, text))
			if (byProgram == nil) != (bySchema == nil) && !slices.Contains(conditional, s.name+path) {
				t.Errorf("%s without %s: error of the program %v, of the schema %v", s.name, path, byProgram, bySchema)
			}
			checked++
		})
	}
	if checked < 20 {
		t.Errorf("%d keys were removed, want at least 20", checked)
	}
}

// conditional are keys that the program requires only because of other keys or files.
var conditional = []string{"principals/issuers/0/metadata", "principals/principals", "principals/principals/0/arn", "organization/accounts/123456789012", "organization/id"}

// without returns the document without each of its keys.
func without(value any, path string, try func(path string)) {
	switch value := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			kept := value[key]
			delete(value, key)
			try(path + "/" + key)
			value[key] = kept
			without(kept, path+"/"+key, try)
		}
	case []any:
		for i, item := range value {
			without(item, fmt.Sprintf("%s/%d", path, i), try)
		}
	}
}

// read reads a file with the program, in a directory with valid other files.
func (s *schema) read(t *testing.T, text []byte) error {
	t.Helper()
	if s.name == "tests" {
		_, err := policytest.Parse("tests/a.yaml", text)
		return err
	}
	return load(t, map[string]string{s.name + ".yaml": string(text)})
}

// load loads a directory with valid files of each kind, in which the given ones are replaced.
func load(t *testing.T, files map[string]string) error {
	t.Helper()
	dir, all := t.TempDir(), map[string]string{}
	for _, name := range []string{"registries", "principals", "organization", "upstreams"} {
		all[name+".yaml"] = whole[name]
	}
	maps.Copy(all, files)
	for name, text := range all {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, err := policystore.Load(dir, decision.Options{CacheSize: 16})
	return err
}
