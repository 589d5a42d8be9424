package schemas

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"extauthz/identity/nametemplate"
)

// core matches the scalars that are not strings in YAML 1.2 (section 10.3.2, the core schema),
// which editors use.
var core = map[string]*regexp.Regexp{
	"!!null":  regexp.MustCompile(`^(~|null|Null|NULL|)$`),
	"!!bool":  regexp.MustCompile(`^(true|True|TRUE|false|False|FALSE)$`),
	"!!int":   regexp.MustCompile(`^([-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$`),
	"!!float": regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`),
}

// asEditor returns a node as the value that an editor validates. JSON does not have infinity, and
// its keys are strings.
func asEditor(node *yaml.Node) (any, error) {
	switch node.Kind {
	case yaml.DocumentNode:
		return asEditor(node.Content[0])
	case yaml.AliasNode:
		return asEditor(node.Alias)
	case yaml.SequenceNode:
		list := make([]any, len(node.Content))
		for i, item := range node.Content {
			var err error
			if list[i], err = asEditor(item); err != nil {
				return nil, err
			}
		}
		return list, nil
	case yaml.MappingNode:
		return objectAsEditor(node)
	}
	return scalarAsEditor(node), nil
}

func objectAsEditor(node *yaml.Node) (any, error) {
	object := map[string]any{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if _, text := scalarAsEditor(key).(string); key.Kind != yaml.ScalarNode || !text {
			return nil, fmt.Errorf("line %d: the key %s is not a string", key.Line, key.Value)
		}
		if _, twice := object[key.Value]; twice {
			return nil, fmt.Errorf("line %d: the key %s is not unique", key.Line, key.Value)
		}
		value, err := asEditor(node.Content[i+1])
		if err != nil {
			return nil, err
		}
		object[key.Value] = value
	}
	return object, nil
}

func scalarAsEditor(node *yaml.Node) any {
	plain := node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
	switch value := node.Value; {
	case !plain:
		return value
	case core["!!null"].MatchString(value):
		return nil
	case core["!!bool"].MatchString(value):
		return strings.EqualFold(value, "true")
	case json.Valid([]byte(value)): // a number in JSON's own notation
		return json.Number(value)
	case core["!!int"].MatchString(value):
		return json.Number("7") // no case depends on the number
	case core["!!float"].MatchString(value):
		return json.Number("7.5")
	case slices.Contains([]string{".nan", ".inf", "-.inf"}, value):
		return json.Number("7.5")
	}
	return node.Value
}

// marked returns the error that an editor finds in a text.
func marked(schema *jsonschema.Schema, text string) error {
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		return err
	}
	value, err := asEditor(&document)
	if err != nil {
		return err
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if value, err = jsonschema.UnmarshalJSON(bytes.NewReader(encoded)); err != nil {
		return err
	}
	return schema.Validate(value)
}

// values are values of every kind, as users write them.
var values = []string{
	"true", "False", "yes", "off", "y", "'true'",
	"7", "07", "0o7", "0x7", "0b111", "1_0", "7.5", "-7", "+7", "1:30", ".nan", "99999999999999999999", "'7'", "012345678901", "123456789012",
	"~", "null", "", "''", "'null'", "text", "2026-01-01", "|\n      text",
	"[]", "{}", "[text]", "[7]", "[yes]", "[~]", "['']", "[{}]", "[text, text]",
	"{a: text}", "{a: 7}", "{a: yes}", "{a: ~}", "{a: ''}", "{a: [text]}", "{7: text}", "{07: text}", "{yes: text}", "{~: text}", "{a: text, a: text}",
}

// holes are files that each have a place for a further key and its value.
var holes = map[string]map[string]string{
	"registries": {"registry": "registries:\n- name: a\n  hosts: [localhost]\n  account: \"123456789012\"\n  region: eu-central-1\n  %s\n"},
	"principals": {
		"issuer":     "issuers:\n- name: own\n  issuer: https://token.example.com\n  metadata: a\n  %s\n",
		"credential": "credentials:\n- uri: spiffe://a/b\n  principal: arn:aws:iam::123456789012:user/a\n  %s\nprincipals:\n- {arn: \"arn:aws:iam::123456789012:user/a\"}\n",
		"principal":  "principals:\n- arn: arn:aws:iam::123456789012:user/a\n  %s\n",
	},
	"organization": {"": "id: o-a1b2c3d4e5\naccounts: {\"123456789012\": o-a1b2c3d4e5/r-ab12/}\n%s\n"},
	"upstreams":    {"upstream": "upstreams:\n- registry: a\n  realm: https://realm.example.com/token\n  %s\n"},
	"tests": {
		"test":       "tests:\n- name: a\n  principal: arn:aws:iam::123456789012:user/a\n  request: GET /v2/\n  expect: allowed\n  %s\n",
		"credential": "tests:\n- name: a\n  request: GET /v2/\n  expect: allowed\n  credential:\n    token: own\n    %s\n",
	},
}

// TestSchemasReject tries every value for every key: the program must reject what the schema
// rejects.
func TestSchemasReject(t *testing.T) {
	tried, accepted := 0, 0
	for _, s := range schemas(t) {
		compiled := s.compiled(t)
		for place, hole := range holes[s.name] {
			object := s.document
			if place != "" {
				object = s.defs()[place].(map[string]any)
			}
			for _, key := range slices.Sorted(maps.Keys(object["properties"].(map[string]any))) {
				if strings.Contains(hole, key+": ") {
					continue
				}
				for _, value := range values {
					text := fmt.Sprintf(hole, key+": "+value)
					tried++
					if s.read(t, []byte(text)) != nil {
						continue
					}
					accepted++
					if err := marked(compiled, text); err != nil {
						t.Errorf("%s: the program accepts %s: %s, the schema does not: %v", s.name, key, value, err)
					}
				}
			}
		}
	}
	if tried < 2000 || accepted < 100 {
		t.Errorf("%d values were tried and %d accepted, want at least 2000 and 100", tried, accepted)
	}
}

// TestSchemasAccept tries every value for keys that accept every value of their type: the program
// must accept what the schema accepts, except numbers that YAML parsers read differently.
func TestSchemasAccept(t *testing.T) {
	ambiguous := []string{"07", "0o7", "0x7", "0b111", "1_0", "+7", "012345678901"}
	for _, s := range schemas(t) {
		compiled := s.compiled(t)
		for place, keys := range map[string][]string{"registry": {"tls", "hideExistence", "trustedHops", "realm"}, "principal": {"tags"}, "test": {"tls", "headers"}} {
			for _, key := range keys {
				hole := holes[s.name][place]
				for _, value := range values {
					text := fmt.Sprintf(hole, key+": "+value)
					if hole == "" || marked(compiled, text) != nil || slices.Contains(ambiguous, value) {
						continue
					}
					if err := s.read(t, []byte(text)); err != nil {
						t.Errorf("%s: the schema accepts %s: %s, the program does not: %v", s.name, key, value, err)
					}
				}
			}
		}
	}
}

// TestPatternOfPatterns compares, for every short text, the expression by which the schema checks
// braces in patterns and templates with what the program accepts.
func TestPatternOfPatterns(t *testing.T) {
	for _, s := range schemas(t) {
		if s.name != "principals" {
			continue
		}
		credential := s.defs()["credential"].(map[string]any)["properties"].(map[string]any)
		expression := regexp.MustCompile(credential["header"].(map[string]any)["pattern"].(string))
		texts, accepted := []string{""}, 0
		for from := 0; len(texts[from]) < 7; from++ {
			for _, letter := range []string{"{", "}", "a", "1"} {
				texts = append(texts, texts[from]+letter)
			}
		}
		for _, text := range texts[1:] {
			_, err := nametemplate.CompilePattern(text)
			ok := err == nil || !strings.Contains(err.Error(), "{; ") && !strings.Contains(err.Error(), "literal brace")
			if ok {
				accepted++
			}
			if expression.MatchString(text) != ok {
				t.Errorf("%q: the schema accepts it: %v; the program: %v", text, !ok, err)
			}
		}
		if accepted < 1000 {
			t.Errorf("%d texts were accepted, want at least 1000", accepted)
		}
	}
}
