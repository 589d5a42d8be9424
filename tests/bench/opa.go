package main

import (
	_ "embed"
	"path/filepath"

	"extauthz/tests/bench/workload"
	"extauthz/tests/clientbin"
)

// opaServer is the server that decides the same checks by rules in Rego.
const opaServer = "OPA-Envoy"

//go:embed opa.rego
var opaRules string

// buildOPA builds OPA-Envoy into the cache, and returns it with the rules and data of the usual
// policies.
func (b *bench) buildOPA() (*program, error) {
	if err := clientbin.OPA.Install(b.ctx, b.out); err != nil {
		return nil, err
	}
	folder := filepath.Join(b.dir, "rego")
	if err := writeRego(folder, workload.NewPolicies(workload.Spread, usualStatements)); err != nil {
		return nil, err
	}
	return opaProgram(clientbin.OPA.Program(), folder), nil
}

// writeRego writes the rules and the data of policies into a folder.
func writeRego(folder string, policies *workload.Policies) error {
	data, err := policies.RegoData()
	if err != nil {
		return err
	}
	if err := workload.WriteFile(filepath.Join(folder, "data.json"), string(data)); err != nil {
		return err
	}
	return workload.WriteFile(filepath.Join(folder, "rules.rego"), opaRules)
}

// opaProgram returns OPA-Envoy with the rules and data in a folder. It has the settings that make
// it fast: checks have no body to parse, no decision is logged, and data is stored in the form in
// which rules read it.
func opaProgram(binary, folder string) *program {
	const plugin = "plugins.envoy_ext_authz_grpc."
	return &program{name: opaServer, decides: true, probe: "/health?plugins", command: func(listen, metrics, _ string, _ []string) []string {
		return []string{
			binary, "run", "--server", "--addr", metrics, "--log-level", "error", "--skip-version-check",
			"--optimize-store-for-read-speed",
			"--set", plugin + "addr=" + listen,
			"--set", plugin + "path=bench/allow",
			"--set", plugin + "skip-request-body-parse=true",
			folder,
		}
	}}
}
