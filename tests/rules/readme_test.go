package rules

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"extauthz/tests/stack"
)

// readme returns the text of README.md.
func readme(t *testing.T) string {
	t.Helper()
	return page(t, "README.md")
}

func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(stack.Root(), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// pages are the README.md of the repository and of its folders, and the documents about
// the whole project.
func pages(t *testing.T) (names []string) {
	t.Helper()
	for _, name := range files(t) {
		if filepath.Base(name) == "README.md" || !strings.Contains(name, "/") && filepath.Ext(name) == ".md" {
			names = append(names, name)
		}
	}
	if len(names) < 8 {
		t.Fatalf("%d pages, want at least 8: %v", len(names), names)
	}
	return names
}

// program builds extauthz and returns its path.
func program(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(stack.Cache(), "bin", "extauthz")
	if err := stack.Compile(context.Background(), stack.Root(), "./cmd/extauthz", binary, os.Stderr); err != nil {
		t.Fatal(err)
	}
	return binary
}

// shellLines returns the lines of a page's shell blocks.
func shellLines(text string) (lines []string) {
	blocks := regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllStringSubmatch(text, -1)
	for _, block := range blocks {
		for line := range strings.Lines(block[1]) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// TestReadmeCommands checks what the pages state about the program.
func TestReadmeCommands(t *testing.T) {
	binary := program(t)
	t.Run("lines", func(t *testing.T) { linesToType(t, binary) })
	t.Run("flags", func(t *testing.T) { flagTable(t, binary) })
}

// linesToType checks that every line in a shell block is a target of make, a command of
// extauthz with flags that exist, or a command of go.
func linesToType(t *testing.T, binary string) {
	t.Helper()
	lines := 0
	for _, name := range pages(t) {
		for _, line := range shellLines(page(t, name)) {
			lines++
			words := strings.Fields(line)
			switch {
			case words[0] == "make" && len(words) > 1:
				hasTarget(t, words[1])
			case filepath.Base(words[0]) == "extauthz" && len(words) > 1:
				hasFlags(t, binary, words[1], words[2:])
			case words[0] != "go":
				t.Errorf("%s contains the line %q, which is not make TARGET, extauthz COMMAND or go test", name, line)
			}
		}
	}
	if lines < 20 {
		t.Errorf("%d lines to type, want at least 20", lines)
	}
	for _, found := range regexp.MustCompile("`make ([a-z]+)").FindAllStringSubmatch(readme(t), -1) {
		hasTarget(t, found[1])
	}
}

// hasTarget checks that the Makefile has a target.
func hasTarget(t *testing.T, target string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(stack.Root(), "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(target) + `:`).Match(text) {
		t.Errorf("README names make %s, which the Makefile does not have", target)
	}
}

// hasFlags checks that the command has the flags among the words.
func hasFlags(t *testing.T, binary, command string, words []string) {
	t.Helper()
	help := helpOn(t, binary, command)
	for _, word := range words {
		if flag, _, _ := strings.Cut(word, "="); strings.HasPrefix(flag, "--") && !strings.Contains(help, flag+" ") && !strings.Contains(help, flag+"\n") {
			t.Errorf("README uses %s %s, which help does not list", command, flag)
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

// flagTable checks that the table of flags on the command's page lists exactly the flags
// of serve.
func flagTable(t *testing.T, binary string) {
	t.Helper()
	help := helpOn(t, binary, "serve")
	inTable := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| (`--.*?) \\|").FindAllStringSubmatch(page(t, "cmd/extauthz/README.md"), -1) {
		for _, flag := range regexp.MustCompile("--[a-z-]+").FindAllString(row[1], -1) {
			inTable[flag] = true
			hasFlags(t, binary, "serve", []string{flag})
		}
	}
	for _, flag := range regexp.MustCompile(`(?m)^  (--[a-z-]+)`).FindAllStringSubmatch(help, -1) {
		if !inTable[flag[1]] {
			t.Errorf("serve has %s, which the table lacks", flag[1])
		}
	}
	if len(inTable) < 15 {
		t.Errorf("%d flags in the table, want at least 15", len(inTable))
	}
}

// TestReadmeLinks checks that every link leads to a file that exists, and that README.md
// links to the page of each folder of the product.
func TestReadmeLinks(t *testing.T) {
	links := 0
	for _, name := range pages(t) {
		text := page(t, name)
		for _, link := range regexp.MustCompile(`\]\(([^):]+)\)`).FindAllStringSubmatch(text, -1) {
			links++
			target, section, _ := strings.Cut(link[1], "#")
			path := filepath.Join(filepath.Dir(name), target)
			if target == "" {
				path = name
			}
			if _, err := os.Stat(filepath.Join(stack.Root(), path)); err != nil {
				t.Errorf("%s links to %s: %v", name, link[1], err)
			} else if section != "" && !anchors(page(t, path))[section] {
				t.Errorf("%s links to %s, which has no such section", name, link[1])
			}
		}
		if !strings.HasPrefix(name, "tests/") && name != "README.md" && !strings.Contains(readme(t), "("+name+")") {
			t.Errorf("README.md does not link to %s", name)
		}
	}
	if links < 30 {
		t.Errorf("%d links, want at least 30", links)
	}
}

// sampleFile is a path that ends in a file name, as a command has it.
var sampleFile = regexp.MustCompile(`^[\w./-]+\.(?:jsonl?|ya?ml|jwt|token|pem|crt|tsv|txt|html|toml)$`)

// written lists options whose file the command writes.
var written = []string{"--junit"}

// policyTests are the policy tests in a policy directory, whose folder has the name of
// one of the repository's.
var policyTests = regexp.MustCompile(`^tests/[^/]+\.yaml$`)

// TestReadmeFiles checks that every sample file that a command of a page reads exists,
// and every path in a folder of the repository that a page names.
func TestReadmeFiles(t *testing.T) {
	samples, paths := 0, 0
	for _, name := range pages(t) {
		text := page(t, name)
		for _, line := range shellLines(text) {
			for _, file := range filesRead(line) {
				if samples++; !exists(file) {
					t.Errorf("%s: the command %q reads %s, which does not exist", name, line, file)
				}
			}
		}
		for _, path := range regexp.MustCompile("`((?:\\.\\./)?[a-z]+/[\\w./-]+)`").FindAllStringSubmatch(text, -1) {
			path := strings.TrimPrefix(path[1], "../")
			if top, _, _ := strings.Cut(path, "/"); !ownFolder(t, top) || policyTests.MatchString(path) {
				continue
			}
			if paths++; !exists(path) && !exists(filepath.Join(filepath.Dir(name), path)) {
				t.Errorf("%s names %s, which does not exist", name, path)
			}
		}
	}
	if samples < 6 || paths < 8 {
		t.Errorf("%d sample files and %d paths, want at least 6 and 8", samples, paths)
	}
}

// filesRead returns the files that a command reads by their names.
func filesRead(line string) (files []string) {
	words := strings.Fields(line)
	for i, word := range words {
		if flag, value, found := strings.Cut(word, "="); found && strings.HasPrefix(flag, "--") {
			word = value
			if slices.Contains(written, flag) {
				continue
			}
		}
		if sampleFile.MatchString(word) && !slices.Contains(written, words[max(i-1, 0)]) && words[max(i-1, 0)] != ">" {
			files = append(files, word)
		}
	}
	return files
}

// TestFilesRead tries the rule.
func TestFilesRead(t *testing.T) {
	for line, want := range map[string]string{
		"bin/extauthz simulate a/case.json":                     "a/case.json",
		"bin/extauthz simulate --jsonl < a.jsonl":               "a.jsonl",
		"bin/extauthz whoami --token=t.jwt --certificate c.pem": "t.jwt c.pem",
		"bin/extauthz test --junit report.json dir":             "",
		"bin/extauthz lint --format sarif dir > out.json":       "",
		"bin/extauthz init policies --registry-host a.example":  "",
	} {
		if got := strings.Join(filesRead(line), " "); got != want {
			t.Errorf("%s: reads %q, want %q", line, got, want)
		}
	}
}

// exists reports whether the repository has the path.
func exists(path string) bool {
	_, err := os.Stat(filepath.Join(stack.Root(), path))
	return err == nil
}

// ownFolder reports whether the name is that of a folder at the top of the repository,
// and not of one in a policy directory.
func ownFolder(t *testing.T, name string) bool {
	t.Helper()
	return name != "bin" && slices.ContainsFunc(files(t), func(file string) bool { return strings.HasPrefix(file, name+"/") })
}

// anchors returns the sections of a page, as links name them.
func anchors(text string) map[string]bool {
	all := map[string]bool{}
	for _, title := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		plain := regexp.MustCompile(`[^a-z0-9 _-]`).ReplaceAllString(strings.ToLower(title[1]), "")
		all[strings.ReplaceAll(plain, " ", "-")] = true
	}
	return all
}

// TestReadmeIsShort checks that a newcomer can read the first page as a whole.
func TestReadmeIsShort(t *testing.T) {
	if n := len(readme(t)); n > 15<<10 {
		t.Errorf("README.md has %d bytes, want at most %d; move details to the page of their folder", n, 15<<10)
	}
}
