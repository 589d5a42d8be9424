package policytest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// ownDirectories are pages that print the policy directory of their policy tests, with
// the test that runs them.
var ownDirectories = map[string]string{"policystore/README.md": "policystore/readme_test.go"}

// TestReadmes runs every policy test in a README.md on the directory of the `extauthz
// test` command before it or, without one, after it. It must pass, or the page must
// contain the output of `extauthz test`.
func TestReadmes(t *testing.T) {
	run, root := 0, os.DirFS("..")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.Name() != "README.md" || ownDirectories[name] != "":
			return nil
		}
		text, err := fs.ReadFile(root, name)
		for _, p := range printedTests(string(text)) {
			run++
			t.Run(name, p.check)
		}
		return err
	})
	if err != nil || run < 4 {
		t.Errorf("%d blocks of policy tests (%v), want at least 4", run, err)
	}
}

// testBlock is a block of policy tests on a page.
type testBlock struct {
	tests     string // the file
	directory string // "" without a command
	output    string // the output of a failure on the page, "" without one
}

var (
	codeBlock   = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")
	testCommand = regexp.MustCompile(`(?m)^bin/extauthz test (?:.* )?(\S+)$`)
)

// printedTests returns the blocks of policy tests on a page.
func printedTests(page string) (all []testBlock) {
	directory := ""
	waiting := 0 // the first block without a directory
	blocks := codeBlock.FindAllStringSubmatch(page, -1)
	for i, block := range blocks {
		if commands := testCommand.FindAllStringSubmatch(block[2], -1); block[1] == "sh" && commands != nil {
			directory = commands[len(commands)-1][1]
		}
		if block[1] == "yaml" && strings.HasPrefix(block[2], "tests:\n") {
			p := testBlock{tests: block[2]}
			if i+1 < len(blocks) && blocks[i+1][1] == "text" {
				p.output = blocks[i+1][2]
			}
			all = append(all, p)
		}
		for ; directory != "" && waiting < len(all); waiting++ {
			all[waiting].directory = directory
		}
	}
	return all
}

// check runs the tests as the file tests/team.yaml in a copy of the directory.
func (p *testBlock) check(t *testing.T) {
	if p.directory == "" {
		t.Fatalf("no command contains the directory of the tests:\n%s", p.tests)
	}
	dir := filepath.Join(t.TempDir(), "policies")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", p.directory))); err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(dir, "tests")
	if err := os.RemoveAll(own); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(own, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(own, "team.yaml"), []byte(p.tests), 0o644); err != nil {
		t.Fatal(err)
	}
	tests, err := Load(dir)
	if err != nil || len(tests) != strings.Count(p.tests, "- name:") {
		t.Fatalf("%d tests, error %v", len(tests), err)
	}
	var text strings.Builder
	results := Run(load(t, dir), tests, now)
	if results.WriteTo(&text); p.output == "" && results.Failed() > 0 {
		t.Errorf("%s: %s", p.directory, &text)
	}
	if p.output != "" && text.String() != p.output {
		t.Errorf("%s: the page prints\n%sand the command\n%s", p.directory, p.output, &text)
	}
}

// TestPrintedTests checks that a directory is found before and after a block.
func TestPrintedTests(t *testing.T) {
	const page = "```yaml\ntests:\n- a\n```\n```sh\nbin/extauthz test --run x first\n```\n" +
		"```yaml\ncredentials:\n```\n```yaml\ntests:\n- b\n```\n```text\nFAIL\n```\n" +
		"```sh\nbin/extauthz test second\n```\n```yaml\ntests:\n- c\n```\n"
	got := printedTests(page)
	want := []testBlock{{"tests:\n- a\n", "first", ""}, {"tests:\n- b\n", "first", "FAIL\n"}, {"tests:\n- c\n", "second", ""}}
	if len(got) != len(want) {
		t.Fatalf("%d blocks, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("block %d: %+v, want %+v", i, got[i], want[i])
		}
	}
}
