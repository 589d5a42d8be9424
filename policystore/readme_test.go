package policystore_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"extauthz/decision"
	"extauthz/policystore"
	"extauthz/policytest"
)

// TestReadmeExamples loads the directory that the examples in README.md make, and runs
// the policy tests in it.
func TestReadmeExamples(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "## Each file by example\n")
	if !found {
		t.Fatal("README.md has no examples")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	contents := examples(section)
	if len(contents) < 15 {
		t.Fatalf("%d examples, want 15 at least: %v", len(contents), contents)
	}
	dir := t.TempDir()
	for file, content := range contents {
		file = filepath.Join(dir, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := policystore.Load(dir, decision.Options{CacheSize: 16})
	if err != nil {
		t.Fatal(err)
	}
	want := policystore.Summary{
		Registries: 1, Credentials: 3, Principals: 2, ManagedPolicies: 1, AWSManagedPolicies: 4, RegistryPolicies: 1, RepositoryPolicies: 1,
		ControlPolicies: 3, Repositories: 1, TaggedRepositories: 1,
	}
	if s.Summary != want {
		t.Errorf("the examples make %+v, want %+v", s.Summary, want)
	}
	tests, err := policytest.Load(dir)
	if err != nil || len(tests) < 2 {
		t.Fatalf("%d policy tests, error %v; want at least 2", len(tests), err)
	}
	var report strings.Builder
	results := policytest.Run(s, tests, time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC))
	if results.WriteTo(&report); results.Failed() > 0 {
		t.Errorf("policy tests: %s", &report)
	}
}

// examples are the code blocks of a text by the file that the paragraph above each
// begins with.
func examples(section string) map[string]string {
	contents := map[string]string{}
	file := regexp.MustCompile("(?m)^`([^`\n]+)`")
	parts := strings.Split(section, "```") // text and code in turn
	for i := 1; i < len(parts); i += 2 {
		before := parts[i-1]
		names := file.FindAllStringSubmatch(before[strings.LastIndex(before, "\n\n")+1:], 1)
		if _, code, found := strings.Cut(parts[i], "\n"); found && names != nil {
			contents[names[0][1]] = code
		}
	}
	return contents
}
