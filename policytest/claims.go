package policytest

import (
	"fmt"
	"math"

	"go.yaml.in/yaml/v4"

	"extauthz/identity/oidc"
)

// maxDepth bounds how deep claims nest.
const maxDepth = 16

// claims reads claims as JSON would have them. The error names a place in the
// file itself.
func claims(node *yaml.Node) (oidc.Claims, error) {
	value, err := jsonValue(node, 0)
	if err != nil {
		return nil, err
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("claims: write a mapping of claims to their values")
	}
	return object, nil
}

// jsonValue turns a node into generic JSON. What YAML has and JSON has not, such
// as dates and aliases, is refused: a token could not say it.
func jsonValue(node *yaml.Node, depth int) (any, error) {
	switch {
	case depth > maxDepth:
		return nil, fmt.Errorf("claims, line %d: nested too deep", node.Line)
	case node.Kind == yaml.MappingNode:
		return jsonObject(node, depth)
	case node.Kind == yaml.SequenceNode:
		list := make([]any, len(node.Content))
		for i, item := range node.Content {
			var err error
			if list[i], err = jsonValue(item, depth+1); err != nil {
				return nil, err
			}
		}
		return list, nil
	case node.Kind != yaml.ScalarNode:
		return nil, fmt.Errorf("claims, line %d: an alias has no place here; write the value", node.Line)
	}
	return jsonScalar(node)
}

func jsonObject(node *yaml.Node, depth int) (any, error) {
	object := map[string]any{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if key.Kind != yaml.ScalarNode || key.Tag != "!!str" {
			return nil, fmt.Errorf("claims, line %d: the name of a claim is text; put %q between quotes", key.Line, key.Value)
		}
		if _, twice := object[key.Value]; twice {
			return nil, fmt.Errorf("claims, line %d: the claim %q is there twice; keep one", key.Line, key.Value)
		}
		value, err := jsonValue(node.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		object[key.Value] = value
	}
	return object, nil
}

func jsonScalar(node *yaml.Node) (any, error) {
	switch node.Tag {
	case "!!str":
		return node.Value, nil
	case "!!null":
		return nil, nil
	case "!!bool":
		var b bool
		err := node.Decode(&b)
		return b, err
	case "!!int", "!!float":
		var f float64
		if err := node.Decode(&f); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return f, nil
		}
	}
	return nil, fmt.Errorf("claims, line %d: %q is nothing that JSON has; put it between quotes if it is text", node.Line, node.Value)
}
