package main

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"extauthz/tests/bench/workload"
	"extauthz/tests/bounded"
	"extauthz/tests/stack"
)

// build builds the servers.
func (b *bench) build(o *options) error {
	bin := filepath.Join(stack.Cache(), "bin")
	noopBinary, binary := filepath.Join(bin, "noop"), filepath.Join(bin, "extauthz")
	if err := stack.Compile(b.ctx, stack.Tests(), "./bench/noop", noopBinary, b.out); err != nil {
		return err
	}
	if err := stack.Compile(b.ctx, stack.Root(), "./cmd/extauthz", binary, b.out); err != nil {
		return err
	}
	b.programs = []*program{
		noopProgram(noop, noopBinary, "generated"),
		noopProgram(hand, noopBinary, "hand"),
		sidecarProgram(sidecar, binary),
	}
	if o.opa {
		var err error
		if b.opa, err = b.buildOPA(); err != nil {
			b.progress("OPA-Envoy is not measured: %v", err)
		}
	}
	if o.before == "" {
		return nil
	}
	earlier, err := b.buildEarlier(o.before)
	if err == nil {
		b.programs = append(b.programs, sidecarProgram(before, earlier))
	}
	return err
}

// buildEarlier returns the program of an earlier commit, which it builds from a copy of that
// commit's files.
func (b *bench) buildEarlier(revision string) (string, error) {
	source, binary := filepath.Join(b.dir, "before"), filepath.Join(b.dir, "extauthz-before")
	if err := os.Mkdir(source, 0o755); err != nil {
		return "", err
	}
	archive := filepath.Join(b.dir, "before.tar")
	for _, argv := range [][]string{
		{"git", "-C", stack.Root(), "archive", "--output", archive, revision},
		{"tar", "-xf", archive, "-C", source},
	} {
		if out, err := exec.CommandContext(b.ctx, argv[0], argv[1:]...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, out)
		}
	}
	return binary, stack.Compile(b.ctx, source, "./cmd/extauthz", binary, b.out)
}

// opaName is the server that decides the same checks by rules in Rego.
const opaName = "OPA-Envoy"

// installLimit is how long downloading and building it may take.
const installLimit = 20 * time.Minute

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
		if err := bounded.RunQuietly(b.ctx, installLimit, install, b.out, "building OPA-Envoy"); err != nil {
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
	return &program{name: opaName, decides: true, probe: "/health?plugins", command: func(listen, metrics, _ string, _ []string) []string {
		return []string{
			binary, "run", "--server", "--addr", metrics, "--log-level", "error", "--disable-telemetry",
			"--set", "plugins.envoy_ext_authz_grpc.addr=" + listen,
			"--set", "plugins.envoy_ext_authz_grpc.path=bench/allow",
			folder,
		}
	}}, nil
}
