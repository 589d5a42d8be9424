package extauthztest

import (
	_ "embed"
	"strconv"
	"strings"
)

// envoyTemplate is the quickstart's configuration with the addresses of the containers. The
// placeholder is the name of the registry.
//
//go:embed envoy.yaml
var envoyTemplate string

const registryPlaceholder = "REGISTRY_NAME"

// defaultEnvoyConfig returns the configuration for a registry of registries.yaml.
func defaultEnvoyConfig(registry string) []byte {
	return []byte(strings.Replace(envoyTemplate, registryPlaceholder, strconv.Quote(registry), 1))
}
