package rules

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"extauthz/tests/stack"
)

// readme is the text that people start from.
func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(stack.Root(), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// program is a fresh build of extauthz.
func program(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "extauthz")
	if err := stack.Compile(context.Background(), stack.Root(), "./cmd/extauthz", binary, os.Stderr); err != nil {
		t.Fatal(err)
	}
	return binary
}

// told are the lines of the README's shell blocks.
func told(t *testing.T) (lines []string) {
	t.Helper()
	blocks := regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllStringSubmatch(readme(t), -1)
	for _, block := range blocks {
		for line := range strings.Lines(block[1]) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				lines = append(lines, line)
			}
		}
	}
	if len(lines) < 3 {
		t.Fatalf("%d lines to type in the README, want at least 3", len(lines))
	}
	return lines
}

// TestReadmeCommands wants every line that the README tells people to type to
// be a target of make, or a command of extauthz with flags that it has.
func TestReadmeCommands(t *testing.T) {
	binary := program(t)
	for _, line := range told(t) {
		words := strings.Fields(line)
		switch {
		case words[0] == "make" && len(words) > 1:
			makes(t, words[1])
		case filepath.Base(words[0]) == "extauthz" && len(words) > 1:
			hasFlags(t, binary, words[1], words[2:])
		default:
			t.Errorf("README tells to type %q: neither make TARGET nor extauthz COMMAND", line)
		}
	}
	for _, found := range regexp.MustCompile("`make ([a-z]+)").FindAllStringSubmatch(readme(t), -1) {
		makes(t, found[1])
	}
}

// makes wants a target in the Makefile.
func makes(t *testing.T, target string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(stack.Root(), "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(target) + `:`).Match(text) {
		t.Errorf("README names make %s, which the Makefile does not have", target)
	}
}

// hasFlags wants the flags among the words to be flags of the command.
func hasFlags(t *testing.T, binary, command string, words []string) {
	t.Helper()
	help := helpOn(t, binary, command)
	for _, word := range words {
		if flag, _, _ := strings.Cut(word, "="); strings.HasPrefix(flag, "--") && !strings.Contains(help, flag+" ") && !strings.Contains(help, flag+"\n") {
			t.Errorf("README uses %s %s, which help does not know", command, flag)
		}
	}
}

func helpOn(t *testing.T, binary, command string) string {
	t.Helper()
	out, err := exec.Command(binary, "help", command).CombinedOutput()
	if err != nil {
		t.Errorf("extauthz help %s: %v: %s", command, err, out)
	}
	return string(out)
}

// TestReadmeFlags wants the README's table of flags to be those of serve, and
// none left out.
func TestReadmeFlags(t *testing.T) {
	binary := program(t)
	help := helpOn(t, binary, "serve")
	inTable := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| (`--.*?) \\|").FindAllStringSubmatch(readme(t), -1) {
		for _, flag := range regexp.MustCompile("--[a-z-]+").FindAllString(row[1], -1) {
			inTable[flag] = true
			hasFlags(t, binary, "serve", []string{flag})
		}
	}
	for _, flag := range regexp.MustCompile(`(?m)^  (--[a-z-]+)`).FindAllStringSubmatch(help, -1) {
		if !inTable[flag[1]] {
			t.Errorf("serve has %s, which the README's table lacks", flag[1])
		}
	}
	if len(inTable) < 15 {
		t.Errorf("%d flags in the README's table, want at least 15", len(inTable))
	}
}

// TestReadmeLinks wants every file that the README links to.
func TestReadmeLinks(t *testing.T) {
	links := regexp.MustCompile(`\]\(([^):]+)\)`).FindAllStringSubmatch(readme(t), -1)
	if len(links) < 5 {
		t.Fatalf("%d links, want at least 5", len(links))
	}
	for _, link := range links {
		if _, err := os.Stat(filepath.Join(stack.Root(), link[1])); err != nil {
			t.Errorf("README links to %s: %v", link[1], err)
		}
	}
}
