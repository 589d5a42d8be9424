package main

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"extauthz/tests/bench/workload"
	"extauthz/tests/bounded"
	"extauthz/tests/stack"
)

// opaName is the server that decides the same checks by rules in Rego.
const opaName = "OPA-Envoy"

// opaPackage is the program, which is built from its Go module.
const opaPackage = "github.com/open-policy-agent/opa-envoy-plugin/cmd/opa-envoy-plugin@latest"

//go:embed opa.rego
var opaRules string

// buildOPA builds OPA-Envoy into the cache. No module here depends on it.
func (b *bench) buildOPA() (*program, error) {
	bin := filepath.Join(stack.Cache(), "bin")
	binary := filepath.Join(bin, "opa-envoy-plugin")
	if _, err := os.Stat(binary); err != nil {
		install := exec.Command("go", "install", opaPackage)
		install.Dir, install.Env = b.dir, append(os.Environ(), "GOBIN="+bin, "CGO_ENABLED=0")
		if err := bounded.RunQuietly(b.ctx, readyLimit*10, install, b.out, "building OPA-Envoy"); err != nil {
			return nil, fmt.Errorf("go install %s: %w", opaPackage, err)
		}
	}
	return b.opaProgram(binary)
}

// opaProgram returns OPA-Envoy with the rules and data of the usual policies.
func (b *bench) opaProgram(binary string) (*program, error) {
	folder := filepath.Join(b.dir, "rego")
	data, err := workload.NewPolicies(workload.Spread, usualStatements).RegoData()
	if err != nil {
		return nil, err
	}
	if err := workload.WriteFile(filepath.Join(folder, "data.json"), string(data)); err != nil {
		return nil, err
	}
	if err := workload.WriteFile(filepath.Join(folder, "rules.rego"), opaRules); err != nil {
		return nil, err
	}
	return &program{name: opaName, decides: true, probe: "/health?plugins", command: func(socket, metrics, _ string, _ []string) []string {
		return []string{
			binary, "run", "--server", "--addr", metrics, "--log-level", "error", "--disable-telemetry",
			"--set", "plugins.envoy_ext_authz_grpc.addr=unix://" + socket,
			"--set", "plugins.envoy_ext_authz_grpc.path=bench/allow",
			folder,
		}
	}}, nil
}
