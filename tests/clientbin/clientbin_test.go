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

// TestModules checks that the modules that require a client have its version, and that a change of
// their checksums has it built again.
func TestModules(t *testing.T) {
	for _, c := range []Client{ECRProvider, OPA} {
		list := exec.Command("go", "list", "-C", filepath.Join(checkout.Tests(), c.Module), "-f", "{{.Module.Version}}", c.Package)
		if version, err := list.Output(); err != nil || strings.TrimSpace(string(version)) != c.Version {
			t.Errorf("the module has %s %s, %v; want %s", c.Name(), version, err, c.Version)
		}
		if folder := filepath.Base(filepath.Dir(c.Program())); len(folder) != len(c.Name()+"-"+c.Version+"-01234567") {
			t.Errorf("%s is in the folder %s, whose name lacks a digest of go.sum", c.Name(), folder)
		}
	}
}
