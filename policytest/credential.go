package policytest

import (
	"fmt"
	"math"
	"strings"

	"go.yaml.in/yaml/v4"

	"extauthz/diag"
	"extauthz/identity"
	"extauthz/identity/oidc"
	"extauthz/policystore/config"
	"extauthz/strictyaml"
)

// credentialEntry is a credential of a test. Its keys are those of principals.yaml.
type credentialEntry struct {
	config.CredentialName `yaml:",inline"`
	Claims                yaml.Node `yaml:"claims"`
	User                  string    `yaml:"user"`
}

// read returns the credential. at is its position, and keyAt returns that of a key.
func (e *credentialEntry) read(at diag.Position, keyAt func(string) diag.Position) (*identity.OfflineCredential, error) {
	kind, name, err := e.CredentialName.Get()
	if err != nil {
		return nil, diag.Wrap(at, "", err)
	}
	c := &identity.OfflineCredential{Kind: kind, Name: name, User: e.User}
	switch {
	case kind == identity.TokenClaims:
		return e.readToken(c, keyAt)
	case e.User != "":
		return nil, diag.New(keyAt("user"), "user without token", "remove it, because only a token can be the password of a user")
	case !e.Claims.IsZero():
		return nil, diag.New(keyAt("claims"), "claims without token", "remove them")
	case kind == identity.BasicUser && (name == "AWS" || strings.ContainsAny(name, "/:")):
		return nil, diag.New(keyAt("basic"), "the password of this user is a token", "write { token: ISSUER, user: NAME }")
	}
	return c, nil
}

// readToken checks the user of a token, and adds its claims.
func (e *credentialEntry) readToken(c *identity.OfflineCredential, keyAt func(string) diag.Position) (*identity.OfflineCredential, error) {
	if c.User != "" && c.User != "AWS" && !strings.Contains(c.User, "/") {
		return nil, diag.New(keyAt("user"), fmt.Sprintf("the password of user %q is not a token", c.User), "write AWS or ACCOUNT/ROLE")
	}
	if e.Claims.IsZero() {
		return c, nil
	}
	r := claimsReader{file: keyAt("claims").Source}
	c.Claims = r.claims(&e.Claims)
	return c, r.faults.Err()
}

// maxDepth is how deeply claims may be nested.
const maxDepth = 16

// A claimsReader converts YAML to claims, and collects the faults.
type claimsReader struct {
	file   diag.Source
	faults diag.Faults
}

func (r *claimsReader) fault(node *yaml.Node, problem, remedy string) {
	r.faults.Add(diag.New(r.file.At(strictyaml.PointOf(node)), problem, remedy))
}

// claims returns the claims of a token.
func (r *claimsReader) claims(node *yaml.Node) oidc.Claims {
	if node.Kind != yaml.MappingNode {
		r.fault(node, "claims is not a mapping", "write the names of claims and their values")
		return nil
	}
	return r.object(node, 0)
}

// value returns the JSON value of a node. Values that JSON does not have, such as dates
// and aliases, are faults, because a token cannot contain them.
func (r *claimsReader) value(node *yaml.Node, depth int) any {
	switch {
	case depth > maxDepth:
		r.fault(node, "claims are nested too deeply", fmt.Sprintf("nest at most %d levels", maxDepth))
	case node.Kind == yaml.MappingNode:
		return r.object(node, depth)
	case node.Kind == yaml.SequenceNode:
		list := make([]any, len(node.Content))
		for i, item := range node.Content {
			list[i] = r.value(item, depth+1)
		}
		return list
	case node.Kind == yaml.ScalarNode:
		return r.scalar(node)
	default:
		r.fault(node, "a claim is an alias", "write the value")
	}
	return nil
}

func (r *claimsReader) object(node *yaml.Node, depth int) map[string]any {
	object := map[string]any{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if key.Kind != yaml.ScalarNode || key.Tag != "!!str" {
			r.fault(key, "the name of a claim is not a string", fmt.Sprintf("write it between quotes: %q", key.Value))
			continue
		}
		if _, twice := object[key.Value]; twice {
			r.fault(key, fmt.Sprintf("the claim %q occurs twice", key.Value), "keep one")
		}
		object[key.Value] = r.value(node.Content[i+1], depth+1)
	}
	return object
}

func (r *claimsReader) scalar(node *yaml.Node) any {
	switch node.Tag {
	case "!!str":
		return node.Value
	case "!!null":
		return nil
	case "!!bool":
		var b bool
		if node.Decode(&b) == nil {
			return b
		}
	case "!!int", "!!float":
		var f float64
		if err := node.Decode(&f); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return f
		}
	}
	r.fault(node, fmt.Sprintf("%q is not a JSON value", node.Value), "write a string between quotes")
	return nil
}
