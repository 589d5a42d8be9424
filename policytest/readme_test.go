package policytest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// ownDirectories are the pages whose policy tests are about a directory that the page
// itself prints, with the place of the test that runs them.
var ownDirectories = map[string]string{"policystore/README.md": "policystore/readme_test.go"}

// TestReadmes runs every policy test that a README.md prints against the directory of
// the `extauthz test` command before it, or of the first one after it. It passes, or
// the page prints what `extauthz test` prints.
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

// printed is one block of policy tests on a page.
type printed struct {
	tests     string // the file
	directory string // "" if no command names one
	output    string // what the page prints of a failure, "" if there is none
}

var (
	codeBlock   = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")
	testCommand = regexp.MustCompile(`(?m)^bin/extauthz test (?:.* )?(\S+)$`)
)

// printedTests returns the blocks of policy tests on a page.
func printedTests(page string) (all []printed) {
	directory := ""
	waiting := 0 // the first block without a directory
	blocks := codeBlock.FindAllStringSubmatch(page, -1)
	for i, block := range blocks {
		if commands := testCommand.FindAllStringSubmatch(block[2], -1); block[1] == "sh" && commands != nil {
			directory = commands[len(commands)-1][1]
		}
		if block[1] == "yaml" && strings.HasPrefix(block[2], "tests:\n") {
			p := printed{tests: block[2]}
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
func (p *printed) check(t *testing.T) {
	if p.directory == "" {
		t.Fatalf("no command says which directory the tests are about:\n%s", p.tests)
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

// TestPrintedTests finds the directory before and after a block.
func TestPrintedTests(t *testing.T) {
	const page = "```yaml\ntests:\n- a\n```\n```sh\nbin/extauthz test --run x first\n```\n" +
		"```yaml\ncredentials:\n```\n```yaml\ntests:\n- b\n```\n```text\nFAIL\n```\n" +
		"```sh\nbin/extauthz test second\n```\n```yaml\ntests:\n- c\n```\n"
	got := printedTests(page)
	want := []printed{{"tests:\n- a\n", "first", ""}, {"tests:\n- b\n", "first", "FAIL\n"}, {"tests:\n- c\n", "second", ""}}
	if len(got) != len(want) {
		t.Fatalf("%d blocks, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("block %d: %+v, want %+v", i, got[i], want[i])
		}
	}
}
