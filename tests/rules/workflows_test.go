package rules

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"

	"extauthz/tests/stack"
)

// workflows returns the paths of the workflows of GitHub Actions.
func workflows(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(stack.Root(), ".github", "workflows", "*"))
	if err != nil || len(names) < 2 {
		t.Fatalf("%d workflows (%v), want at least 2", len(names), err)
	}
	return names
}

// TestWorkflows checks the workflows' syntax, expressions and inputs of actions.
func TestWorkflows(t *testing.T) {
	linter, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	found, err := linter.LintFiles(workflows(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range found {
		t.Error(e)
	}
}

// TestWorkflowsPinActions checks that each action is pinned to a commit, with its full
// version in a comment, and that each script that a workflow runs exists.
func TestWorkflowsPinActions(t *testing.T) {
	pinned := regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	actions, scripts := 0, map[string]bool{}
	for _, name := range workflows(t) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, use := range regexp.MustCompile(`(?m)uses: *(.*)$`).FindAllStringSubmatch(string(text), -1) {
			if actions++; !pinned.MatchString(use[1]) {
				t.Errorf("%s uses %q; name a commit, and the version in a comment", name, use[1])
			}
		}
		for _, script := range regexp.MustCompile(`\.ci/[a-z-]+`).FindAllString(string(text), -1) {
			if scripts[script] = true; !exists(script) {
				t.Errorf("%s runs %s, which does not exist", name, script)
			}
		}
	}
	if actions < 4 || !scripts[".ci/run"] || !scripts[".ci/release"] {
		t.Errorf("%d actions and the scripts %v, want at least 4, .ci/run and .ci/release", actions, scripts)
	}
}

// TestReleaseVersion checks that the version that the linker sets is printed, that the
// release and the image set it, and that a release needs a version of the right form.
func TestReleaseVersion(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "extauthz")
	build := exec.Command("go", "build", "-ldflags=-X=main.released=v9.8.7-rc.1", "-o", binary, "./cmd/extauthz")
	build.Dir = stack.Root()
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := exec.Command(binary, "version").Output()
	if err != nil || !strings.HasPrefix(string(out), "extauthz v9.8.7-rc.1 ") {
		t.Errorf("version prints %q (%v), want v9.8.7-rc.1", out, err)
	}
	for file, want := range map[string]string{
		".ci/release": "-X=main.released=$version", "Dockerfile": "-X=main.released=${VERSION}",
	} {
		if !strings.Contains(page(t, file), want) {
			t.Errorf("%s lacks %s", file, want)
		}
	}
	for _, version := range []string{"", "1.2.3", "v1.2", "v1.2.3 x", "v1.2.3/../x"} {
		release := exec.Command(filepath.Join(stack.Root(), ".ci", "release"), "checksums", version)
		release.Env = append(os.Environ(), "DIST="+t.TempDir())
		if out, err := release.CombinedOutput(); err == nil || !strings.Contains(string(out), "is not of the form v1.2.3") {
			t.Errorf("release of version %q: %v, %s", version, err, out)
		}
	}
}

// TestReleaseChecksums checks the list of checksums of a release.
func TestReleaseChecksums(t *testing.T) {
	dist := t.TempDir()
	for name, text := range map[string]string{"extauthz-v1.2.3-linux-amd64": "a", "extauthz-v1.2.3.cdx.json": "b", "SHA256SUMS": "old"} {
		if err := os.WriteFile(filepath.Join(dist, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	release := exec.Command(filepath.Join(stack.Root(), ".ci", "release"), "checksums", "v1.2.3")
	release.Env = append(os.Environ(), "DIST="+dist)
	if out, err := release.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	sums, err := os.ReadFile(filepath.Join(dist, "SHA256SUMS"))
	const want = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb  extauthz-v1.2.3-linux-amd64\n" +
		"3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d  extauthz-v1.2.3.cdx.json\n"
	if err != nil || string(sums) != want {
		t.Errorf("checksums %q (%v), want %q", sums, err, want)
	}
}
