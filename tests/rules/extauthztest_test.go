package rules

import (
	"path/filepath"
	"strings"
	"testing"

	"extauthz/decision"
	"extauthz/policystore"

	"extauthz/tests/envoybin"
	"extauthz/tests/stack"
)

// TestExtauthztestRunsTheExample checks that the module for the tests of other projects configures
// Envoy as the quickstart does. Only addresses and the name of the registry differ, and names
// instead of addresses need another way to find the cluster's members.
func TestExtauthztestRunsTheExample(t *testing.T) {
	wiring := stack.Wiring{Listener: "127.0.0.9:1", Registry: "127.0.0.9:2", Socket: "/a", Admin: "/b"}
	rewired := func(file string) string {
		config, err := stack.Rewire([]byte(page(t, file)), wiring)
		if err != nil {
			t.Fatal(err)
		}
		return string(config)
	}
	want := rewired("examples/quickstart/envoy.yaml")
	got := strings.NewReplacer("registry: REGISTRY_NAME", "registry: quickstart", "type: STRICT_DNS", "type: STATIC").
		Replace(rewired("extauthztest/envoy.yaml"))
	if got != want {
		t.Errorf("extauthztest/envoy.yaml differs from examples/quickstart/envoy.yaml:\n%s", got)
	}
}

// TestExtauthztestPolicies loads the policies that the module has for tests without their own.
func TestExtauthztestPolicies(t *testing.T) {
	snapshot, err := policystore.Load(filepath.Join(stack.Root(), "extauthztest", "policies"), decision.Options{CacheSize: 16})
	if err != nil {
		t.Fatal(err)
	}
	if s := snapshot.Summary; s.ManagedPolicies < 2 || s.RepositoryPolicies < 1 {
		t.Errorf("%+v, want at least 2 managed policies and one of a repository", s)
	}
}

// TestExtauthztestEnvoy checks that the module runs the Envoy that all other tests run.
func TestExtauthztestEnvoy(t *testing.T) {
	if !strings.Contains(page(t, "extauthztest/options.go"), `"`+envoybin.Image+`"`) {
		t.Errorf("extauthztest/options.go does not name %s", envoybin.Image)
	}
}
