package iam

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// guide loads a policy of the Amazon ECR User Guide. The first word of the
// file's name is its kind.
func guide(t *testing.T, name string) *Policy {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "ecr-guide", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]Kind{"identity": IdentityPolicy, "repository": RepositoryPolicy, "registry": RegistryPolicy}
	kind, _, _ := strings.Cut(name, "-")
	p, err := Compile(kinds[kind], name, text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The decisions that the Amazon ECR User Guide describes for its examples: "Private repository
// policy examples", "Identity-based policy examples", "Using tag-based access
// control", "Private registry policy examples", "AWS managed policies". Each
// line of cases.tsv is a request and its decision; "-" is an empty field.
func TestPoliciesOfTheECRGuide(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "ecr-guide", "cases.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	cases := 0
	for line := range strings.Lines(string(text)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(fields) != 7 {
			t.Fatalf("%q has not seven fields", line)
		}
		if line[0] == '#' {
			continue
		}
		cases++
		used[fields[0]], used[fields[1]] = true, true
		checkGuideCase(t, fields)
	}
	if cases < 40 {
		t.Errorf("%d cases, want at least 40", cases)
	}
	files, err := filepath.Glob("testdata/ecr-guide/*.json")
	if err != nil || len(files) < 13 {
		t.Fatalf("%d policies of the guide, want at least 13", len(files))
	}
	for _, file := range files {
		if !used[strings.TrimSuffix(filepath.Base(file), ".json")] {
			t.Errorf("%s is not tested", file)
		}
	}
}

func checkGuideCase(t *testing.T, fields []string) {
	t.Helper()
	caller, err := ParsePrincipal(fields[2])
	if err != nil {
		t.Fatal(err)
	}
	var p Policies
	if fields[0] != "-" {
		p.Identity = []*Policy{guide(t, fields[0])}
	}
	if fields[1] != "-" {
		p.Resource = []*Policy{guide(t, fields[1])}
	}
	r := Request{Principal: &caller, Action: fields[3], Resource: fields[4]}
	if key, value, found := strings.Cut(fields[5], "="); found {
		r.Context = Context{{Key: key, Value: value}}
	}
	if got := p.Evaluate(&r).String(); got != fields[6] {
		t.Errorf("%q: %s", fields, got)
	}
}
