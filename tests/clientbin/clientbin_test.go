package clientbin

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	_ "extauthz/goldentest" // accept -update
	"extauthz/tests/checkout"
)

// TestWanted checks which clients are built, and that README.md has the right number of those
// that are left to .ci/run.
func TestWanted(t *testing.T) {
	heavy, light := Client{Heavy: true}, Client{Needs: "sh"}
	for _, c := range []struct {
		name, ci, all string
		client        Client
		want          bool
	}{
		{"light", "", "", light, true},
		{"needs a program that is missing", "true", "true", Client{Needs: "no-such-program"}, false},
		{"heavy", "", "", heavy, false},
		{"heavy, with ALL_CLIENTS", "", "true", heavy, true},
		{"heavy, in CI", "true", "", heavy, true},
	} {
		t.Setenv("CI", c.ci)
		t.Setenv(AllVariable, c.all)
		if got := c.client.Wanted(); got != c.want {
			t.Errorf("%s: %t, want %t", c.name, got, c.want)
		}
	}
	if version, err := exec.Command("go", "list", "-C", filepath.Join(checkout.Tests(), ECRProvider.Module), "-m", "-f", "{{.Version}}", "k8s.io/cloud-provider-aws").Output(); err != nil || strings.TrimSpace(string(version)) != ECRProvider.Version {
		t.Errorf("the module has ecr-credential-provider %s, %v; want %s", version, err, ECRProvider.Version)
	}
	left := 0
	for _, c := range All() {
		if c.Version == "" || c.Package == "" {
			t.Errorf("%+v is incomplete", c)
		}
		if c.Heavy {
			left++
		}
	}
	if left != 2 {
		t.Errorf("%d clients are left to .ci/run, and README.md names 2", left)
	}
}
