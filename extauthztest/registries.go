package extauthztest

import (
	"fmt"
	"io/fs"
	"slices"

	"go.yaml.in/yaml/v3"
)

const registriesFile = "registries.yaml"

// onlyRegistry returns the name of the registry in registries.yaml.
func onlyRegistry(directory fs.FS) (string, error) {
	text, err := fs.ReadFile(directory, registriesFile)
	if err != nil {
		return "", fmt.Errorf("extauthztest: the policy directory: %w", err)
	}
	var file struct {
		Registries []struct{ Name string }
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return "", fmt.Errorf("extauthztest: %s: %w", registriesFile, err)
	}
	if n := len(file.Registries); n != 1 {
		return "", fmt.Errorf("extauthztest: %s has %d registries; add the option WithRegistryName", registriesFile, n)
	}
	return file.Registries[0].Name, nil
}

// addHosts returns registries.yaml with further host names of one registry, so that extauthz accepts
// requests at the address of the test. It returns nil if the file does not have the form for it; then
// extauthz reports the fault.
func addHosts(text []byte, registry string, hosts []string) []byte {
	var file yaml.Node
	if yaml.Unmarshal(text, &file) != nil || len(file.Content) != 1 {
		return nil
	}
	registries := member(file.Content[0], "registries")
	if registries == nil {
		return nil
	}
	for _, r := range registries.Content {
		name, names := member(r, "name"), member(r, "hosts")
		if name == nil || name.Value != registry || names == nil || names.Kind != yaml.SequenceNode {
			continue
		}
		for _, host := range hosts {
			if !slices.ContainsFunc(names.Content, func(n *yaml.Node) bool { return n.Value == host }) {
				names.Content = append(names.Content, &yaml.Node{Kind: yaml.ScalarNode, Style: yaml.DoubleQuotedStyle, Value: host})
			}
		}
		with, err := yaml.Marshal(&file)
		if err != nil {
			return nil
		}
		return with
	}
	return nil
}

// member returns the value of a key of a mapping, or nil.
func member(node *yaml.Node, key string) *yaml.Node {
	if node.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i+1]
		}
	}
	return nil
}
