package differential

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// TestLockFile checks that versions are pinned by digest and name no host: the client knows
// where its registry is.
func TestLockFile(t *testing.T) {
	text, err := os.ReadFile("driver/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "://") {
		t.Error("the lock file names a host; make it with npm install --omit-lockfile-registry-resolved")
	}
	var lock struct {
		Packages map[string]struct{ Version, Integrity, License string }
	}
	if err := json.Unmarshal(text, &lock); err != nil {
		t.Fatal(err)
	}
	for name, p := range lock.Packages {
		if name != "" && (p.Version == "" || p.Integrity == "") {
			t.Errorf("%s has version %q and integrity %q, want both", name, p.Version, p.Integrity)
		}
	}
	if p := lock.Packages["node_modules/@cloud-copilot/iam-simulate"]; p.Version != "0.1.173" {
		t.Errorf("locked is %+v, want version 0.1.173", p)
	}
	if len(lock.Packages) < 4 {
		t.Errorf("%d packages, want at least 4", len(lock.Packages))
	}
}

// TestDriverIsMarked checks that the driver has the license of the package that it uses.
func TestDriverIsMarked(t *testing.T) {
	text, err := os.ReadFile("driver/driver.mjs")
	if err != nil || !strings.HasPrefix(string(text), "// SPDX-License-Identifier: AGPL-3.0-or-later\n") {
		t.Errorf("the driver begins %.60q (%v), want its licence", text, err)
	}
}
