package lint

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"extauthz/diag"
)

// base is a policy directory without findings. Examples replace some of its files.
const base = "testdata/base"

// baseFiles returns the files of base by path.
func baseFiles(t testing.TB) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(base), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(base, path))
		files[path] = string(text)
		return err
	})
	if err != nil || len(files) < 4 {
		t.Fatalf("%d files in %s, want at least 4: %v", len(files), base, err)
	}
	return files
}

// writeDirectory writes base with changes to a new directory.
func writeDirectory(t testing.TB, changes map[string]string) string {
	t.Helper()
	files := baseFiles(t)
	maps.Copy(files, changes)
	if !strings.Contains(files["principals.yaml"], "basic: alice") && changes["htpasswd"] == "" {
		delete(files, "htpasswd") // its user would not be bound to a principal
	}
	dir := t.TempDir()
	for path, text := range files {
		path = filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// check returns the findings of base with changes.
func check(t *testing.T, changes map[string]string) diag.List {
	t.Helper()
	findings, err := Directory(writeDirectory(t, changes))
	if err != nil {
		t.Fatal(err)
	}
	return findings
}

func TestBaseIsClean(t *testing.T) {
	if findings := check(t, nil); len(findings) > 0 {
		t.Errorf("findings %v, want none", findings)
	}
}

// The parts of a page that only its tests read.
var (
	exampleFile = regexp.MustCompile("(?m)^`([^`\n]+)`:\n\n```(?:json|yaml|text)\n((?s:.*?))```$")
	companions  = regexp.MustCompile(`(?s)\nIts examples also have the findings? (.*?)\.\n`)
	quotedCode  = regexp.MustCompile("`([a-z-]+)`")
)

// section returns the text between a heading and the next one.
func section(t *testing.T, p Page, n int) string {
	t.Helper()
	_, text, found := strings.Cut(p.Markdown, sections()[n])
	if !found {
		t.Fatalf("%s has no section %q", p.Code, strings.TrimSpace(sections()[n]))
	}
	if n+1 < len(sections()) {
		text, _, found = strings.Cut(text, sections()[n+1])
	}
	if !found || strings.TrimSpace(text) == "" {
		t.Fatalf("%s: section %q is empty or in the wrong place", p.Code, strings.TrimSpace(sections()[n]))
	}
	return text
}

// example returns the files of a section.
func example(t *testing.T, p Page, n int) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, m := range exampleFile.FindAllStringSubmatch(section(t, p, n), -1) {
		files[m[1]] = m[2]
	}
	if len(files) == 0 {
		t.Fatalf("%s: no file in section %q", p.Code, strings.TrimSpace(sections()[n]))
	}
	return files
}

// codes returns the codes of findings, each once.
func codes(findings diag.List) []string {
	var all []string
	for _, f := range findings {
		all = append(all, f.Code)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// TestPages checks both examples of every page: one has the finding, and no others except
// those that the page lists. The other does not have it.
func TestPages(t *testing.T) {
	all := Pages()
	if len(all) < 64 {
		t.Fatalf("%d pages, want at least 64", len(all))
	}
	for _, p := range all {
		t.Run(p.Code, func(t *testing.T) {
			checkPage(t, p)
			var also []string
			if m := companions.FindStringSubmatch(p.Markdown); m != nil {
				for _, code := range quotedCode.FindAllStringSubmatch(m[1], -1) {
					also = append(also, code[1])
				}
			}
			has := check(t, example(t, p, 2))
			want := slices.Sorted(slices.Values(append([]string{p.Code}, also...)))
			if got := codes(has); !slices.Equal(got, want) {
				t.Errorf("the bad example: got %v want %v:\n%v", got, want, has)
			}
			for _, f := range has {
				if f.Code == p.Code && (f.Severity != p.Severity || f.Line == 0 && p.Code != "unloadable") {
					t.Errorf("finding %s, want %s and a position", f, p.Severity)
				}
			}
			for _, f := range check(t, example(t, p, 3)) {
				if f.Code == p.Code || !slices.Contains(also, f.Code) {
					t.Errorf("the good example: %s", f)
				}
			}
		})
	}
}

// checkPage checks that a page has all parts.
func checkPage(t *testing.T, p Page) {
	t.Helper()
	severity := p.Severity.String()
	if p.SeverityOfDeny != p.Severity {
		severity += "; of a Deny: " + p.SeverityOfDeny.String()
	}
	if !strings.HasPrefix(p.Markdown, "# "+p.Code+"\n\nSeverity: "+severity+"\n\n") {
		t.Errorf("%s does not begin with its code and severity", p.Code)
	}
	if p.Summary == "" || p.Why == "" || p.Fix == "" || !strings.HasSuffix(p.Summary, ".") {
		t.Errorf("%s: summary %q, fix %q", p.Code, p.Summary, p.Fix)
	}
	for n := range sections() {
		section(t, p, n)
	}
	for line := range strings.Lines(p.Markdown) {
		if strings.Contains(line, "\t") || strings.HasSuffix(line, " \n") {
			t.Errorf("%s: line %q has a tab or a space at its end", p.Code, line)
		}
	}
}

func TestExplain(t *testing.T) {
	p, err := Explain("unknown-action")
	if err != nil || p.Code != "unknown-action" || !strings.Contains(p.Markdown, "## Fix") {
		t.Errorf("got %+v, %v", p, err)
	}
	if _, err := Explain("fly"); err == nil || !strings.Contains(err.Error(), `code "fly" does not exist; use one of absent-claim, absent-key, `) {
		t.Errorf("error %v", err)
	}
}

// TestSARIFRules checks what a SARIF log contains about every code.
func TestSARIFRules(t *testing.T) {
	var ids []string
	for _, r := range SARIFRules() {
		ids = append(ids, r.Code)
		if r.Summary == "" || r.Why == "" || r.Fix == "" {
			t.Errorf("%s: summary %q, why %q, fix %q; want none to be empty", r.Code, r.Summary, r.Why, r.Fix)
		}
		if len(r.Why) > 1024 { // the limit of GitHub's code scanning for fullDescription
			t.Errorf("the section Why of %s has %d bytes, want at most 1024", r.Code, len(r.Why))
		}
		if !strings.HasPrefix(r.Markdown, "# "+r.Code+"\n") {
			t.Errorf("the text of %s is that of another page", r.Code)
		}
	}
	if len(ids) != len(Pages()) || len(slices.Compact(ids)) != len(ids) {
		t.Errorf("rules %v", ids)
	}
}
