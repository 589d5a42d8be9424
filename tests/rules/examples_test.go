package rules

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"extauthz/decision"
	"extauthz/policystore"

	"extauthz/tests/bounded"
	"extauthz/tests/certs"
	"extauthz/tests/envoybin"
	"extauthz/tests/issuer"
	"extauthz/tests/prerequisite"
	"extauthz/tests/stack"
)

// found returns the paths below examples that match the pattern.
func found(t *testing.T, pattern string, atLeast int) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(stack.Root(), "examples", pattern))
	if err != nil || len(paths) < atLeast {
		t.Fatalf("%d examples match %s (%v), want at least %d", len(paths), pattern, err, atLeast)
	}
	return paths
}

// TestExamplePolicies loads every policy directory among the examples.
func TestExamplePolicies(t *testing.T) {
	for _, dir := range slices.Concat(found(t, "*/policies", 4), found(t, "mesh/*/policies", 3)) {
		if _, err := policystore.Load(dir, decision.Options{CacheSize: 16}); err != nil {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

// TestExampleEnvoys lets Envoy validate every configuration. Only the paths of the
// certificates are changed, because Envoy reads them.
func TestExampleEnvoys(t *testing.T) {
	envoy, err := envoybin.Find(context.Background(), stack.Cache(), envoybin.OnlyPinned, os.Stderr)
	prerequisite.Check(t, err)
	dir := t.TempDir()
	authority, err := certs.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	if err := authority.WriteServer(dir); err != nil {
		t.Fatal(err)
	}
	keys, err := issuer.Start("", issuer.RS256)
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	if err := os.WriteFile(filepath.Join(dir, "github-jwks.json"), keys.KeySet(), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, example := range found(t, "*/envoy.yaml", 4) {
		t.Run(filepath.Base(filepath.Dir(example)), func(t *testing.T) {
			validates(t, envoy, example, dir)
		})
	}
}

// validates lets envoy validate the example with the certificates in dir.
func validates(t *testing.T, envoy *envoybin.Envoy, example, dir string) {
	t.Helper()
	text, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	config, err := stack.Relocate(text, dir)
	if err != nil {
		t.Fatal(err)
	}
	local := filepath.Join(dir, "envoy.yaml")
	if err := os.WriteFile(local, config, 0o644); err != nil {
		t.Fatal(err)
	}
	argv := envoy.Command([]string{dir}, "--mode", "validate", "--config-path", local, "--log-level", "error")
	validate := exec.Command(argv[0], argv[1:]...)
	var out bytes.Buffer
	validate.Stdout, validate.Stderr = &out, &out
	if err := bounded.Run(t.Context(), 10*time.Minute, validate); err != nil {
		t.Errorf("%v: %s", err, &out)
	}
}

// tries matches the timeout of a check and the longest pause between two tries, which
// Envoy also uses as the timeout of each try.
var tries = regexp.MustCompile(`(?s)grpc_service:\n +timeout: (\S+)\n.*?max_interval: (\S+) }`)

// listeners returns the files with the listeners of all configurations.
func listeners(t *testing.T) []string {
	t.Helper()
	return slices.Concat(found(t, "*/envoy.yaml", 4), found(t, "mesh/*/files/listeners.yaml", 1))
}

// TestExampleTries checks that one try of a check may take as long as the whole check.
func TestExampleTries(t *testing.T) {
	for _, example := range listeners(t) {
		text, err := os.ReadFile(example)
		if err != nil {
			t.Fatal(err)
		}
		if got := tries.FindSubmatch(text); got == nil || string(got[1]) != string(got[2]) {
			t.Errorf("%s: timeout and max_interval %q, want two of the same", example, got[1:])
		}
	}
}

// TestExampleLogs checks that the configurations log no field with a query string, where
// clients put tokens, or with a credential.
func TestExampleLogs(t *testing.T) {
	allowed := regexp.MustCompile(`^(REQ\(:METHOD\)|REQ\(X-REQUEST-ID\)|PATH\(NQ:PATH\)|RESPONSE_CODE|DYNAMIC_METADATA\(envoy\.filters\.http\.ext_authz:(decision|action|repository|principal|decision_id)\))$`)
	for _, example := range listeners(t) {
		text, err := os.ReadFile(example)
		if err != nil {
			t.Fatal(err)
		}
		fields := regexp.MustCompile(`%([^%\s]+)%`).FindAllSubmatch(text, -1)
		if len(fields) < 8 {
			t.Errorf("%s: %d fields are logged, want at least 8", example, len(fields))
		}
		for _, field := range fields {
			if !allowed.Match(field[1]) {
				t.Errorf("%s: logs %s; log only what contains no query string and no credential", example, field[0])
			}
		}
	}
}
