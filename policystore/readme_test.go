package policystore

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestReadmeExamples loads the directory that the examples in README.md make.
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
	s, err := load(t, contents)
	if err != nil {
		t.Fatal(err)
	}
	want := Summary{
		Registries: 1, Credentials: 2, Principals: 2, ManagedPolicies: 1, AWSManagedPolicies: 4, RegistryPolicies: 1, RepositoryPolicies: 1,
		ControlPolicies: 3, Repositories: 1, TaggedRepositories: 1,
	}
	if s.Summary != want {
		t.Errorf("the examples make %+v, want %+v", s.Summary, want)
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
