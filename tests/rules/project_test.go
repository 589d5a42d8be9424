package rules

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"extauthz/tests/stack"
)

// code is a text between backquotes.
var code = regexp.MustCompile("`([^`\n]+)`")

// builtOrExamples are paths in CONTRIBUTING.md that are not in the repository.
var builtOrExamples = []string{"bin/extauthz", "//nolint"}

// pathsIn returns the paths among the texts between backquotes: those with a slash, and
// names of Go files.
func pathsIn(text string) (paths []string) {
	for _, found := range code.FindAllStringSubmatch(text, -1) {
		isPath := strings.Contains(found[1], "/") || strings.HasSuffix(found[1], "_test.go")
		if isPath && !strings.Contains(found[1], " ") && !slices.Contains(builtOrExamples, found[1]) {
			paths = append(paths, found[1])
		}
	}
	return paths
}

// TestContributingNamesFiles checks that every path in CONTRIBUTING.md exists. A pattern
// matches a file, and one without a folder a file in some folder.
func TestContributingNamesFiles(t *testing.T) {
	paths := pathsIn(page(t, "CONTRIBUTING.md"))
	if len(paths) < 60 {
		t.Errorf("%d paths, want at least 60", len(paths))
	}
	for _, path := range paths {
		pattern := path
		if !strings.Contains(path, "/") {
			pattern = filepath.Join("*", path)
		}
		found, err := filepath.Glob(filepath.Join(stack.Root(), pattern))
		if err != nil || len(found) == 0 {
			t.Errorf("CONTRIBUTING.md names %s, which does not exist (%v)", path, err)
		}
	}
}

// TestContributingNamesIdentifiers checks that an identifier that a step of
// CONTRIBUTING.md names occurs in one of the step's files.
func TestContributingNamesIdentifiers(t *testing.T) {
	identifier := regexp.MustCompile(`^[a-zA-Z]+$`)
	names := 0
	_, steps, found := strings.Cut(page(t, "CONTRIBUTING.md"), "\n## Adding things\n")
	if !found {
		t.Fatal("CONTRIBUTING.md lacks the section Adding things")
	}
	for _, step := range regexp.MustCompile(`\n\d+\. `).Split(steps, -1) {
		step, _, _ = strings.Cut(step, "\n### ")
		var texts strings.Builder
		for _, path := range pathsIn(step) {
			if text, err := os.ReadFile(filepath.Join(stack.Root(), path)); err == nil {
				texts.Write(text)
			}
		}
		for _, name := range code.FindAllStringSubmatch(step, -1) {
			if !identifier.MatchString(name[1]) {
				continue
			}
			names++
			if !regexp.MustCompile(`\b` + name[1] + `\b`).MatchString(texts.String()) {
				t.Errorf("no file of this step has %s: %s", name[1], step)
			}
		}
	}
	if names < 10 {
		t.Errorf("%d identifiers, want at least 10", names)
	}
}

// TestContributingNamesGoldenFiles checks that CONTRIBUTING.md lists every folder whose
// tests have golden files.
func TestContributingNamesGoldenFiles(t *testing.T) {
	_, table, found := strings.Cut(page(t, "CONTRIBUTING.md"), "\n## Golden files\n")
	if !found {
		t.Fatal("CONTRIBUTING.md lacks the section Golden files")
	}
	table, _, _ = strings.Cut(table, "\n## ")
	folders := map[string]bool{}
	for _, name := range files(t) {
		if strings.HasSuffix(name, "_test.go") && !strings.HasPrefix(name, "goldentest/") && strings.Contains(page(t, name), "goldentest"+".") {
			folders[filepath.Dir(name)] = true
		}
	}
	if len(folders) < 5 {
		t.Errorf("%d folders with golden files, want at least 5", len(folders))
	}
	for folder := range folders {
		if !regexp.MustCompile("\\| `" + regexp.QuoteMeta(folder) + `/\w+_test\.go`).MatchString(table) {
			t.Errorf("CONTRIBUTING.md does not list the golden files of %s", folder)
		}
	}
}

// TestChangelog checks the form of CHANGELOG.md (Keep a Changelog 1.1.0): first the
// section Unreleased, then releases, and in each the kinds of changes with entries.
func TestChangelog(t *testing.T) {
	sections := strings.Split(page(t, "CHANGELOG.md"), "\n## ")[1:]
	if len(sections) == 0 || !strings.HasPrefix(sections[0], "[Unreleased]\n") {
		t.Fatal("CHANGELOG.md does not begin with the section [Unreleased]")
	}
	release := regexp.MustCompile(`^\[\d+\.\d+\.\d+[^]]*\] - \d{4}-\d\d-\d\d\n`)
	kinds := []string{"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
	for i, section := range sections {
		if i > 0 && !release.MatchString(section) {
			t.Errorf("the section %.40q is not of the form [VERSION] - DATE", section)
		}
		for _, change := range strings.Split(section, "\n### ")[1:] {
			kind, entries, _ := strings.Cut(change, "\n")
			if !slices.Contains(kinds, kind) || !strings.HasPrefix(strings.TrimSpace(entries), "- ") {
				t.Errorf("%.60q is not one of %v with a list of changes", change, kinds)
			}
		}
	}
}

// TestEditorConfig checks what .editorconfig states about every text: UTF-8, line feeds,
// a line feed at the end, and no space before one.
func TestEditorConfig(t *testing.T) {
	config := page(t, ".editorconfig")
	for _, line := range []string{"root = true", "charset = utf-8", "end_of_line = lf", "insert_final_newline = true", "trim_trailing_whitespace = true"} {
		if !strings.Contains(config, line+"\n") {
			t.Errorf(".editorconfig lacks %q", line)
		}
	}
	texts := 0
	for _, name := range files(t) {
		if strings.Contains(name, "testdata/") || strings.HasSuffix(name, ".golden") {
			continue
		}
		texts++
		text, err := os.ReadFile(filepath.Join(stack.Root(), name))
		if err != nil {
			t.Fatal(err)
		}
		if len(text) > 0 && !bytes.HasSuffix(text, []byte("\n")) {
			t.Errorf("%s does not end with a line feed", name)
		}
		if !bytes.Equal(text, bytes.ToValidUTF8(text, nil)) {
			t.Errorf("%s is not UTF-8", name)
		}
		if at := regexp.MustCompile(`[ \t\r]\n`).FindIndex(text); at != nil {
			t.Errorf("%s:%d: space at the end of a line", name, 1+bytes.Count(text[:at[0]], []byte("\n")))
		}
	}
	if texts < 300 {
		t.Errorf("%d texts, want at least 300", texts)
	}
}
