package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestEveryFaultOfADirectory checks that lint, test and serve report all faults of a
// directory in one run, a line each.
func TestEveryFaultOfADirectory(t *testing.T) {
	dir := copied(t)
	files := []string{"managed/m1.json", "managed/m2.json", "managed/m3.json"}
	for _, file := range files {
		text := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:*","Resource":"x"}}`
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	report := func(name, output, prefix string, code int) {
		t.Helper()
		lines := strings.Split(strings.TrimSuffix(output, "\n"), "\n")
		if len(lines) != len(files) || code == exitDone {
			t.Fatalf("%s: exit code %d, %d lines, want %d:\n%s", name, code, len(lines), len(files), output)
		}
		for i, file := range files {
			if !strings.HasPrefix(lines[i], prefix+file+":1:83: ") {
				t.Errorf("%s: line %q, want one about %s", name, lines[i], file)
			}
		}
	}
	lint := commandRun{args: []string{"lint", dir}}
	lint.do(t)
	report("lint", lint.stdout, "", lint.code)
	test := commandRun{args: []string{"test", dir}}
	test.do(t)
	report("test", test.stderr, "extauthz test: "+dir+"/", test.code)
	serve := prepare(t, "--policies", dir)
	output, _ := serve.CombinedOutput()
	_, faults, _ := strings.Cut(string(output), "extauthz serve: ")
	report("serve", "extauthz serve: "+faults, "extauthz serve: "+dir+"/", serve.ProcessState.ExitCode())
}

// TestFaultsOfPoliciesAndTests checks that test reports the faults of policies and of test
// files in one run, sorted by file.
func TestFaultsOfPoliciesAndTests(t *testing.T) {
	dir := copied(t)
	for file, text := range map[string]string{
		"principals.yaml": "users: []\n", "tests/a.yaml": "tests: []\n", "trust/a.json": "{}", "tests/b.yaml": "tests: 1\n",
	} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(dir, file)), 0o700), os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	test := commandRun{args: []string{"test", dir}}
	test.do(t)
	var files []string
	for line := range strings.Lines(test.stderr) {
		file, _, _ := strings.Cut(strings.TrimPrefix(line, "extauthz test: "+dir+"/"), ":")
		files = append(files, file)
	}
	want := []string{"principals.yaml", "tests/a.yaml", "tests/b.yaml", "trust/a.json"}
	if got := slices.Compact(files); !slices.Equal(got, want) || test.code != exitInput || test.stdout != "" {
		t.Errorf("exit code %d, faults in %v, want %v:\n%s", test.code, got, want, test.stderr)
	}
}
